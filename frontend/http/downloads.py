"""Files that the portal gives: documents, contracts to sign, templates, and bulk files with their results."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from backend.billing.charge_views import invoice_to_print
from backend.billing.pdf import invoice_pdf
from backend.billing.service import read_invoice_file
from backend.bulk.service import file_template, result_file
from backend.core.errors import NotFound
from backend.documents.contracts import ContractText, contract_pdf
from backend.documents.file_checks import PDF
from backend.documents.service import read_document
from backend.orders.contracts import contract_for
from backend.orders.placement.draft_contracts import contract_of_draft
from backend.tabular.formats import TYPES
from backend.web.files import FILE_HEADERS, download
from frontend.http.pages import SignedIn
from frontend.page_context import PageContext


@get("/app/files/{document_id:uuid}")
async def download_file(page: SignedIn, document_id: FromPath[UUID]) -> Response[Any]:
    """A stored file as a download: another tenant's, one out of reach and a missing one are one answer."""
    found = await read_document(page.actor, document_id)
    return download(found.content, found.file.name, found.file.type)


@get("/app/files/invoices/{invoice_id:uuid}/{file_id:uuid}")
async def download_invoice_file(
    page: SignedIn, invoice_id: FromPath[UUID], file_id: FromPath[UUID]
) -> Response[Any]:
    """A file of an invoice, byte for byte."""
    found = await read_invoice_file(page.actor, invoice_id, file_id)
    return download(found.content, found.name, found.media_type)


@get("/app/files/invoice-pdf/{invoice_id:uuid}")
async def download_invoice_pdf(page: SignedIn, invoice_id: FromPath[UUID]) -> Response[Any]:
    """The printable invoice in the reader's language, where the operator sent none."""
    printed = await invoice_to_print(page.actor, invoice_id, language=page.text.language)
    content = await asyncio.to_thread(invoice_pdf, printed)
    return download(content, f"{printed.detail.summary.number}.pdf", PDF)


@get("/app/contracts/{line_id:uuid}/{profile:str}")
async def download_contract(page: SignedIn, line_id: FromPath[UUID], profile: FromPath[str]) -> Response[Any]:
    """The contract of shared billing for this line and its user, to be printed and signed."""
    return await _pdf(page, await contract_for(page.actor, line_id, profile=profile))


@get("/app/draft-contracts/{draft_id:uuid}")
async def download_draft_contract(page: SignedIn, draft_id: FromPath[UUID]) -> Response[Any]:
    """The contract of shared billing for a line that is still being asked for."""
    return await _pdf(page, await contract_of_draft(page.actor, draft_id))


async def _pdf(page: PageContext, contract: ContractText) -> Response[Any]:
    content = await asyncio.to_thread(contract_pdf, contract)
    headers = {**FILE_HEADERS, "content-disposition": f'attachment; filename="{page.text("contract")}.pdf"'}
    return Response(content, media_type=PDF, headers=headers)


@get("/app/templates/{file_name:str}")
async def download_template(page: SignedIn, file_name: FromPath[str]) -> Response[Any]:
    """The empty file of a kind, to fill in."""
    kind, _, ending = file_name.partition(".")
    if ending not in TYPES:
        raise NotFound
    content = await file_template(page.actor, kind, format="csv" if ending == "csv" else "xlsx")
    return download(content, file_name, TYPES[ending])


@get("/app/results/{upload_id:uuid}")
async def download_result(page: SignedIn, upload_id: FromPath[UUID]) -> Response[Any]:
    """A bulk file as it came, with the result of each row beside it."""
    found = await result_file(page.actor, upload_id)
    return download(found.content, found.file.name, found.file.type)
