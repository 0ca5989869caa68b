"""The HTTP connection of the web process: Uvicorn's own, with an end for what is slow, too large or too much.

Uvicorn's fast parser waits for ever for the rest of a request, keeps headers of any size, and takes any number of
connections. A socket whose opening its library cannot read is never answered there.
"""

import asyncio
import resource
from typing import Any

import structlog
import websockets.http11
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

# Address and headers: a return path, several sealed cookies, and what proxies add
LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 100
# From the first byte, or from the connection's beginning, to the end of the headers
HEAD_SECONDS = 10.0
# Without a byte of a body that is not whole yet; and for the whole of it as long again as it takes at the slowest rate
BODY_SECONDS = 30.0
SLOWEST_BODY = 8 * 1024.0
# For the client to take what is sent to it
SEND_SECONDS = 60.0
# Of a request; how long a page's may be, the gateway says: in that of its socket it stands escaped once more
LONGEST_ADDRESS = 30 * 1024
# Of one line of a socket's opening, its address among them: its library stops at 8 kB
websockets.http11.MAX_LINE_LENGTH = 32 * 1024
# Open files that the process keeps for the database, for brokers and files
FILES_KEPT = 128
# Connections that are answered that there are too many; those above are closed without a word
SPARE = 32


def most_connections() -> int:
    """How many connections this process serves at once: what its limit of open files leaves."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if soft == resource.RLIM_INFINITY else max(64, min(10_000, soft - FILES_KEPT - SPARE))


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. It is closed when the head or the body of a request does not come, or the answer is not taken."""

    _head_bytes = 0
    _body_bytes = 0
    _body_began = 0.0
    _in_head = True
    _in_body = False
    # Over the limit of connections, or refused already: what comes is not handed on
    _unserved = False
    _timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        over = len(self.connections) - most_connections()
        if over > 0:
            log.warning("connection refused", why="too many")
            self._unserved = True
        if over > SPARE:
            transport.abort()
        else:
            self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._stop_sending()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self or self.parser is None:
            return
        if self._in_head and self._head_bytes > LARGEST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._in_body:
            self._wait_for_body(len(data))
        elif self._timer is None and self.timeout_keep_alive_task is None and self._is_idle():
            # What came between two requests begins none: Uvicorn has stopped counting, and waits for ever
            self._in_head = True
            self._wait(HEAD_SECONDS)

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
        self._body_bytes, self._body_began = 0, self.loop.time()
        self._stop()
        if self._unserved:
            self._refuse(b"503 Service Unavailable", b"retry-after: 10\r\n")
        elif len(self.url) > LONGEST_ADDRESS:
            self._refuse(b"414 URI Too Long")
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._unserved:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._stop()
        if not self._unserved:
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        # From here on the connection is the socket's.
        self._in_head = self._in_body = False
        self._stop()
        if self._unserved:
            return
        super().handle_websocket_upgrade()
        if not getattr(self.transport.get_protocol(), "handshake_initiated", True):
            # Its library could not read the request, of which it says nothing
            self._refuse(b"400 Bad Request")

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_sending()
        super().resume_writing()

    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        cycle: Any = self.cycle
        return cycle is None or bool(cycle.response_complete)

    def _wait_for_body(self, size: int) -> None:
        self._body_bytes += size
        end = self._body_began + BODY_SECONDS + self._body_bytes / SLOWEST_BODY
        self._wait(min(BODY_SECONDS, max(0.0, end - self.loop.time())))

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_sending(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head and self._is_idle():
            self._refuse(b"408 Request Timeout")
        elif self._in_head:
            # An earlier request is still being answered, which must not be cut
            self._wait(HEAD_SECONDS)
        elif not self.transport.is_closing():
            # The answer may be under way already
            self.transport.abort()

    def _refuse(self, status: bytes, headers: bytes = b"") -> None:
        self._stop()
        self._unserved = True
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\n" + headers + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()
