"""The web process: settings, database, live topics and identity, handed to the portal. Uvicorn calls `serve`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from litestar import Litestar

from backend.app import create_api
from backend.core.garbage_collection import tune_garbage_collector
from backend.core.messaging.live_topics import TopicHub
from backend.members import service as members
from backend.members import sessions
from backend.settings import Settings, read_settings
from frontend.assets import STYLES, asset_url
from frontend.http.gateway import Gateway
from frontend.http.server import create_web
from frontend.page_context import Services

# In the payload of a live topic: <tenant>/session:<id>
SESSION = "/session:"


def serve() -> Gateway:
    """What uvicorn calls: the web process by the settings of its environment."""
    web = create(read_settings())
    tune_garbage_collector()
    return web


def create(settings: Settings) -> Gateway:
    """The whole web process as one ASGI application."""
    live = TopicHub(settings.database_url)

    @asynccontextmanager
    async def listening(_: Litestar) -> AsyncIterator[None]:
        await live.start()
        yield
        await live.stop()

    api = create_api(settings, stylesheets=[asset_url(STYLES)], also=[listening])
    services = Services(
        authenticate=sessions.load_session,
        profile=members.profile,
        subscribe=live.subscribe,
    )
    web = create_web(settings, api, services)

    def sign_out(payload: str) -> None:
        """A session ended somewhere: close its open pages here."""
        _, found, session = payload.partition(SESSION)
        if found:
            web.close_session(UUID(session))

    live.watch(sign_out)
    return web
