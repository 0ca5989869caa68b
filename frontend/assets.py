"""The files that the browser loads, under one content hash: ReactPy's client, corrected, and our own.

The corrections themselves stand in `reactpy_patches.py`.
"""

import functools
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import brotli
import rcssmin
import rjsmin

from backend.web.files import TOKENS_CSS
from frontend.reactpy_patches import corrected_client

OWN = Path(__file__).parent / "static"
# All styles of the portal in one file: the tokens, which other pages share, then the components
STYLES = "portal.css"
# What the first view needs, in the order of need: the page asks for all of them at once.
PRELOAD = ("index.js", "index-qg0ba7j2.js", "index-bz53xswt.js", "helpers.js", "table.js")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# A blank before a colon: "inside", which rcssmin takes for one of a declaration where rules are nested
INSIDE = re.compile(r"(?<=\S) (?=:[a-z:])")


def smaller_css(text: str) -> str:
    """Styles without comments and spaces, with the same selectors."""
    return str(rcssmin.cssmin(INSIDE.sub(" *", text)))


SMALLER = {".js": rjsmin.jsmin, ".css": smaller_css, ".svg": str}


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
    styles = [TOKENS_CSS, OWN / "components.css"]
    own = {path.name: path.read_text("utf-8") for path in OWN.iterdir() if path not in styles}
    own[STYLES] = "".join(path.read_text("utf-8") for path in styles)
    for name, text in own.items():
        if smaller := SMALLER.get(Path(name).suffix):
            files[name] = smaller(text)
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
