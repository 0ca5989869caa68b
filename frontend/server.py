"""`create_web(settings, api, doors)`: the gateway around the portal's pages, the app's socket and the API."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.config.compression import CompressionConfig
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Stream
from reactpy.executors.asgi import ReactPyMiddleware

from backend.core.errors import Refusal
from backend.core.permissions import Permission
from backend.settings import Settings
from frontend.client import correct_dispatcher
from frontend.components.layout import skeleton
from frontend.gateway import App, Gateway, Receive, Scope, Send, open_visit
from frontend.markup import to_html
from frontend.pages.fleet.page import first_view
from frontend.pages.fleet.view import read_view
from frontend.shell import COMPONENT, page_html
from frontend.text import LANGUAGES
from frontend.visit import Doors, Visit

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
NOT_KEPT = {**SECURITY_HEADERS, "cache-control": "no-store"}
EXPORT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def sign_in(path: str, query: str) -> Redirect:
    """To the sign-in page, and back here afterwards."""
    here = f"{path}?{query}" if query else path
    return Redirect(f"/auth/login?next={quote(here, safe='')}", status_code=303, headers=NOT_KEPT)


def pages(settings: Settings, doors: Doors) -> Litestar:
    """The HTML shell of every page, the exports and the language."""

    async def visit_of(request: Request[Any, Any, Any]) -> Visit | None:
        return await open_visit(settings, doors, dict(request.scope["headers"]))

    @get(["/", "/app", "/app/{path:path}"])
    async def shell(request: Request[Any, Any, Any], path: str = "") -> Response[Any]:
        query = request.scope["query_string"].decode("latin-1")
        visit = await visit_of(request)
        if visit is None:
            return sign_in(request.url.path if path else "/app", query)
        if request.url.path == "/":
            return Redirect("/app", status_code=303, headers=NOT_KEPT)
        body = page_html(visit, request.url.path, await _first(visit, request.url.path, query))
        return Response(body, media_type=MediaType.HTML, headers=NOT_KEPT)

    @get("/app/export/lines.{kind:str}")
    async def export(request: Request[Any, Any, Any], kind: str) -> Response[Any] | Stream:
        from backend.lines import export as exports

        query = request.scope["query_string"].decode("latin-1")
        visit = await visit_of(request)
        if visit is None:
            return sign_in(request.url.path, query)
        if kind not in EXPORT_TYPES:
            raise HTTPException(status_code=404, detail="not found")
        view = read_view(query)
        chunks = exports.export(
            visit.actor, view.filter, kind=kind, sort=view.sort, descending=view.descending
        )
        name = f"{visit.text('fleet')}.{kind}"
        headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{name}"'}
        return Stream(chunks, media_type=EXPORT_TYPES[kind], headers=headers)

    @post("/app/language", status_code=303)
    async def language(request: Request[Any, Any, Any]) -> Response[Any]:
        if request.headers.get("origin") != settings.public_url:
            raise HTTPException(status_code=403, detail="foreign origin")
        visit = await visit_of(request)
        code = str((await request.form()).get("language", ""))
        if visit is None or code not in LANGUAGES:
            raise HTTPException(status_code=400, detail="no such language")
        await doors.set_language(visit.actor, code)
        back = request.headers.get("referer", "")
        to = (
            back.removeprefix(settings.public_url)
            if back.startswith(f"{settings.public_url}/app")
            else "/app"
        )
        jar: SimpleCookie = SimpleCookie({"fleetline_language": code})
        jar["fleetline_language"].update(
            {"path": "/", "samesite": "Lax", "max-age": 31536000, "secure": settings.secure}
        )
        return Response(
            b"",
            status_code=303,
            headers={**NOT_KEPT, "location": to, "set-cookie": jar["fleetline_language"].OutputString()},
        )

    def refused(_request: Request[Any, Any, Any], error: Refusal) -> Response[str]:
        return Response(error.message, status_code=error.status, media_type=MediaType.TEXT, headers=NOT_KEPT)

    return Litestar(
        [shell, export, language],
        compression_config=CompressionConfig(backend="brotli", brotli_quality=4, brotli_gzip_fallback=True),
        openapi_config=None,
        exception_handlers={Refusal: refused},
    )


async def _first(visit: Visit, path: str, query: str) -> str:
    """The first view of a page: the fleet's list, elsewhere the shapes of what comes."""
    if path == "/app/fleet" and visit.may(Permission.LINES_READ):
        return await first_view(visit, query)
    return to_html(skeleton(visit.text))


def create_web(settings: Settings, api: App, doors: Doors) -> Gateway:
    """The whole web process as one ASGI application. `close_session` on it ends a session's open pages."""
    correct_dispatcher()
    portal = pages(settings, doors)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        ours = scope["type"] == "http" and (path in {"/", "/app"} or path.startswith("/app/"))
        await (_as_app(portal) if ours else api)(scope, receive, send)

    socket = ReactPyMiddleware(_as_app(portal), [COMPONENT])  # type: ignore[arg-type]
    return Gateway(dispatch, _as_app(socket), settings, doors)


def _as_app(app: Callable[..., Any]) -> App:
    return app
