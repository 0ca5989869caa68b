"""The HTTP connection of the web process: Uvicorn's own, with an end for what is slow or too large.

Uvicorn's fast parser waits for ever for the rest of a request, and keeps headers of any size.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Address and headers: a return path, several sealed cookies, and what proxies add
LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 100
# From the first byte, or from the connection's beginning, to the end of the headers
HEAD_SECONDS = 10.0
# Without a byte of a body that is not whole yet
BODY_SECONDS = 30.0


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. It is closed when the head or the body of a request does not come."""

    _head_bytes = 0
    _in_head = True
    _in_body = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self.parser is None:
            return
        if self._in_head and self._head_bytes > LARGEST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._in_body:
            self._wait(BODY_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._in_body = True, False
        if self._timer is None:
            self._wait(HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            # The parser ends the request with a 400
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._stop()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        # From here on the connection is the socket's.
        self._in_head = self._in_body = False
        self._stop()
        super().handle_websocket_upgrade()

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head:
            self._refuse(b"408 Request Timeout")
        elif not self.transport.is_closing():
            # The answer may be under way already
            self.transport.abort()

    def _refuse(self, status: bytes) -> None:
        self._stop()
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()
