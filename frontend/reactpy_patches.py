"""Corrections of ReactPy 2.0.0b13. Delete this file when a release has them.

Each correction gives its reason. A correction whose text is not in the client exactly once raises, and so does any other
version of ReactPy.
"""

import asyncio
import importlib.metadata
import re
from pathlib import Path
from typing import Any

import orjson
import reactpy
from asgi_tools import ResponseWebSocket
from reactpy.config import REACTPY_ASYNC_RENDERING
from reactpy.executors.asgi.middleware import ReactPyWebsocket

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
