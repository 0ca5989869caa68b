"""ReactPy 2.0.0b13's browser client and dispatcher, corrected, and our own assets under one content hash.

Everything that works round the beta stands here. Each correction names its reason and fails loudly when
the text it corrects is not there exactly once.
"""

import asyncio
import functools
import gzip
import hashlib
import importlib.metadata
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import orjson
import reactpy
from asgi_tools import ResponseWebSocket
from reactpy.config import REACTPY_ASYNC_RENDERING
from reactpy.executors.asgi.middleware import ReactPyWebsocket

VERSION = "2.0.0b13"
OWN = Path(__file__).parent / "static"
SHIPPED = ("index.js", "index-qg0ba7j2.js", "index-bz53xswt.js")
# What the first view needs, in the order of need: the page asks for all of them at once.
PRELOAD = ("index.js", "index-qg0ba7j2.js", "index-bz53xswt.js", "helpers.js", "table.js")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

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


@dataclass(frozen=True)
class Asset:
    """One file as bytes per content encoding, with its content type."""

    content_type: str
    plain: bytes
    gzip: bytes
    brotli: bytes

    def best(self, accept_encoding: str) -> tuple[str, bytes]:
        """The smallest body that the browser takes, with its encoding ("" is none)."""
        if "br" in accept_encoding:
            return "br", self.brotli
        if "gzip" in accept_encoding:
            return "gzip", self.gzip
        return "", self.plain


@functools.cache
def _sources() -> tuple[str, Mapping[str, str]]:
    """The content hash over all files, and the files."""
    files = corrected_client()
    for path in sorted(OWN.iterdir()):
        if path.suffix in TYPES:
            files[path.name] = path.read_text(encoding="utf-8")
    joined = "".join(f"{name}\0{text}\0" for name, text in sorted(files.items()))
    return hashlib.sha256(joined.encode()).hexdigest()[:12], files


def asset_tag() -> str:
    """Names this version of all assets together: a page made with another one must load itself again."""
    return _sources()[0]


def asset_url(name: str) -> str:
    """The address of an asset: it changes whenever any asset does, so it may be cached for ever."""
    tag, files = _sources()
    if name not in files:
        raise KeyError(name)
    return f"/assets/{tag}/{name}"


@functools.cache
def assets() -> Mapping[str, Asset]:
    """Every asset by its address, compressed once."""
    _, files = _sources()
    return {
        asset_url(name): Asset(
            content_type=f"{TYPES[Path(name).suffix]}; charset=utf-8",
            plain=text.encode(),
            gzip=gzip.compress(text.encode(), 9, mtime=0),
            brotli=brotli.compress(text.encode()),
        )
        for name, text in files.items()
    }


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
