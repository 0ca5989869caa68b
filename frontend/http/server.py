"""`create_web(settings, api, doors)`: the gateway around the portal's pages, the app's socket and the API."""

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from reactpy.executors.asgi import ReactPyMiddleware

from backend.core.errors import AppError
from backend.settings import Settings
from backend.web.origin import OriginCheck
from frontend.http import downloads, exports, files, pages
from frontend.http.address_checks import AsgiScope
from frontend.http.gateway import Gateway, Receive, Send
from frontend.http.shell import COMPONENT
from frontend.page_context import Services
from frontend.reactpy_patches import correct_dispatcher


def create_web(settings: Settings, api: Litestar, services: Services) -> Gateway:
    """The whole web process as one ASGI application; everything outside /app is the API's.

    `close_session` on it ends a session's open pages in this process.
    """
    correct_dispatcher()
    portal = Litestar(
        [
            pages.start,
            pages.shell,
            files.upload_file,
            exports.export,
            downloads.download_file,
            downloads.download_invoice_file,
            downloads.download_invoice_pdf,
            downloads.download_contract,
            downloads.download_draft_contract,
            downloads.download_template,
            downloads.download_result,
        ],
        dependencies={"page": Provide(pages.signed_in)},
        middleware=[DefineMiddleware(OriginCheck, public_url=settings.public_url)],
        state=State({"settings": settings, "doors": services}),
        compression_config=CompressionConfig(backend="brotli", brotli_quality=5, brotli_gzip_fallback=True),
        exception_handlers={
            pages.SignInFirst: pages.on_sign_in_first,
            AppError: pages.on_app_error_page,
            Exception: pages.on_unexpected_error_page,
        },
        openapi_config=None,
        # The framework's own would write past the rules of `core/logs.py`.
        logging_config=None,
    )

    async def dispatch(scope: AsgiScope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (path in {"/", "/app"} or path.startswith("/app/")):
            await portal(scope, receive, send)  # type: ignore[arg-type]
        else:
            await api(scope, receive, send)  # type: ignore[arg-type]

    async def socket(scope: AsgiScope, receive: Receive, send: Send) -> None:
        await renderer(scope, receive, send)

    renderer = ReactPyMiddleware(portal, [COMPONENT])  # type: ignore[arg-type]
    return Gateway(dispatch, socket, settings, services)
