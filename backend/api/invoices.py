"""Invoices over REST, as on the pages."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, get
from litestar import Response as Answer
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter

from backend.api.usage import month_of
from backend.billing import charge_views, service
from backend.billing.pdf import invoice_pdf
from backend.billing.schemas import (
    Balance,
    CentreTotal,
    ChargeRow,
    InvoiceDetail,
    InvoiceFilter,
    InvoiceGroup,
    InvoiceList,
    NumberTotal,
)
from backend.web.files import download
from backend.web.problems import problem_specs
from tenants.scope import Actor

InvoiceGroupParameter = Annotated[
    InvoiceGroup, QueryParameter(description="Only those that stand in this way.")
]
InvoiceAccountParameter = Annotated[
    str, QueryParameter(description="Only of this customer number.", max_length=60)
]
InvoiceMonthParameter = Annotated[
    str, QueryParameter(description="Only issued in this month, as yyyy-mm.", max_length=7)
]
InvoiceSearchParameter = Annotated[
    str, QueryParameter(description="Number, communication or amount.", max_length=60)
]
InvoiceLimitParameter = Annotated[int, QueryParameter(ge=1, le=service.MOST_LISTED)]
ChargeLimitParameter = Annotated[int, QueryParameter(ge=1, le=charge_views.MOST_CHARGES)]
InvoiceOffsetParameter = Annotated[int, QueryParameter(ge=0, le=10**6)]
PdfLanguage = Annotated[
    Literal["fr", "nl", "de", "en"], QueryParameter(description="Of the words around the figures.")
]


class InvoicesController(Controller):
    """Invoices and credit notes of customer numbers."""

    path = "/invoices"
    tags = ("Invoices",)

    @get(responses=problem_specs(400, 401, 403, 422), summary="List invoices")
    async def list_invoices(
        self,
        actor: NamedDependency[Actor],
        group: InvoiceGroupParameter = InvoiceGroup.ALL,
        account: InvoiceAccountParameter = "",
        month: InvoiceMonthParameter = "",
        search: InvoiceSearchParameter = "",
        limit: InvoiceLimitParameter = 50,
        offset: InvoiceOffsetParameter = 0,
    ) -> InvoiceList:
        wanted = InvoiceFilter(group=group, account=account, month=month_of(month), search=search)
        return await service.list_invoices(actor, wanted, limit=limit, offset=offset)

    @get("/balance", responses=problem_specs(400, 401, 403), summary="What is owed, per customer number")
    async def balance(self, actor: NamedDependency[Actor]) -> Balance:
        return await service.balance(actor)

    @get("/{invoice_id:uuid}", responses=problem_specs(400, 401, 403, 404), summary="One invoice")
    async def invoice(self, actor: NamedDependency[Actor], invoice_id: FromPath[UUID]) -> InvoiceDetail:
        return await service.get_invoice(actor, invoice_id)

    @get(
        "/{invoice_id:uuid}/numbers",
        responses=problem_specs(400, 401, 403, 404),
        summary="The charges of each number",
    )
    async def numbers(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        limit: InvoiceLimitParameter = 50,
        offset: InvoiceOffsetParameter = 0,
    ) -> list[NumberTotal]:
        return await charge_views.charges_by_number(actor, invoice_id, limit=limit, offset=offset)

    @get(
        "/{invoice_id:uuid}/cost-centres",
        responses=problem_specs(400, 401, 403, 404),
        summary="The charges of each cost centre",
    )
    async def centres(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        limit: InvoiceLimitParameter = charge_views.MOST_LISTED,
        offset: InvoiceOffsetParameter = 0,
    ) -> list[CentreTotal]:
        return await charge_views.charges_by_centre(actor, invoice_id, limit=limit, offset=offset)

    @get(
        "/{invoice_id:uuid}/charges",
        responses=problem_specs(400, 401, 403, 404),
        summary="The charges of one number",
    )
    async def charges(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        msisdn: Annotated[
            str,
            QueryParameter(description="In E.164; empty: of the customer number as a whole.", max_length=20),
        ] = "",
        limit: ChargeLimitParameter = charge_views.MOST_CHARGES,
        offset: InvoiceOffsetParameter = 0,
    ) -> list[ChargeRow]:
        return await charge_views.charges_of_number(actor, invoice_id, msisdn, limit=limit, offset=offset)

    @get(
        "/{invoice_id:uuid}/pdf",
        responses={
            200: ResponseSpec(bytes, description="PDF/A-3b", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="The printable invoice, made from the document",
    )
    async def pdf(
        self, actor: NamedDependency[Actor], invoice_id: FromPath[UUID], language: PdfLanguage = "en"
    ) -> Answer[bytes]:
        printed = await charge_views.invoice_to_print(actor, invoice_id, language=language)
        content = await asyncio.to_thread(invoice_pdf, printed)
        return download(content, f"{printed.detail.summary.number}.pdf", "application/pdf")

    @get(
        "/{invoice_id:uuid}/files/{file_id:uuid}",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="A file of an invoice, byte for byte",
    )
    async def file(
        self, actor: NamedDependency[Actor], invoice_id: FromPath[UUID], file_id: FromPath[UUID]
    ) -> Answer[bytes]:
        found = await service.read_invoice_file(actor, invoice_id, file_id)
        return download(found.content, found.name, found.media_type)
