"""The fleet page in a browser against the same table as a plain page; both in turn in one run, on two networks."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, Page, async_playwright

from tests.bench.dataset import FAMILY, Platform
from tests.bench.delay import Network
from tests.bench.processes import Running, Visitor, floor, medium, ours, running, visitor
from tests.bench.report import quantile, row
from tests.support.chromium import launch_options
from tests.support.serving import free_port

WATCH = Path(__file__).with_name("watch.js").read_text(encoding="utf-8")
FIRST_PAINT = """() => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("no first row: " + document.body.textContent.slice(0, 200))), 10000);
  const look = () => { const [e] = performance.getEntriesByName("first-contentful-paint"); e && bench.first() ? done(e.startTime) : setTimeout(look, 5); };
  look();
})"""
INTERACTIVE = "() => Boolean(document.documentElement.dataset.ready || document.querySelector('script[src=\"/floor.js\"]'))"
SEARCHED = [
    name for name in FAMILY if name != min(FAMILY)
]  # a search for the first would leave its row in place
KINDS = ("search", "sort", "next page", "row action")
Samples = dict[str, list[float]]


@contextmanager
def network(process: Running, milliseconds: float, port: int) -> Iterator[str]:
    """The address of a process, behind a network with this time each way."""
    if not milliseconds:
        yield process.url
        return
    arguments = ("-m", "tests.bench.delay", str(port), str(process.port), str(milliseconds))
    with running(arguments, {}, port) as between:
        yield between.url


@asynccontextmanager
async def opened(browser: Browser, url: str, person: Visitor) -> AsyncIterator[Page]:
    context = await browser.new_context(base_url=url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    await context.add_cookies([{"name": "fleetline_session", "value": person.session, "url": url}])
    await context.add_init_script(WATCH)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    await arrive(page)
    yield page
    await context.close()


async def arrive(page: Page) -> float:
    """Load the fleet; milliseconds until its first row was painted."""
    await page.goto("/app/fleet")
    painted: float = await page.evaluate(FIRST_PAINT)
    while not await page.evaluate(INTERACTIVE):
        await page.wait_for_timeout(20)
    return painted


async def interact(page: Page, index: int, times: Samples, trips: Samples) -> None:
    """One of each kind, from a fresh list; what each sent is counted until the next one begins."""
    texts = SEARCHED[index % len(SEARCHED)]
    steps: tuple[tuple[str, str, list[Any]], ...] = (
        ("search", "search", [texts]),
        ("", "search", [""]),
        ("sort", "click", ["thead th:nth-child(2) a"]),
        ("next page", "click", ["#page-next"]),
        ("row action", "row", []),
    )
    for kind, function, arguments in steps:
        before = await page.evaluate("bench.sent")
        took = await page.evaluate(f"bench.{function}(...{arguments!r})")
        await page.wait_for_timeout(60)  # whatever else it may send
        if kind:
            times.setdefault(kind, []).append(took)
            trips.setdefault(kind, []).append(await page.evaluate("bench.sent") - before)


async def compare(
    browser: Browser, platform: Platform, person: Visitor, milliseconds: float, *, rounds: int
) -> None:
    tenant: UUID = medium(platform)
    name = f"{2 * milliseconds:.0f} ms network"
    public = free_port()
    with (
        ours(platform.database, public if milliseconds else None) as web,
        floor(platform.database, tenant, "fleet") as plain,
        network(web, milliseconds, public) as our_url,
        network(plain, milliseconds, free_port()) as floor_url,
    ):
        async with opened(browser, our_url, person) as mine, opened(browser, floor_url, person) as other:
            loads: tuple[list[float], list[float]] = ([], [])
            times: tuple[Samples, Samples] = ({}, {})
            trips: tuple[Samples, Samples] = ({}, {})
            for index in range(rounds + 2):
                for which, page in enumerate((mine, other)):
                    painted = await arrive(page)
                    if index < 2:  # caches are warm from the third on
                        await interact(page, index, {}, {})
                        continue
                    loads[which].append(painted)
                    await interact(page, index, times[which], trips[which])
            if not milliseconds:
                await ticks(mine)
    row(
        f"warm first row, {name}, p50",
        quantile(loads[0], 0.5),
        "ms",
        floor=quantile(loads[1], 0.5),
        goal="<= 1.5" if milliseconds else "<= 1.2",
    )
    for kind in KINDS:
        for share, word in ((0.5, "p50"), (0.95, "p95")):
            row(
                f"{kind}, {name}, {word}",
                quantile(times[0][kind], share),
                "ms",
                floor=quantile(times[1][kind], share),
                goal=("<= 1.3" if milliseconds or kind != "row action" else "<= 1.2")
                if word == "p95"
                else "",
            )
    if not milliseconds:
        most = max(max(found) for found in trips[0].values())
        least = min(min(found) for found in trips[0].values())
        row("messages sent per interaction, most", most, "frames", goal="<= 1")
        row("messages sent per interaction, least", least, "frames", goal=">= 1")


async def ticks(page: Page) -> None:
    """A tick is counted in the browser; the first of a kind also asks how many more would fit, and waits for nothing."""
    await arrive(page)
    found = [await page.evaluate("bench.tick()") for _ in range(12)]
    assert not any(one["same"] for one in found), "a tick that was not counted"
    row("tick to counter, p95", quantile([one["ms"] for one in found[1:]], 0.95), "ms", goal="<= 16")
    row("messages that later ticks send", sum(one["sent"] for one in found[1:]), "frames", goal="<= 0")


async def wire(browser: Browser, platform: Platform, person: Visitor) -> None:
    """Everything that comes down for the first view in an empty browser, headers and frames included."""
    public = free_port()
    with ours(platform.database, public) as web:
        between = Network(web.port, 0)
        async with await between.serve(public), opened(browser, f"http://127.0.0.1:{public}", person) as page:
            await page.wait_for_timeout(500)
            row("first view cold, everything on the wire", between.down / 1000, "kB", goal="<= 48")
            html = await (await page.request.get("/app/fleet")).text()
            row("rows of the first view in its HTML", html.count("<tr data-key="), "rows", goal=">= 50")


async def growth(browser: Browser, platform: Platform, *, rounds: int) -> None:
    """To the next page and back, in fleets of every size in turn; as an open page sees it."""
    medians: dict[int, float] = {}
    with ours(platform.database) as web:
        for size, tenant in platform.tenants.items():
            async with visitor(platform.database, tenant) as person, opened(browser, web.url, person) as page:
                samples: list[float] = []
                for _ in range(rounds):
                    for way in ("#page-next", "#page-previous"):
                        samples.append(await page.evaluate(f"bench.click({way!r})"))
                        await page.wait_for_timeout(30)
                medians[size] = quantile(samples[4:], 0.5)
    smallest, largest = min(medians), max(medians)
    row(
        f"next page in the browser: {largest:,} lines against {smallest:,}, p50",
        medians[largest],
        "ms",
        floor=medians[smallest],
        goal="<= 1.5",
    )


async def run(platform: Platform, *, quick: bool = False) -> None:
    async with visitor(platform.database, medium(platform)) as person, async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        await wire(browser, platform, person)
        for milliseconds in (0, 25):
            await compare(browser, platform, person, milliseconds, rounds=8 if quick else 30)
        await browser.close()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        await growth(browser, platform, rounds=4 if quick else 20)
        await browser.close()
