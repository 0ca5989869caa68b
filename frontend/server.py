"""`create_web(settings, api, doors)`: the gateway around the portal's pages, the app's socket and the API."""

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from reactpy.executors.asgi import ReactPyMiddleware

from backend.api.origin import OriginCheck
from backend.core.errors import Refusal
from backend.settings import Settings
from frontend import files, handlers
from frontend.client import correct_dispatcher
from frontend.gateway import Gateway, Receive, Scope, Send
from frontend.shell import COMPONENT
from frontend.visit import Doors


def create_web(settings: Settings, api: Litestar, doors: Doors) -> Gateway:
    """The whole web process as one ASGI application; everything outside /app is the API's.

    `close_session` on it ends a session's open pages in this process.
    """
    correct_dispatcher()
    portal = Litestar(
        [
            handlers.start,
            handlers.shell,
            handlers.export,
            files.take_file,
            files.give_file,
            files.give_contract,
            files.give_draft_contract,
            files.give_template,
            files.give_result,
        ],
        middleware=[DefineMiddleware(OriginCheck, public_url=settings.public_url)],
        state=State({"settings": settings, "doors": doors}),
        compression_config=CompressionConfig(backend="brotli", brotli_quality=4, brotli_gzip_fallback=True),
        exception_handlers={Refusal: handlers.on_refusal, Exception: handlers.on_bug},
        openapi_config=None,
    )

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (path in {"/", "/app"} or path.startswith("/app/")):
            await portal(scope, receive, send)  # type: ignore[arg-type]
        else:
            await api(scope, receive, send)  # type: ignore[arg-type]

    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        await renderer(scope, receive, send)

    renderer = ReactPyMiddleware(portal, [COMPONENT])  # type: ignore[arg-type]
    return Gateway(dispatch, socket, settings, doors)
