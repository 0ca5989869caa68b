"""Plain HTTP of the portal: the HTML of a page's first view, exports, the language."""

from typing import Any, TypeAlias
from urllib.parse import quote

import structlog
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import SkipValidation
from litestar.response import Redirect

from backend.catalog.identifiers import REFERENCE
from backend.core.errors import AppError
from backend.core.i18n import choose_language
from backend.core.permissions import Permission
from backend.web.bodies import is_unreadable_body
from backend.web.origin import LONGEST_PATH
from backend.web.types import AnyRequest
from frontend.components.layout import skeleton
from frontend.components.loading import page_refused
from frontend.error_messages import ERROR_MESSAGES
from frontend.html import to_html
from frontend.http.gateway import page_of
from frontend.http.shell import page_html
from frontend.i18n import Translator, translatable, translator_for
from frontend.page_address import TOO_LONG_WORDS, UNREADABLE_WORDS, AddressProblem, address_problem
from frontend.page_context import PageContext
from frontend.page_errors import new_error_reference
from frontend.pages.fleet.page import first_view
from frontend.routes import exists, nothing_here

log = structlog.get_logger()

# Litestar would try to convert the page's own types.
SignedIn: TypeAlias = NamedDependency[SkipValidation[PageContext]]

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
STATUS_MESSAGES = {
    404: translatable("There is nothing at this address"),
    413: translatable("The file is larger than 10 MB. Choose a smaller one."),
    414: TOO_LONG_WORDS,
}
NOT_KEPT = {**SECURITY_HEADERS, "cache-control": "no-store"}


def query_of(request: AnyRequest) -> str:
    return str(request.scope["query_string"].decode("latin-1"))


def sign_in(request: AnyRequest) -> Redirect:
    """To the sign-in page, and back here afterwards."""
    path, query = request.url.path, query_of(request)
    here = f"{path}?{query}" if query else path
    if len(here) > LONGEST_PATH:
        here = path
    return Redirect(f"/auth/login?next={quote(here, safe='')}", status_code=303, headers=NOT_KEPT)


class SignInFirst(Exception):
    """Nobody is signed in: the browser is sent to sign in."""


async def signed_in(request: AnyRequest) -> PageContext:
    """Who asks. Raises SignInFirst where nobody is signed in."""
    page = await page_of(request)
    if page is None:
        raise SignInFirst
    return page


def on_sign_in_first(request: AnyRequest, _error: SignInFirst) -> Redirect:
    return sign_in(request)


@get("/")
async def start() -> Redirect:
    return Redirect("/app", status_code=303, headers=NOT_KEPT)


@get(["/app", "/app/{path:path}"])
async def shell(request: AnyRequest, page: SignedIn) -> Response[Any]:
    """A page: the frame, and the first view of what is in it."""
    path, query = request.url.path, query_of(request)
    if address_problem(path, query) is AddressProblem.TOO_LONG:
        refused = page_html(page, path, to_html(page_refused(page.text)))
        return Response(refused, status_code=414, media_type=MediaType.HTML, headers=NOT_KEPT)
    asked = request.query_params.get("search", "").strip().upper()
    if path == "/app/fleet" and REFERENCE.fullmatch(asked) and page.may(Permission.ORDERS_READ):
        # A search without script that names a request
        return Redirect(f"/app/requests/{asked}", status_code=303, headers=NOT_KEPT)
    if not await exists(page, path, query):
        nothing = page_html(page, path, to_html(nothing_here(page, path, query)))
        return Response(nothing, status_code=404, media_type=MediaType.HTML, headers=NOT_KEPT)
    if path == "/app/fleet" and page.may(Permission.LINES_READ):
        first = await first_view(page, query)
    else:
        first = to_html(skeleton(page.text))
    return Response(page_html(page, path, first), media_type=MediaType.HTML, headers=NOT_KEPT)


def words_for(request: AnyRequest) -> Translator:
    """The language that the browser asks for: of an answer that no page of the person was made for."""
    return translator_for(choose_language(request.headers.get("accept-language", "")))


def on_app_error_page(request: AnyRequest, error: AppError) -> Response[str]:
    words = words_for(request)(ERROR_MESSAGES.get(error.code, error.message))
    return Response(words, status_code=error.status, media_type=MediaType.TEXT, headers=NOT_KEPT)


def on_unexpected_error_page(request: AnyRequest, error: Exception) -> Response[str]:
    """Anything unexpected: in the log with a reference, and the reference to the person."""
    text = words_for(request)
    if is_unreadable_body(error):
        error = HTTPException(status_code=400)
    if isinstance(error, HTTPException):
        words = text(STATUS_MESSAGES.get(error.status_code, UNREADABLE_WORDS))
        return Response(words, status_code=error.status_code, media_type=MediaType.TEXT, headers=NOT_KEPT)
    ref = new_error_reference()
    log.error("page failed", path=request.url.path, reference=ref, exc_info=error)
    words = text(
        "Something went wrong on our side. Try again, or give the support this reference: {reference}.",
        reference=ref,
    )
    return Response(words, status_code=500, media_type=MediaType.TEXT, headers=NOT_KEPT)
