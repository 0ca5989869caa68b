"""Invoices that wait for money, what the bank says of it, and what the ledger then says."""

import secrets
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from backend.billing.bank.decisions import MovementInfo, bank_movements
from backend.billing.bank.keeping import StatementOutcome, take_file
from backend.billing.intake.booking import BookedDocument, book
from backend.billing.lifecycle import MovementState
from backend.core.ids import new_id
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor
from tests.support.billing_documents import BUYER, LINE, a_document
from tests.support.database import TestDatabase
from tests.support.factories import Customer
from tests.support.jobs import drain

STAFF = Actor(OPERATOR_SCOPE, name="Nadia Operator", operator="Nadia Operator")
JOB = "billing.match_statement"
# What must hold whatever happened: an invoice is open for the sum of its entries, a balance is the sum of its own
OUT_OF_LINE = """
SELECT i.number FROM invoice i
WHERE i.open_cents <> coalesce((SELECT sum(e.cents) FROM ledger_entry e WHERE e.invoice_id = i.id), 0)
"""


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice of a customer."""

    id: UUID
    number: str
    structured: str
    account: str
    account_id: UUID


def communication(base: int | None = None) -> str:
    """Twelve digits of which the last two are right."""
    digits = secrets.randbelow(10**10) if base is None else base
    return f"{digits:010d}{digits % 97 or 97:02d}"


async def make_invoice(
    customer: Customer,
    cents: int,
    *,
    structured: str | None = None,
    number: str = "",
    account: str = "",
    buyer: str = "Delta Logistics",
    credit: bool = False,
    corrects: list[str] | None = None,
    **changes: Any,
) -> Booked:
    digits = communication() if structured is None else structured
    account = account or next(iter(customer.accounts))
    number = number or f"F-{secrets.token_hex(5)}"
    line = msgspec.structs.replace(
        LINE, unit_price=Decimal(cents) / 100, category="E", percent=Decimal(0), msisdn=""
    )
    if credit:
        changes |= {"is_credit_note": True, "type_code": "381", "corrects": corrects or []}
    document = a_document(
        [line],
        number=number,
        payment_reference=digits,
        buyer=msgspec.structs.replace(BUYER, name=buyer),
        **changes,
    )
    invoice_id = await book(
        customer.system,
        BookedDocument(
            document_id=new_id(),
            billing_account_id=customer.accounts[account],
            account=account,
            issuer="0202239951",
            document=document,
            content=b"<a/>",
            pdf=None,
            rules="test",
        ),
    )
    return Booked(
        id=invoice_id,
        number=number,
        structured=digits,
        account=account,
        account_id=customer.accounts[account],
    )


async def hand_in(
    database: TestDatabase, content: bytes, name: str = "statement.xml"
) -> list[StatementOutcome]:
    """Take a file in and do the jobs that follow."""
    taken = await take_file(STAFF, name=name, content=content)
    await drain(database, only=JOB)
    return taken


async def rows(database: TestDatabase, query: str, *values: object) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def open_of(database: TestDatabase, *invoices: Booked) -> list[int]:
    found = dict(await rows(database, "SELECT id, open_cents FROM invoice"))
    return [found[one.id] for one in invoices]


async def entries(database: TestDatabase, kind: str = "payment") -> list[tuple[UUID | None, int]]:
    """The entries of a kind: those of invoices first, the lowest amounts first."""
    query = (
        "SELECT invoice_id, cents FROM ledger_entry WHERE kind = $1 ORDER BY invoice_id IS NULL, cents, id"
    )
    return [(invoice_id, cents) for invoice_id, cents in await rows(database, query, kind)]


async def movements(state: MovementState) -> list[MovementInfo]:
    return await bank_movements(STAFF, state=state)
