"""Corrections of ReactPy 2.0.0b13. Delete this file when a release has them.

Each correction gives its reason. A correction whose text is not in the client exactly once raises, and so does any other
version of ReactPy.
"""

import asyncio
import importlib.metadata
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import reactpy
import structlog
from asgi_tools import ResponseWebSocket
from reactpy.config import REACTPY_ASYNC_RENDERING
from reactpy.core.layout import Layout
from reactpy.executors.asgi.middleware import ReactPyWebsocket
from reactpy.types import Event

log = structlog.get_logger()
# It writes to a handler of its own, past the rules of `core/logs.py`.
logging.getLogger("reactpy").handlers.clear()

VERSION = "2.0.0b13"


SHIPPED = ("index.js", "index-qg0ba7j2.js", "index-bz53xswt.js")


CORRECTIONS = (
    # The client numbers its messages one too high, and drops keystrokes while an answer is under way.
    ("_reactpy_set_seq(g+1)", "_reactpy_set_seq(g)"),
    # An event carried its whole form and its siblings: megabytes for one tick in a large form.
    (
        'if(typeof L==="object")return v(L);else return L',
        'if(typeof L==="object")return globalThis.slimEvent(L);else return L',
    ),
    # Every script component was bound twice, the first binding after its own unmount.
    ("[Z,X,z,Y.current]", "[Z,X,z]"),
    # `bind` received methods torn from their object.
    (
        "sendMessage:Q.sendMessage,onMessage:Q.onMessage",
        "sendMessage:(m)=>Q.sendMessage(m),onMessage:(t,h)=>Q.onMessage(t,h)",
    ),
)


# boot.js imports Preact's `options` under the name `h` from this module.
OPTIONS_EXPORT = "export{I2 as e,O2 as f,U2 as g,O as h,"


class WrongClientError(RuntimeError):
    """The installed ReactPy is not the one these corrections were made for."""


def _once(text: str, old: str) -> None:
    if text.count(old) != 1:
        raise WrongClientError(
            f"ReactPy's client changed: {old!r} is there {text.count(old)} times, not once"
        )


def corrected_client() -> dict[str, str]:
    """The shipped client with every correction, by file name."""
    if importlib.metadata.version("reactpy") != VERSION:
        raise WrongClientError(
            f"ReactPy must be {VERSION}: its corrections have to be checked again for another"
        )
    folder = Path(reactpy.__file__).parent / "static"
    files = {name: (folder / name).read_text(encoding="utf-8") for name in SHIPPED}
    for old, new in CORRECTIONS:
        _once(files["index.js"], old)
        files["index.js"] = files["index.js"].replace(old, new)
    _once(files["index-bz53xswt.js"], OPTIONS_EXPORT)
    # The maps are not served, so nothing may point at them.
    return {name: re.sub(r"\n//# (debugId|sourceMappingURL)=.*", "", text) for name, text in files.items()}


async def _send_json(self: ReactPyWebsocket, data: Any) -> None:
    # One value that cannot be serialised would end the renderer and leave a frozen page.
    await self._send({"type": "websocket.send", "text": orjson.dumps(data, default=str).decode()})


_run_dispatcher = ReactPyWebsocket.run_dispatcher


async def _run_then_close(self: ReactPyWebsocket) -> None:
    # The dispatcher logs its own failure and returns; an open socket without a renderer is a frozen page.
    await _run_dispatcher(self)
    await self._send({"type": "websocket.close", "code": 1011})


async def _accept_then_render(self: ReactPyWebsocket) -> ReactPyWebsocket:
    # It renders before it has accepted, and its first message is refused.
    await ResponseWebSocket.__aenter__(self)
    self.dispatcher = asyncio.create_task(self.run_dispatcher())
    return self


# Events that wait in one page
PENDING, PENDING_BYTES = 200, 2 * 1024 * 1024
# A handler may be away for a moment while its component is drawn anew
LOOKS, LOOK_SECONDS = 4, 0.01


class _Backlog:
    """What waits in one layout: sizes, and for each control the turn of its events."""

    def __init__(self) -> None:
        self.events = self.bytes = 0
        self.turns: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def turn(self, target: str) -> AsyncIterator[None]:
        """Wait for earlier events of the same control. Nothing is kept of a control without events."""
        lock, waiting = self.turns.setdefault(target, (asyncio.Lock(), []))
        waiting.append(None)
        try:
            async with lock:
                yield
        finally:
            waiting.pop()
            if not waiting:
                self.turns.pop(target, None)


async def _deliver(self: Layout, event: dict[str, Any]) -> None:
    # It kept a queue and a task for each target that was ever named, and held any number of events.
    backlog: _Backlog = self.__dict__.setdefault("_backlog", _Backlog())
    size = len(orjson.dumps(event["data"], default=str)) if backlog.events else 0
    if backlog.events >= PENDING or backlog.bytes + size > PENDING_BYTES:
        log.warning("event left out", why="too many wait")
        return
    backlog.events += 1
    backlog.bytes += size
    try:
        async with backlog.turn(event["target"]):
            await _handle(self, event)
    finally:
        backlog.events -= 1
        backlog.bytes -= size


async def _handle(layout: Layout, event: dict[str, Any]) -> None:
    """Run the handler of an event. An event of a control that is not there is left out without a word."""
    target, seq = event["target"], event.get("seq")
    # ReactPy's own places
    handlers, answered = layout._event_handlers, layout._last_event_seq_by_target  # noqa: SLF001
    for _ in range(LOOKS):
        if handler := handlers.get(target):
            break
        await asyncio.sleep(LOOK_SECONDS)
    else:
        answered.pop(target, None)
        return
    if isinstance(seq, int) and seq > answered.get(target, -1):
        answered[target] = seq
    try:
        await handler.function([Event(one) if isinstance(one, dict) else one for one in event["data"]])
    except Exception:
        log.exception("event handler failed")


def correct_dispatcher() -> None:
    """Apply the server-side corrections; doing so twice changes nothing."""
    # Rendering several components at once left stale pages in 4 of 13 runs.
    REACTPY_ASYNC_RENDERING.current = False
    for name, function in (
        ("send_json", _send_json),
        ("run_dispatcher", _run_then_close),
        ("__aenter__", _accept_then_render),
    ):
        setattr(ReactPyWebsocket, name, function)
    setattr(Layout, "deliver", _deliver)  # noqa: B010 - a type checker refuses the plain assignment
