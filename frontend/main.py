"""The web process: settings, database, live topics and identity, handed to the portal. Uvicorn calls `create`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from litestar import Litestar

from backend.app import create_api
from backend.core.messaging.live_topics import TopicHub
from backend.members import service as members
from backend.members import sessions
from backend.settings import Settings, read_settings
from frontend.assets import asset_url
from frontend.http.gateway import Gateway
from frontend.http.server import create_web
from frontend.page_context import Services

# In the payload of a live topic: <tenant>/session:<id>
SESSION = "/session:"


def create(settings: Settings | None = None) -> Gateway:
    """The whole web process as one ASGI application."""
    chosen = settings or read_settings()
    live = TopicHub(chosen.database_url)

    @asynccontextmanager
    async def listening(_: Litestar) -> AsyncIterator[None]:
        await live.start()
        yield
        await live.stop()

    api = create_api(
        chosen, stylesheets=[asset_url(name) for name in ("tokens.css", "components.css")], also=[listening]
    )
    services = Services(
        authenticate=sessions.load_session,
        profile=members.profile,
        subscribe=live.subscribe,
    )
    web = create_web(chosen, api, services)

    def sign_out(payload: str) -> None:
        """A session ended somewhere: close its open pages here."""
        _, found, session = payload.partition(SESSION)
        if found:
            web.close_session(UUID(session))

    live.watch(sign_out)
    return web
