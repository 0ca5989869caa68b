"""Storing one file, with the session's cookie, from a script or from a plain form."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Response, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from backend.core.errors import AppError, FileRejected, NotAuthenticated, ValidationFailed
from backend.core.i18n import choose_language
from backend.documents.file_checks import LARGEST, LARGEST_BODY, too_large
from backend.documents.service import store_document
from backend.web.origin import safe_return_path
from backend.web.problems import PROBLEM_JSON, Problem
from backend.web.types import AnyRequest
from frontend.error_messages import ERROR_MESSAGES
from frontend.http.gateway import page_of
from frontend.http.pages import NOT_KEPT, sign_in
from frontend.i18n import Translator, translatable, translator_for

NO_FILE = translatable("Choose a file.")


@post("/app/files", status_code=200, request_max_body_size=LARGEST_BODY)
async def upload_file(request: AnyRequest) -> Response[Any]:
    """Store a file. A script gets JSON; a form without one is led back to its page with the file's id in the address."""
    page = await page_of(request)
    plain = "application/json" not in request.headers.get("accept", "")
    if page is None:
        return sign_in(request) if plain else _problem(translator_for(_language(request)), NotAuthenticated())
    try:
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise FileRejected("file_missing", NO_FILE)
        stored = await store_document(
            page.actor,
            purpose=str(form.get("purpose", "")),
            file_name=file.filename,
            content=await file.read(LARGEST + 1),
        )
    except HTTPException as error:
        if error.status_code != 413:
            raise
        return _refuse(page.text, too_large(), plain=plain)
    except AppError as refusal:
        return _refuse(page.text, refusal, plain=plain)
    if plain:
        back = safe_return_path(str(form.get("next", "/app")))
        return Redirect(
            f"{_without_file(back)}{urlencode({'document': stored.id})}", status_code=303, headers=NOT_KEPT
        )
    told = {"id": stored.id, "name": stored.name, "size": stored.size, "type": stored.type}
    return Response(told, headers=NOT_KEPT)


def _without_file(path: str) -> str:
    """The address with a place for the id after it."""
    parts = urlsplit(path)
    kept = "&".join(part for part in parts.query.split("&") if part and not part.startswith("document="))
    return f"{parts.path}?{kept}&" if kept else f"{parts.path}?"


def _language(request: AnyRequest) -> str:
    return choose_language(request.headers.get("accept-language", ""))


def _words(text: Translator, refusal: AppError) -> str:
    return text(ERROR_MESSAGES.get(refusal.code, refusal.message))


def _refuse(text: Translator, refusal: AppError, *, plain: bool) -> Response[Any]:
    if plain:
        return Response(
            _words(text, refusal),
            status_code=refusal.status,
            media_type="text/plain; charset=utf-8",
            headers=NOT_KEPT,
        )
    return _problem(text, refusal)


def _problem(text: Translator, refusal: AppError) -> Response[Any]:
    words = _words(text, refusal)
    fields = dict.fromkeys(refusal.fields, words) if isinstance(refusal, ValidationFailed) else {}
    problem = Problem(
        title=text("There is a problem"),
        status=refusal.status,
        detail=words,
        code=refusal.code,
        fields=fields,
    )
    return Response(problem, status_code=refusal.status, media_type=PROBLEM_JSON, headers=NOT_KEPT)
