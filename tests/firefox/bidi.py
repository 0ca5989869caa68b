"""Drives a Firefox over WebDriver BiDi: a process with a new profile, and pages with real clicks and keys."""

import asyncio
import base64
import itertools
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

START_SECONDS = 30
WAIT_SECONDS = 10
ANSWER_SECONDS = 20
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "End": "\ue010"}
NOISE = "[ReactPy]"
# The first shown element of a selector with these words, where nothing covers its middle and it stays where it is
FIND = """async (selector, words) => {
  const said = (e) => `${e.innerText ?? ""} ${e.getAttribute("aria-label") ?? ""}`.replace(/\\s+/g, " ");
  const free = (e) => {
    const box = e.getBoundingClientRect(), hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return e.contains(hit) || [...(e.labels ?? [])].some((label) => label.contains(hit));
  };
  const found = [...document.querySelectorAll(selector)].find((e) => e.checkVisibility({visibilityProperty: true}) && said(e).includes(words));
  if (!found || found.matches(":disabled")) return null;
  for (const block of ["nearest", "center"]) {
    found.scrollIntoView({block, behavior: "instant"});
    const place = () => { const box = found.getBoundingClientRect(); return `${box.x} ${box.y}`; }, before = place();
    await new Promise((done) => setTimeout(done, 40));
    if (free(found) && place() === before) return found;
  }
  return null;
}"""
SAW = """JSON.stringify([location.href, document.title, document.activeElement?.outerHTML.slice(0, 200),
  (document.querySelector("main") ?? document.body)?.innerText.slice(0, 1500)])"""


class BidiError(Exception):
    """What Firefox answered instead of a result."""


class Firefox:
    """A running Firefox; `page` opens pages that share nothing with each other."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._errors: dict[str, list[str]] = {}

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one command. Raises BidiError, TimeoutError."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(ANSWER_SECONDS):
            told = await answer
        if told["type"] == "error":
            raise BidiError(f"{method}: {told['error']}: {told['message']}")
        result: dict[str, Any] = told["result"]
        return result

    async def read(self) -> None:
        """Hand out answers and note errors of pages, until Firefox ends."""
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "log.entryAdded" and told["params"]["level"] in {"error", "warn"}:
                entry = told["params"]
                self._errors.setdefault(entry["source"].get("context", ""), []).append(str(entry["text"]))
        for answer in self._answers.values():
            answer.set_exception(BidiError("Firefox ended"))

    @asynccontextmanager
    async def page(self, url: str, width: int = 1440, height: int = 900) -> AsyncIterator["Page"]:
        """A page without cookies. A failure says what the page showed; so does an error that its script reported."""
        user = (await self.command("browser.createUserContext"))["userContext"]
        made = await self.command("browsingContext.create", type="tab", userContext=user)
        page = Page(self, made["context"], user, url)
        await self.command(
            "browsingContext.setViewport",
            context=page.context,
            viewport={"width": width, "height": height},
        )
        try:
            yield page
            errors = [e for e in self._errors.get(page.context, []) if not e.startswith(NOISE)]
            assert not errors, f"the page reported {errors}"
        except Exception as error:
            error.add_note(await page.saw())
            error.add_note(f"errors of the page: {self._errors.get(page.context, [])}")
            raise
        finally:
            await self.command("browser.removeUserContext", userContext=user)


class Page:
    """One tab. Every step waits until it can be done, at most ten seconds."""

    def __init__(self, firefox: Firefox, context: str, user: str, url: str) -> None:
        self.firefox, self.context, self._user, self._url = firefox, context, user, url

    async def sign_in_with(self, token: str) -> None:
        """Store a session's cookie, as after a sign-in."""
        cookie = {
            "name": "fleetline_session",
            "value": {"type": "string", "value": token},
            "domain": "127.0.0.1",
        }
        partition = {"type": "storageKey", "userContext": self._user}
        await self.firefox.command("storage.setCookie", cookie=cookie, partition=partition)

    async def goto(self, path: str) -> None:
        await self.firefox.command(
            "browsingContext.navigate", context=self.context, url=self._url + path, wait="complete"
        )

    async def open(self, path: str) -> None:
        """Go to a page of the portal and wait until it is live."""
        await self.goto(path)
        await self.until("document.documentElement.matches('[data-ready]')")

    async def value(self, expression: str) -> Any:
        """What a JavaScript expression gives: text, a number, true, false or null. Raises BidiError."""
        told = await self.firefox.command(
            "script.evaluate", expression=expression, target={"context": self.context}, awaitPromise=True
        )
        if told["type"] == "exception":
            raise BidiError(f"{expression}: {told['exceptionDetails']['text']}")
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """Until a JavaScript expression is true. Pages may be left meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                while not await self._now(expression):
                    await asyncio.sleep(0.03)
                return
        raise AssertionError(f"never true: {expression}")

    async def _now(self, expression: str) -> bool:
        try:
            return bool(await self.value(expression))
        except BidiError:
            return False

    async def sees(self, words: str, selector: str = "body") -> None:
        """Until a shown element of the selector has these words."""
        await self.until(
            f"[...document.querySelectorAll({json.dumps(selector)})].some(e => e.checkVisibility()"
            f" && e.innerText.replace(/\\s+/g, ' ').includes({json.dumps(words)}))"
        )

    async def element(self, selector: str, words: str = "") -> dict[str, str]:
        """The element, once it is shown, enabled, and nothing covers it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                while not (found := await self._find(selector, words)):
                    await asyncio.sleep(0.03)
                return found
        raise AssertionError(f"nothing to press: {selector} {words!r}")

    async def _find(self, selector: str, words: str) -> dict[str, str] | None:
        try:
            told = await self.firefox.command(
                "script.callFunction",
                functionDeclaration=FIND,
                arguments=[{"type": "string", "value": text} for text in (selector, words)],
                target={"context": self.context},
                awaitPromise=True,
            )
        except BidiError:
            return None
        shared = told.get("result", {}).get("sharedId")
        return {"sharedId": shared} if shared else None

    async def click(self, selector: str, words: str = "") -> None:
        """Press the middle of an element with the mouse."""
        origin = {"type": "element", "element": await self.element(selector, words)}
        await self._act(
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
            kind="pointer",
        )

    async def type(self, *keys: str) -> None:
        """Texts and the names of keys, into what has the focus."""
        pressed = itertools.chain.from_iterable([KEYS[key]] if key in KEYS else key for key in keys)
        actions = [{"type": kind, "value": key} for key in pressed for kind in ("keyDown", "keyUp")]
        await self._act(*actions, kind="key")

    async def _act(self, *actions: dict[str, Any], kind: str) -> None:
        source = {"type": kind, "id": kind, "actions": list(actions)}
        await self.firefox.command("input.performActions", context=self.context, actions=[source])

    async def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file in a field."""
        field = await self.element(selector)
        await self.firefox.command("input.setFiles", context=self.context, element=field, files=[str(path)])

    async def picture(self, path: Path) -> None:
        """Store what the window shows as a PNG."""
        told = await self.firefox.command("browsingContext.captureScreenshot", context=self.context)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(told["data"]))

    async def saw(self) -> str:
        """What the page shows, and where a picture of it is."""
        folder = Path(tempfile.mkdtemp(prefix="fleetline-firefox-"))
        try:
            await self.picture(folder / "page.png")
            return f"the page showed {await self.value(SAW)}; picture: {folder / 'page.png'}"
        except (BidiError, TimeoutError) as error:
            return f"what the page showed is not known: {error}"


@asynccontextmanager
async def running_firefox(path: str, profile: Path) -> AsyncIterator[Firefox]:
    """A Firefox without a window while the block runs. Raises AssertionError where it does not start."""
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with (profile / "firefox.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        port = await _port(process, profile)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{port}/session", max_msg_size=0) as socket,
        ):
            firefox = Firefox(socket)
            reader = asyncio.create_task(firefox.read())
            await firefox.command("session.new", capabilities={})
            await firefox.command("session.subscribe", events=["log.entryAdded"])
            yield firefox
            await firefox.command("browser.close")
            await reader
            await asyncio.wait_for(process.wait(), ANSWER_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _port(process: asyncio.subprocess.Process, profile: Path) -> int:
    """Where Firefox listens: it writes that into its profile."""
    said, log = profile / "WebDriverBiDiServer.json", profile / "firefox.log"
    with suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                with suppress(OSError, ValueError):
                    return int(json.loads(said.read_text())["ws_port"])
                await asyncio.sleep(0.05)
    raise AssertionError(f"Firefox did not start: {log.read_text(errors='replace')[-2000:]}")
