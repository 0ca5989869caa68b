"""An ASGI application on a free port of this machine, in the test's own event loop."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


def free_port() -> int:
    """A port on which nobody listens. It is below those that the system gives to connections: none takes it meanwhile."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, port=port, log_level="warning", ws="none", lifespan="off", proxy_headers=False, log_config=None
    )
    server = uvicorn.Server(config)
    async with running(server):
        yield


@asynccontextmanager
async def running(server: uvicorn.Server) -> AsyncIterator[None]:
    """The server while the block runs. It waits for no connection at its end: one that a peer keeps would hold the tests."""
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(15):
            while not server.started:
                assert not task.done(), "the server did not start"
                await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = server.force_exit = True
        await asyncio.wait_for(task, 15)
