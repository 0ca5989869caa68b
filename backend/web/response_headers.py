"""Headers that every answer has, whoever makes it: nothing is kept, guessed, shown in a frame, or allowed to run."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

HttpMessage = MutableMapping[str, Any]
SendHttp = Callable[[HttpMessage], Awaitable[None]]

# Where an answer says nothing else
DEFAULTS: dict[bytes, bytes] = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}
# A year, as the preload lists ask; for this name only, since others of the domain are not ours
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


def with_headers(send: SendHttp, *, secure: bool) -> SendHttp:
    """The same way out, with the headers that an answer lacks."""

    async def send_with_headers(message: HttpMessage) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            named = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in DEFAULTS.items() if name not in named]
            if secure and HTTPS_ONLY[0] not in named:
                headers.append(HTTPS_ONLY)
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers
