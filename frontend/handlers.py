"""Plain HTTP of the portal: the HTML of a page's first view, exports, the language."""

from collections.abc import AsyncIterator
from typing import IO, Any
from urllib.parse import quote

import structlog
from litestar import MediaType, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from backend.core.errors import Refusal
from backend.core.permissions import Permission
from backend.lines.export import Format, export_lines
from backend.orders.export import export_items
from backend.settings import Settings
from backend.usage.export import export_usage
from frontend.components.layout import skeleton
from frontend.gateway import open_visit
from frontend.hooks import reference
from frontend.labels import ITEM_STATES, LINE_STATES, line_state_words
from frontend.markup import to_html
from frontend.pages.fleet.page import first_view
from frontend.pages.fleet.view import read_view
from frontend.pages.usage.page import asked
from frontend.shell import page_html
from frontend.visit import Doors, Visit

log = structlog.get_logger()

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
CHUNK = 64 * 1024


async def visit_of(request: Request[Any, Any, Any]) -> Visit | None:
    settings: Settings = request.app.state["settings"]
    doors: Doors = request.app.state["doors"]
    return await open_visit(settings, doors, dict(request.scope["headers"]))


def _query(request: Request[Any, Any, Any]) -> str:
    return str(request.scope["query_string"].decode("latin-1"))


def sign_in(request: Request[Any, Any, Any]) -> Redirect:
    """To the sign-in page, and back here afterwards."""
    path, query = request.url.path, _query(request)
    here = f"{path}?{query}" if query else path
    return Redirect(f"/auth/login?next={quote(here, safe='')}", status_code=303, headers=NOT_KEPT)


@get("/")
async def start() -> Redirect:
    return Redirect("/app", status_code=303, headers=NOT_KEPT)


@get(["/app", "/app/{path:path}"])
async def shell(request: Request[Any, Any, Any]) -> Response[Any]:
    """A page: the frame, and the first view of what is in it."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    path = request.url.path
    if path == "/app/fleet" and visit.may(Permission.LINES_READ):
        first = await first_view(visit, _query(request))
    else:
        first = to_html(skeleton(visit.text))
    return Response(page_html(visit, path, first), media_type=MediaType.HTML, headers=NOT_KEPT)


@get("/app/export/{file_name:str}")
async def export(request: Request[Any, Any, Any], file_name: FromPath[str]) -> Response[Any] | Stream:
    """The list of an address as a file, with all its pages."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    list_name, _, kind = file_name.partition(".")
    if list_name.startswith("request-") and kind in EXPORT_TYPES:
        return await _items(visit, list_name.removeprefix("request-"), "csv" if kind == "csv" else "xlsx")
    if list_name not in {"lines", "usage"} or kind not in EXPORT_TYPES:
        raise HTTPException(status_code=404, detail="not found")
    if list_name == "usage":
        return await _usage(visit, _query(request), "csv" if kind == "csv" else "xlsx")
    text, view = visit.text, read_view(_query(request))
    headings = [
        text("Surname, first name"),
        text("Number"),
        text("Customer number"),
        text("Product type"),
        text("Tariff plan"),
        text("Options"),
        text("Status"),
        text("SIM number"),
    ]
    file = await export_lines(
        visit.actor,
        view.filter,
        format="csv" if kind == "csv" else "xlsx",
        sort=view.sort,
        descending=view.descending,
        headings=headings,
        statuses={
            **{code: line_state_words(text, code) for code in LINE_STATES},
            "voice_data": text("Voice and data"),
            "data_only": text("Data only"),
        },
    )
    headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{text("fleet")}.{kind}"'}
    return Stream(_chunks(file), media_type=EXPORT_TYPES[kind], headers=headers)


async def _items(visit: Visit, reference: str, kind: Format) -> Stream:
    """What became of every line of a request."""
    text = visit.text
    headings = [
        text("Reference"),
        text("Number"),
        text("User"),
        text("Change"),
        text("Status"),
        text("Reason"),
        text("Words of the carrier"),
    ]
    states = {code.value: text(words) for code, (words, _, _) in ITEM_STATES.items()}
    file = await export_items(visit.actor, reference, format=kind, headings=headings, states=states)
    headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{reference}.{kind}"'}
    return Stream(_chunks(file), media_type=EXPORT_TYPES[kind], headers=headers)


async def _usage(visit: Visit, query: str, kind: Format) -> Stream:
    """Usage of a month, one row a line."""
    text, (month, _) = visit.text, asked(query)
    headings = [
        text("Surname, first name"),
        text("Number"),
        text("Customer number"),
        text("Cost centre"),
        text("Tariff plan"),
        text("Month"),
        text("Mobile data (bytes)"),
        text("Calls (seconds)"),
        text("Messages"),
        text("Paid by the company, excl. VAT"),
    ]
    file = await export_usage(visit.actor, period=month, format=kind, headings=headings, sheet=text("Usage"))
    headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{text("usage")}.{kind}"'}
    return Stream(_chunks(file), media_type=EXPORT_TYPES[kind], headers=headers)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while part := file.read(CHUNK):
            yield part


def on_refusal(_request: Request[Any, Any, Any], error: Refusal) -> Response[str]:
    return Response(error.message, status_code=error.status, media_type=MediaType.TEXT, headers=NOT_KEPT)


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Anything unexpected: in the log with a reference, and the reference to the person."""
    if isinstance(error, HTTPException):
        return Response(
            error.detail, status_code=error.status_code, media_type=MediaType.TEXT, headers=NOT_KEPT
        )
    ref = reference()
    log.error("page failed", path=request.url.path, reference=ref, exc_info=error)
    words = f"Something went wrong on our side. Try again, or give the support this reference: {ref}."
    return Response(words, status_code=500, media_type=MediaType.TEXT, headers=NOT_KEPT)
