"""Every page on a telephone: nothing stands beside the screen, and search boxes keep their width."""

import tomllib

import pytest
from playwright.async_api import Browser

from backend.orders.outcome_texts import TEXTS
from frontend.i18n import translator_for
from frontend.labels import LINE_STATES
from tests.support.factories import Customer
from tests.support.pages import addresses, settled
from tests.support.portal import Portal

# Tabs scroll sideways by design
OUTSIDE = """() => [...document.querySelectorAll("main :is(a, button, input, select, summary)")].filter((control) => {
    const box = control.getBoundingClientRect();
    return box.width && !control.closest(".tabs, .facets, .visually-hidden") && (box.right > innerWidth + 1 || box.left < -1);
}).map((control) => control.outerHTML.slice(0, 160))"""
SEARCHES = """() => [...document.querySelectorAll("input[type=search]")].map((box) => box.offsetWidth).filter(Boolean)"""


@pytest.mark.parametrize("width", [390, 320])
async def test_every_control_is_on_the_screen(
    browser: Browser, portal: Portal, customer: Customer, width: int
) -> None:
    look = {"viewport": {"width": width, "height": 568}, "locale": "fr-BE"}
    async with portal.browse(browser, customer.manager, **look) as visitor:
        visitor.expected = ("status of 404",)
        pages = await addresses(customer)
        pages |= {"fleet with chips": "/app/fleet?status=active&status=suspended&search=Peeters"}
        for name, path in pages.items():
            await settled(visitor.page, path)
            outside = await visitor.page.evaluate(OUTSIDE)
            assert not outside, (name, outside)
            assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert all(found >= 160 for found in await visitor.page.evaluate(SEARCHES)), name


# Every pill of a table says the words, and the line it belongs to has a long address; those that are cut off
CUT = """(words) => {
    for (const sub of document.querySelectorAll("main .table tbody th .cell-sub")) sub.append(" benedicte.vandenbroucke@customer.example");
    return [...new Set(words.flatMap((said) => [...document.querySelectorAll("main .table .pill")].filter((pill) => {
        pill.lastChild.textContent = said;
        const box = pill.getBoundingClientRect(), frame = pill.closest(".panel").getBoundingClientRect();
        return box.right > frame.right - 1 || box.right > innerWidth;
    }).map(() => said)))];
}"""
# How much of the bell the number covers
COVERED = """(shown) => {
    const count = document.querySelector("[data-unread]");
    count.hidden = false;
    count.textContent = shown;
    const bell = count.parentElement.querySelector("svg").getBoundingClientRect(), over = count.getBoundingClientRect();
    const wide = Math.min(bell.right, over.right) - Math.max(bell.left, over.left);
    const high = Math.min(bell.bottom, over.bottom) - Math.max(bell.top, over.top);
    return Math.max(0, wide) * Math.max(0, high) / (bell.width * bell.height);
}"""


@pytest.mark.parametrize("language", ["fr", "de"])
async def test_no_state_is_cut_off_and_the_bell_is_seen(
    browser: Browser, portal: Portal, customer: Customer, language: str
) -> None:
    texts = tomllib.loads(TEXTS.read_text(encoding="utf-8"))[language]
    states = [said for key, said in texts.items() if key.startswith(("short_", "item_"))]
    of_lines = [translator_for(language)(said) for said, _, _ in LINE_STATES.values()]
    look = {"viewport": {"width": 320, "height": 568}, "locale": f"{language}-BE"}
    async with portal.browse(browser, customer.manager, **look) as visitor:
        pages = await addresses(customer)
        for name in ("requests", "request", "requests of a line", "fleet"):
            await settled(visitor.page, pages[name])
            assert await visitor.page.locator("main .table .pill").count(), name
            words = of_lines if name == "fleet" else states
            assert not await visitor.page.evaluate(CUT, words), name
        for shown in ("9", "16", "99+"):
            assert await visitor.page.evaluate(COVERED, shown) < 0.3, shown
        badge = await visitor.page.locator("[data-unread]").bounding_box()
        person = await visitor.page.locator(".avatar").bounding_box()
        assert badge is not None
        assert person is not None
        assert badge["x"] + badge["width"] <= person["x"] + 1
