"""The web process inside the test's own loop, and browsers that are signed in to it."""

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, Page

from backend import runtime
from backend.api.auth import identity_routers
from backend.api.callbacks import service_order_state_change
from backend.api.payment_events import payment_event
from backend.api.public import public_router
from backend.core import clock
from backend.core.messaging.live_topics import TopicHub
from backend.core.permissions import Portal as PortalName
from backend.members import service as members
from backend.members import sessions
from backend.members.schemas import OpenedSession
from backend.members.sessions import open_session
from backend.settings import Settings
from backend.web.connection import BoundedHttpProtocol
from frontend.assets import STYLES, asset_url
from frontend.http.gateway import Gateway
from frontend.http.server import create_web
from frontend.main import SESSION
from frontend.page_context import Services
from tenants.scope import Actor

NOISE = (
    "[ReactPy] Starting client",
    "[ReactPy] Connected",
    "[ReactPy] Reconnecting",
    "[ReactPy] Disconnected",
)


class Portal:
    """A running portal: its address, its gateway, and ways in."""

    def __init__(self, settings: Settings) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.settings = dataclasses.replace(settings, public_url=self.url)
        self.live = TopicHub(settings.database_url)
        self.gateway: Gateway | None = None
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        runtime.open_clients(self.settings)
        await self.live.start()
        styles = [asset_url(STYLES)]
        routers = identity_routers(self.settings, stylesheets=styles)
        public = public_router(self.settings, styles)
        api = Litestar([*routers, service_order_state_change, payment_event, public], openapi_config=None)
        doors = Services(sessions.load_session, members.profile, self.live.subscribe)
        web = create_web(self.settings, api, doors)  # type: ignore[arg-type]
        self.gateway = web

        def sign_out(payload: str) -> None:
            if SESSION in payload:
                web.close_session(UUID(payload.partition(SESSION)[2]))

        self.live.watch(sign_out)
        config = uvicorn.Config(
            web, lifespan="off", log_level="warning", log_config=None, http=BoundedHttpProtocol
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._server and self._task:
            self._server.should_exit = self._server.force_exit = True
            await self._task
        await self.live.stop()
        await runtime.close_clients()

    async def cut(self) -> None:
        """Break every open socket and refuse new ones, as a lost network does."""
        assert self.gateway
        self._guard = self.gateway._guard
        self.gateway._guard = _refuse  # type: ignore[method-assign]
        await self.break_sockets()

    async def break_sockets(self) -> None:
        """Break every open socket; pages connect again by themselves."""
        assert self._server
        for connection in list(self._server.server_state.connections):
            if (
                hasattr(connection, "conn")
                and hasattr(connection, "transport")
                and "WebSocket" in type(connection).__name__
            ):
                connection.transport.abort()

    async def join(self) -> None:
        """The network is back."""
        assert self.gateway
        self.gateway._guard = self._guard  # type: ignore[method-assign]

    async def session(self, member: Actor, *, portal: str = "manager") -> OpenedSession:
        assert member.member_id
        return await open_session(
            Actor(member.tenant_id), member.member_id, clock.now(), portal=PortalName(portal)
        )

    @asynccontextmanager
    async def browse(self, browser: Browser, member: Actor, **options: Any) -> AsyncIterator["Visitor"]:
        """A browser signed in as a member. Leaving fails on any error that the page's script or policy reported."""
        portal = options.pop("portal", "manager")
        opened = await self.session(member, portal=portal)
        browsing = await browser.new_context(base_url=self.url, **options)
        await browsing.add_cookies([{"name": "fleetline_session", "value": opened.token, "url": self.url}])
        page = await browsing.new_page()
        visitor = Visitor(page, browsing, opened)
        page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        page.on(
            "console",
            lambda said: visitor.errors.append(said.text) if said.type in {"error", "warning"} else None,
        )
        try:
            yield visitor
            assert not visitor.unexpected(), visitor.unexpected()
        finally:
            await browsing.close()


async def _refuse(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1013})


@dataclasses.dataclass
class Visitor:
    """A signed-in browser page."""

    page: Page
    context: BrowserContext
    session: OpenedSession
    errors: list[str] = dataclasses.field(default_factory=list)
    expected: tuple[str, ...] = ()

    def unexpected(self) -> list[str]:
        return [
            e for e in self.errors if not e.startswith(NOISE) and not any(part in e for part in self.expected)
        ]

    async def open(self, path: str) -> Page:
        """Go to a page and wait until the app answers."""
        await self.page.goto(path)
        await self.page.wait_for_selector("html[data-ready]")
        return self.page
