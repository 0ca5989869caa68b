"""Refusals as problem details (RFC 9457), and the answers that every route declares."""

import secrets
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec

from backend.core.database_errors import to_app_error
from backend.core.errors import AppError, Unavailable, ValidationFailed
from backend.web.bodies import is_unreadable_body
from backend.web.types import AnyRequest
from tenants.transaction import ActorChanged

log = structlog.get_logger()

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = "2"
CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: `code` is stable, `detail` is for people, `fields` names the input at fault."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str = ""
    fields: dict[str, str] = {}
    reference: str = ""


def problem_response(
    status: int,
    *,
    detail: str = "",
    code: str = "",
    fields: dict[str, str] | None = None,
    reference: str = "",
    headers: dict[str, str] | None = None,
) -> Response[Problem]:
    """A problem document (RFC 9457); its title is the phrase of the status."""
    title = HTTPStatus(status).phrase
    problem = Problem(
        title=title, status=status, detail=detail, code=code, fields=fields or {}, reference=reference
    )
    return Response(problem, status_code=status, media_type=PROBLEM_JSON, headers=headers or {})


def on_app_error(_: AnyRequest, refusal: AppError) -> Response[Problem]:
    """The answer to what a use case refused."""
    fields = dict(refusal.fields) if isinstance(refusal, ValidationFailed) else {}
    headers = {"retry-after": RETRY_AFTER_SECONDS} if isinstance(refusal, Unavailable) else {}
    return problem_response(
        refusal.status, detail=refusal.message, code=refusal.code, fields=fields, headers=headers
    )


def on_changed_actor(_: AnyRequest, __: ActorChanged) -> Response[Problem]:
    """The answer where the session or the token ended since it was read."""
    return unauthorised("This token or session has ended.")


def unauthorised(detail: str) -> Response[Problem]:
    """401, with the scheme that is asked for."""
    return problem_response(401, detail=detail, code="unauthorised", headers={"www-authenticate": "Bearer"})


def on_http(_: AnyRequest, error: HTTPException) -> Response[Problem]:
    """What the framework refuses before a handler runs: unreadable input, unknown routes, wrong methods."""
    if error.status_code == 401:
        return unauthorised(error.detail)
    fields: dict[str, str] = {}
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        fields = {
            str(entry.get("key", "")): str(entry.get("message", ""))
            for entry in error.extra
            if isinstance(entry, dict)
        }
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    code = CODES.get(error.status_code, "bad_request")
    return problem_response(error.status_code, detail=error.detail, code=code, fields=fields, headers=headers)


def path_of(request: AnyRequest) -> str:
    """A path for the log, without the token after /p/<purpose>/, which a reader of the log could use."""
    path = request.url.path
    return f"/p/{path.split('/')[2]}/…" if path.startswith("/p/") else path


def on_unexpected_error(request: AnyRequest, error: Exception) -> Response[Problem]:
    """The answer to anything else: 500 with the reference that the log has, or a refusal that it stands for."""
    # Outside a use case: who acts is looked up, a callback is stored
    if refusal := to_app_error(error):
        log.warning("request failed", path=path_of(request), why=f"{type(error).__name__}: {error}")
        return on_app_error(request, refusal)
    if is_unreadable_body(error):
        return problem_response(400, detail="The body cannot be read.", code="bad_request")
    reference = secrets.token_hex(4)
    log.error("request failed", path=path_of(request), reference=reference, exc_info=error)
    return problem_response(
        500, detail=f"Something went wrong on our side. Quote {reference}.", reference=reference
    )


HANDLERS: dict[Any, Any] = {
    AppError: on_app_error,
    ActorChanged: on_changed_actor,
    HTTPException: on_http,
    Exception: on_unexpected_error,
}


def problem_specs(*statuses: int) -> dict[int, ResponseSpec]:
    """The OpenAPI entries of the refusals a route may give; 503, while the database is away, is any route's."""
    return {
        status: ResponseSpec(Problem, description=HTTPStatus(status).phrase, media_type=PROBLEM_JSON)
        for status in (*statuses, 503)
    }
