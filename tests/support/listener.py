"""A stand-in for the product's callback listener: answers as told, keeps what it heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uvicorn

from backend.integrations.signatures import verify
from backend.integrations.tmf641_events import StateChangeEvent, parse_event
from tests.support.sandbox import SECRET
from tests.support.serving import free_port, running


async def eventually(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something holds; fail when it does not within the time."""
    for _ in range(round(seconds * 100)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"this did not happen within {seconds} s")


class Listener:
    def __init__(self) -> None:
        self.url = ""
        self.heard: list[StateChangeEvent] = []
        self.bodies: list[bytes] = []
        self.unsigned = 0
        self.refuse = 0  # so many requests are answered 503 first

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status = 204
        signature = dict(scope["headers"]).get(b"fleetline-signature", b"").decode()
        if not verify([SECRET], signature, body, datetime.now(UTC)):
            self.unsigned += 1
            status = 401
        elif self.refuse:
            self.refuse -= 1
            status = 503
        else:
            self.bodies.append(body)
            self.heard.append(parse_event(body))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def wait_for(self, number: int, seconds: float = 10) -> list[StateChangeEvent]:
        """Wait until so many events came."""
        await eventually(lambda: len(self.heard) >= number, seconds)
        return self.heard


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    port = free_port()
    config = uvicorn.Config(listener, port=port, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    listener.url = f"http://127.0.0.1:{port}/listener"
    async with running(server):
        yield listener
