"""Files of the portal: one is stored, with the session's cookie, and downloaded again."""

import asyncio
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect

from backend.api.bulk import TYPES
from backend.api.documents import FILE_HEADERS, LARGEST_BODY, attachment, download
from backend.api.flows import own_path
from backend.api.problems import PROBLEM_JSON, Problem
from backend.bulk.service import file_template, result_file
from backend.core.errors import Invalid, NotFound, Refusal, SignedOut
from backend.documents.contracts import contract_pdf
from backend.documents.service import read_document, store
from backend.documents.sniffing import LARGEST, PDF, Refused, too_large
from backend.orders.contracts import contract_for
from backend.orders.draft_contracts import contract_of_draft
from frontend.handlers import NOT_KEPT, sign_in, visit_of
from frontend.refusals import REFUSALS
from frontend.text import Text, choose_language, mark, text_for

NO_FILE = mark("Choose a file.")


@post("/app/files", status_code=200, request_max_body_size=LARGEST_BODY)
async def take_file(request: Request[Any, Any, Any]) -> Response[Any]:
    """Store a file. A script gets JSON; a form without one is led back to its page with the file's id in the address."""
    visit = await visit_of(request)
    plain = "application/json" not in request.headers.get("accept", "")
    if visit is None:
        return sign_in(request) if plain else _problem(text_for(_language(request)), SignedOut())
    try:
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Refused("file_missing", NO_FILE)
        stored = await store(
            visit.actor,
            purpose=str(form.get("purpose", "")),
            file_name=file.filename,
            content=await file.read(LARGEST + 1),
        )
    except HTTPException as error:
        if error.status_code != 413:
            raise
        return _refuse(visit.text, too_large(), plain=plain)
    except Refusal as refusal:
        return _refuse(visit.text, refusal, plain=plain)
    if plain:
        back = own_path(str(form.get("next", "/app")))
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


@get("/app/files/{document_id:uuid}")
async def give_file(request: Request[Any, Any, Any], document_id: FromPath[UUID]) -> Response[Any]:
    """A stored file as a download: another tenant's, one out of reach and a missing one are one answer."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    return attachment(await read_document(visit.actor, document_id))


@get("/app/contracts/{line_id:uuid}/{profile:str}")
async def give_contract(
    request: Request[Any, Any, Any], line_id: FromPath[UUID], profile: FromPath[str]
) -> Response[Any]:
    """The contract of shared billing for this line and its user, to be printed and signed."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    contract = await contract_for(visit.actor, line_id, profile=profile)
    content = await asyncio.to_thread(contract_pdf, contract)
    headers = {**FILE_HEADERS, "content-disposition": f'attachment; filename="{visit.text("contract")}.pdf"'}
    return Response(content, media_type=PDF, headers=headers)


@get("/app/draft-contracts/{draft_id:uuid}")
async def give_draft_contract(request: Request[Any, Any, Any], draft_id: FromPath[UUID]) -> Response[Any]:
    """The contract of shared billing for a line that is still being asked for."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    contract = await contract_of_draft(visit.actor, draft_id)
    content = await asyncio.to_thread(contract_pdf, contract)
    headers = {**FILE_HEADERS, "content-disposition": f'attachment; filename="{visit.text("contract")}.pdf"'}
    return Response(content, media_type=PDF, headers=headers)


@get("/app/templates/{file_name:str}")
async def give_template(request: Request[Any, Any, Any], file_name: FromPath[str]) -> Response[Any]:
    """The empty file of a kind, to fill in."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    kind, _, ending = file_name.partition(".")
    if ending not in TYPES:
        raise NotFound
    content = await file_template(visit.actor, kind, format="csv" if ending == "csv" else "xlsx")
    return download(content, file_name, TYPES[ending])


@get("/app/results/{upload_id:uuid}")
async def give_result(request: Request[Any, Any, Any], upload_id: FromPath[UUID]) -> Response[Any]:
    """A bulk file as it came, with the result of each row beside it."""
    visit = await visit_of(request)
    if visit is None:
        return sign_in(request)
    return attachment(await result_file(visit.actor, upload_id))


def _language(request: Request[Any, Any, Any]) -> str:
    return choose_language(request.headers.get("accept-language", ""))


def _words(text: Text, refusal: Refusal) -> str:
    return text(REFUSALS.get(refusal.code, refusal.message))


def _refuse(text: Text, refusal: Refusal, *, plain: bool) -> Response[Any]:
    if plain:
        return Response(
            _words(text, refusal),
            status_code=refusal.status,
            media_type="text/plain; charset=utf-8",
            headers=NOT_KEPT,
        )
    return _problem(text, refusal)


def _problem(text: Text, refusal: Refusal) -> Response[Any]:
    words = _words(text, refusal)
    fields = dict.fromkeys(refusal.fields, words) if isinstance(refusal, Invalid) else {}
    problem = Problem(
        title=text("There is a problem"),
        status=refusal.status,
        detail=words,
        code=refusal.code,
        fields=fields,
    )
    return Response(problem, status_code=refusal.status, media_type=PROBLEM_JSON, headers=NOT_KEPT)
