"""The HTTP connection: what is slow or too large is cut, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
import websockets

from backend.web import connection
from backend.web.connection import LARGEST_HEAD, MOST_HEADERS, BoundedHttpProtocol
from tests.support.serving import free_port, running


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
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.4)
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


async def test_a_kept_connection_serves_again(port: int) -> None:
    again = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    answer = await talk(port, again, again, HEAD + b"\r\n", pause=0.2)
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_a_socket_stays_open_although_nothing_is_said(port: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/", proxy=None) as socket:
        await asyncio.sleep(1)
        await socket.send("still here")
        assert await asyncio.wait_for(socket.recv(), 1) == "still here"
