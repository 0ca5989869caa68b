"""The HTTP connection: what is slow or too large is cut, and nothing else."""

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
import websockets
from structlog.testing import capture_logs

from backend.web import connection
from backend.web.connection import (
    LARGEST_HEAD,
    LONGEST_ADDRESS,
    MOST_HEADERS,
    BoundedHttpProtocol,
    most_connections,
)
from tests.support.serving import free_port, running

LARGE = 50_000_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if scope["path"] == "/slow":
        await asyncio.sleep(0.8)
    if scope["path"] == "/large":
        headers = [(b"content-length", str(LARGE).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(100):
            part = {"type": "http.response.body", "body": b"x" * (LARGE // 100), "more_body": True}
            await send(part)
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.4)
    monkeypatch.setattr(connection, "SLOWEST_BODY", 5.0)
    monkeypatch.setattr(connection, "SEND_SECONDS", 0.4)
    chosen = free_port()
    config = uvicorn.Config(app, port=chosen, http=BoundedHttpProtocol, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    async with running(server):
        yield chosen


async def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send the parts with pauses between them, and give what comes back until the end or one second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 2)
    except ConnectionError:
        return b""
    finally:
        writer.close()


HEAD = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"


async def test_an_ordinary_request_is_answered(port: int) -> None:
    assert (await talk(port, HEAD + b"\r\n")).startswith(b"HTTP/1.1 200")
    cookie = b"cookie: " + b"x" * 20_000 + b"\r\n"
    assert (await talk(port, HEAD + cookie + b"\r\n")).startswith(b"HTTP/1.1 200")


async def test_headers_that_come_one_sign_at_a_time_are_cut(port: int) -> None:
    parts = [b"GET / HTTP/1.1\r\n", *(b"x: y\r\n" for _ in range(8))]
    answer = await talk(port, *parts, pause=0.1)
    # Where the client still writes, its system may throw the answer away
    assert not answer or answer.startswith(b"HTTP/1.1 408")


async def test_a_connection_that_says_nothing_is_cut(port: int) -> None:
    assert (await talk(port)).startswith(b"HTTP/1.1 408")


async def test_headers_that_are_too_large_are_cut(port: int) -> None:
    for head in (
        b"GET / HTTP/1.1\r\nx: " + b"x" * (LARGEST_HEAD + 1000),
        b"GET /" + b"x" * (LARGEST_HEAD + 1000),
    ):
        parts = [head[start : start + 8000] for start in range(0, len(head), 8000)]
        answer = await talk(port, *parts)
        assert not answer or answer.startswith(b"HTTP/1.1 431")


async def test_too_many_headers_are_refused(port: int) -> None:
    many = b"".join(b"x%d: y\r\n" % number for number in range(MOST_HEADERS + 1))
    assert (await talk(port, HEAD + many + b"\r\n")).startswith(b"HTTP/1.1 400")


async def test_a_body_that_stops_is_cut_and_a_slow_one_is_not(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 8\r\n\r\n"
    assert await talk(port, head + b"half") == b""
    assert (await talk(port, head, *(b"x" for _ in range(8)), pause=0.1)).startswith(b"HTTP/1.1 200")


async def test_a_body_that_drips_is_cut_although_it_never_stops(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SLOWEST_BODY", 1000.0)
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
    began = time.monotonic()
    assert await talk(port, head, *(b"x" for _ in range(30)), pause=0.1) == b""
    assert await ended(port, head, every=0.1) < 1
    assert time.monotonic() - began < 5
    # A large one at that rate has its time
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n"
    assert (await talk(port, head, *(b"x" * 125 for _ in range(8)), pause=0.1)).startswith(b"HTTP/1.1 200")


async def ended(port: int, first: bytes, *, every: float, drip: bytes = b"x") -> float:
    """Seconds until the server ends a connection on which a little comes all the time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    began = time.monotonic()
    try:
        while time.monotonic() - began < 3:
            writer.write(drip)
            await writer.drain()
            try:
                while await asyncio.wait_for(reader.read(1000), every):
                    pass
            except TimeoutError:
                continue
            return time.monotonic() - began
    except ConnectionError:
        return time.monotonic() - began
    finally:
        writer.close()
    return 3


async def test_blank_lines_between_requests_keep_no_connection(port: int) -> None:
    again = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    assert (await talk(port, again, b"\r\n", pause=0.1)).startswith(b"HTTP/1.1 200")
    assert await ended(port, again, every=0.1, drip=b"\r\n") < 1
    # What comes after them is served
    answer = await talk(port, again, b"\r\n", HEAD + b"\r\n", pause=0.1)
    assert answer.count(b"HTTP/1.1 200") == 2


async def test_an_answer_under_way_is_not_cut_by_half_a_request(port: int) -> None:
    slow = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"
    for half in (b"\r\n", b"GET / HT"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in (slow, half):
            writer.write(part)
            await asyncio.sleep(0.1)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), 2)
        assert answer.startswith(b"HTTP/1.1 200")
        writer.close()


async def test_who_does_not_take_an_answer_is_cut(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
    await asyncio.sleep(1)
    got = b""
    with contextlib.suppress(ConnectionError):
        while part := await asyncio.wait_for(reader.read(100_000), 1):
            got += part
    assert len(got) < LARGE
    writer.close()
    # And who does, is not
    assert len(await talk(port, b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")) > LARGE


async def test_more_connections_than_there_is_room_for_are_told_so(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "most_connections", lambda: 3)
    monkeypatch.setattr(connection, "SPARE", 2)
    monkeypatch.setattr(connection, "HEAD_SECONDS", 2.0)
    open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    await asyncio.sleep(0.1)
    with capture_logs() as logged:
        refused = await talk(port, HEAD + b"\r\n")
        post = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nhalf"
        assert (await talk(port, post)).startswith(b"HTTP/1.1 503")
        with pytest.raises(websockets.InvalidStatus) as status:
            await websockets.connect(f"ws://127.0.0.1:{port}/", proxy=None)
    assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10")
    assert status.value.response.status_code == 503
    assert {entry["event"] for entry in logged} == {"connection refused"}
    waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    await asyncio.sleep(0.1)
    assert await talk(port, HEAD + b"\r\n") == b"", "closed without a word"
    # Those that are open are served, and a place that is free is taken
    reader, writer = open_ones[0]
    writer.write(HEAD + b"\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    for _, one in (*open_ones, *waiting):
        one.close()
    await asyncio.sleep(0.1)
    assert (await talk(port, HEAD + b"\r\n")).startswith(b"HTTP/1.1 200")


def test_there_is_room_for_what_the_process_itself_opens() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 64 <= most_connections() <= 10_000
    assert soft == resource.RLIM_INFINITY or most_connections() <= max(64, soft - 128)


async def test_an_address_that_is_too_long_is_answered_also_where_a_socket_is_asked_for(port: int) -> None:
    upgrade = (
        b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    for more in (b"", upgrade):
        long = b"GET /?" + b"x" * LONGEST_ADDRESS + b" HTTP/1.1\r\nhost: x\r\n" + more + b"\r\n"
        assert (await talk(port, long)).startswith(b"HTTP/1.1 414")
    # One that its library cannot read
    header = b"cookie: " + b"x" * 40_000 + b"\r\n"
    odd = b"GET / HTTP/1.1\r\nhost: x\r\n" + upgrade + header + b"\r\n"
    assert (await talk(port, odd)).startswith(b"HTTP/1.1 400")
    # The address of a page of 8 kB, escaped once more, in that of its socket
    async with websockets.connect(f"ws://127.0.0.1:{port}/?qs={'%2525' * 4000}", proxy=None) as socket:
        await socket.send("hello")
        assert await asyncio.wait_for(socket.recv(), 1) == "hello"
        # Its own end is the socket's, not the request's
        await asyncio.sleep(0.6)
        await socket.send("still here")
        assert await asyncio.wait_for(socket.recv(), 1) == "still here"


async def test_a_kept_connection_serves_again(port: int) -> None:
    again = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    answer = await talk(port, again, again, HEAD + b"\r\n", pause=0.2)
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_a_socket_stays_open_although_nothing_is_said(port: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/", proxy=None) as socket:
        await asyncio.sleep(1)
        await socket.send("still here")
        assert await asyncio.wait_for(socket.recv(), 1) == "still here"
