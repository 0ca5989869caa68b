"""Files of the portal: one is stored, with the session's cookie, and downloaded again."""

import asyncio
from collections.abc import AsyncIterator
from typing import IO, Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from backend.bulk.service import file_template, result_file
from backend.core.errors import AppError, NotAuthenticated, NotFound, ValidationFailed
from backend.core.i18n import choose_language
from backend.core.spreadsheets import TYPES
from backend.documents.contracts import contract_pdf
from backend.documents.file_checks import LARGEST, LARGEST_BODY, PDF, FileRejected, too_large
from backend.documents.service import read_document, store_document
from backend.lines.export import ExportFormat, export_lines
from backend.orders.contracts import contract_for
from backend.orders.export import export_items
from backend.orders.placement.draft_contracts import contract_of_draft
from backend.usage.export import export_usage
from backend.web.files import FILE_HEADERS, download
from backend.web.origin import safe_return_path
from backend.web.problems import PROBLEM_JSON, Problem
from backend.web.types import AnyRequest
from frontend.error_messages import ERROR_MESSAGES
from frontend.http.gateway import page_of
from frontend.http.pages import NOT_KEPT, read_query, sign_in
from frontend.i18n import Translator, translatable, translator_for
from frontend.labels import ITEM_STATES, LINE_STATES, line_state_words
from frontend.page_context import PageContext
from frontend.pages.fleet.view import read_view
from frontend.pages.usage.page import read_filter

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


@get("/app/files/{document_id:uuid}")
async def download_file(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    """A stored file as a download: another tenant's, one out of reach and a missing one are one answer."""
    page = await page_of(request)
    if page is None:
        return sign_in(request)
    found = await read_document(page.actor, document_id)
    return download(found.content, found.file.name, found.file.type)


@get("/app/contracts/{line_id:uuid}/{profile:str}")
async def download_contract(
    request: AnyRequest, line_id: FromPath[UUID], profile: FromPath[str]
) -> Response[Any]:
    """The contract of shared billing for this line and its user, to be printed and signed."""
    page = await page_of(request)
    if page is None:
        return sign_in(request)
    contract = await contract_for(page.actor, line_id, profile=profile)
    content = await asyncio.to_thread(contract_pdf, contract)
    headers = {**FILE_HEADERS, "content-disposition": f'attachment; filename="{page.text("contract")}.pdf"'}
    return Response(content, media_type=PDF, headers=headers)


@get("/app/draft-contracts/{draft_id:uuid}")
async def download_draft_contract(request: AnyRequest, draft_id: FromPath[UUID]) -> Response[Any]:
    """The contract of shared billing for a line that is still being asked for."""
    page = await page_of(request)
    if page is None:
        return sign_in(request)
    contract = await contract_of_draft(page.actor, draft_id)
    content = await asyncio.to_thread(contract_pdf, contract)
    headers = {**FILE_HEADERS, "content-disposition": f'attachment; filename="{page.text("contract")}.pdf"'}
    return Response(content, media_type=PDF, headers=headers)


@get("/app/templates/{file_name:str}")
async def download_template(request: AnyRequest, file_name: FromPath[str]) -> Response[Any]:
    """The empty file of a kind, to fill in."""
    page = await page_of(request)
    if page is None:
        return sign_in(request)
    kind, _, ending = file_name.partition(".")
    if ending not in TYPES:
        raise NotFound
    content = await file_template(page.actor, kind, format="csv" if ending == "csv" else "xlsx")
    return download(content, file_name, TYPES[ending])


@get("/app/results/{upload_id:uuid}")
async def download_result(request: AnyRequest, upload_id: FromPath[UUID]) -> Response[Any]:
    """A bulk file as it came, with the result of each row beside it."""
    page = await page_of(request)
    if page is None:
        return sign_in(request)
    found = await result_file(page.actor, upload_id)
    return download(found.content, found.file.name, found.file.type)


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


EXPORT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


CHUNK = 64 * 1024


@get("/app/export/{file_name:str}")
async def export(request: AnyRequest, file_name: FromPath[str]) -> Response[Any] | Stream:
    """The list of an address as a file, with all its pages."""
    page = await page_of(request)
    if page is None:
        return sign_in(request)
    list_name, _, kind = file_name.partition(".")
    if list_name.startswith("request-") and kind in EXPORT_TYPES:
        return await _items(page, list_name.removeprefix("request-"), "csv" if kind == "csv" else "xlsx")
    if list_name not in {"lines", "usage"} or kind not in EXPORT_TYPES:
        raise HTTPException(status_code=404, detail="not found")
    if list_name == "usage":
        return await _usage(page, read_query(request), "csv" if kind == "csv" else "xlsx")
    text, view = page.text, read_view(read_query(request))
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
        page.actor,
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


async def _items(page: PageContext, reference: str, kind: ExportFormat) -> Stream:
    """What became of every line of a request."""
    text = page.text
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
    file = await export_items(page.actor, reference, format=kind, headings=headings, states=states)
    headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{reference}.{kind}"'}
    return Stream(_chunks(file), media_type=EXPORT_TYPES[kind], headers=headers)


async def _usage(page: PageContext, query: str, kind: ExportFormat) -> Stream:
    """Usage of a month, one row a line."""
    text, (month, _) = page.text, read_filter(query)
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
    file = await export_usage(page.actor, period=month, format=kind, headings=headings, sheet=text("Usage"))
    headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{text("usage")}.{kind}"'}
    return Stream(_chunks(file), media_type=EXPORT_TYPES[kind], headers=headers)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while part := file.read(CHUNK):
            yield part
