"""Refuses requests that another site made a browser send: every unsafe method that cookies could authenticate."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.web.refusals import log_refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

# Nothing here looks at a cookie: these are authenticated by a bearer token, a client secret or a signature.
WITHOUT_COOKIES = ("/api/", "/id/token", "/tmf-api/")


class OriginCheck:
    """ASGI middleware. A browser names where a request comes from; ours must come from our own pages.

    The full origin counts, port included. Where a browser sends none, Sec-Fetch-Site has to say same-origin.
    """

    def __init__(
        self, app: ASGIApp, public_url: str, without_cookies: Sequence[str] = WITHOUT_COOKIES
    ) -> None:
        self._app, self._exempt = app, tuple(without_cookies)
        self._origin = origin_of(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] not in SAFE and not self._allows(scope):
            log_refusal(Request(scope), "origin")
            await send(
                {
                    "type": "http.response.start",
                    "status": 403,
                    "headers": [
                        (b"content-type", b"text/plain; charset=utf-8"),
                        (b"cache-control", b"no-store"),
                    ],
                }
            )
            await send(
                {
                    "type": "http.response.body",
                    "body": b"This request did not come from our own pages.",
                    "more_body": False,
                }
            )
            return
        await self._app(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        if scope["path"].startswith(self._exempt):
            return True
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        # Pages that tell nobody where they are (no-referrer) post with the origin "null", as sandboxed ones do: those are
        # told apart by Sec-Fetch-Site, which no page can set.
        if headers.get(b"origin", "null") != "null":
            return headers[b"origin"] == self._origin
        return headers.get(b"sec-fetch-site") == "same-origin"


def origin_of(url: str) -> str:
    """Scheme, host and port as browsers write them in Origin."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}"


LONGEST_PATH = 1500


# A sign-in never leads back into a sign-in
SIGN_IN_PATHS = ("/auth/", "/id/")


def safe_return_path(path: str) -> str:
    """The path when it is one of ours, else the home page: a link to us never sends people elsewhere."""
    if (
        not path.startswith("/")
        or path.startswith(("//", "/\\", *SIGN_IN_PATHS))
        or len(path) > LONGEST_PATH
        or any(character <= " " or character in "\\\x7f" for character in path)
    ):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path
