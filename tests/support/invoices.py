"""Invoices of test customers, through the door of the operator: documents of our own writer, and what became of them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.billing import service as billing
from backend.billing.intake.import_log import import_report, start_import
from backend.billing.intake.rules_process import check_here
from backend.billing.intake.sources import Source
from backend.billing.intake.taking import Checked, DocumentOutcome, take_document
from backend.billing.schemas import InvoiceFilter, InvoiceSummary
from backend.billing.ubl.document import InvoiceDocument, Party
from backend.billing.ubl.writing import write_document
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor
from tests.support.billing_documents import BUYER, a_document
from tests.support.database import TestDatabase
from tests.support.factories import Customer
from tests.support.jobs import drain

NADIA = Actor(OPERATOR_SCOPE, name="Nadia Operator", operator="Nadia Operator")
# Of the organisation that `make_customer` makes
ENTERPRISE = "0123456749"


def buyer_of(account: str, *, enterprise: str = ENTERPRISE) -> Party:
    return msgspec.structs.replace(
        BUYER,
        company_id=enterprise,
        vat_number=f"BE{enterprise}" if enterprise else "",
        endpoint=enterprise or BUYER.endpoint,
        identifiers=[(account, "")] if account else [],
    )


def invoice_for(
    customer: Customer, number: str = "2026-1", *, account: str = "", **changes: Any
) -> InvoiceDocument:
    """An invoice for a customer number, the first one unless another is named."""
    chosen = account or next(iter(customer.accounts))
    changes = {"buyer": buyer_of(chosen), "buyer_reference": "PO-1", "number": number} | changes
    return a_document(**changes)


def credit_for(customer: Customer, number: str = "NC-1", **changes: Any) -> InvoiceDocument:
    changes = {"is_credit_note": True, "type_code": "381", "due_on": None, "terms": "-"} | changes
    return invoice_for(customer, number, **changes)


async def check(content: bytes) -> Checked:
    """The rules in this process: starting another takes a second."""
    return check_here(content)


async def take(
    document: InvoiceDocument | bytes, *, pdf: bytes | None = None, check_only: bool = False
) -> DocumentOutcome:
    """Hand one document in; what became of it."""
    content = document if isinstance(document, bytes) else write_document(document)
    return await take_document(
        NADIA, Source(name="a.xml", content=content, pdf=pdf), check, check_only=check_only
    )


def archive(files: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    """A ZIP; a sequence may name a file twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            made.writestr(name, content)
    return out.getvalue()


async def hand_in(database: TestDatabase, name: str, content: bytes, *, check_only: bool = False) -> UUID:
    """Hand a file in over the same use case as REST, and have the worker read it."""
    import_id = await start_import(NADIA, file_name=name, content=content, check_only=check_only)
    await drain(database, only="billing.run_import")
    return import_id


async def outcomes(import_id: UUID) -> list[str]:
    return [one.outcome for one in (await import_report(NADIA, import_id)).items]


async def invoices_of(actor: Actor, **wanted: Any) -> list[InvoiceSummary]:
    return (await billing.list_invoices(actor, InvoiceFilter(**wanted))).items
