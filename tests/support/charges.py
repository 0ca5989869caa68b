"""Invoices with charges per number for a month that lies ahead, so that every line is known before it begins."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from backend.billing.lifecycle import ImportOutcome
from backend.billing.schemas import InvoiceFilter, InvoiceSummary
from backend.billing.service import list_invoices
from backend.billing.ubl.document import DocumentLine
from backend.core import clock
from backend.usage.lifecycle import month_before, period_of
from tenants.transaction import open_scope
from tests.support.billing_documents import LINE
from tests.support.factories import Customer
from tests.support.invoices import credit_for, invoice_for, take

PLAN, CENTS = "pro-flex-2", 1240


def next_month() -> date:
    """The first day of the month after this one."""
    return month_before(period_of(clock.now()), -1)


def last_day(month: date) -> date:
    return month_before(month, -1) - timedelta(days=1)


def charge_line(
    msisdn: str,
    cents: int = CENTS,
    *,
    code: str = PLAN,
    kind: str = "recurring",
    month: date | None = None,
    first: date | None = None,
    centre: str = "",
    name: str = "",
) -> DocumentLine:
    """A charge for a month, or from a day of it on."""
    of = month or next_month()
    return msgspec.structs.replace(
        LINE,
        name=name or code or "Use",
        unit_price=Decimal(cents) / 100,
        msisdn=msisdn,
        charge_code=code,
        charge_kind=kind,
        period_start=first or of,
        period_end=last_day(of),
        cost_centre=centre,
    )


async def invoiced(
    customer: Customer, lines: Sequence[DocumentLine], number: str, *, month: date | None = None, **more: Any
) -> InvoiceSummary:
    """An invoice of a month that is booked."""
    of = month or next_month()
    changes: dict[str, Any] = {
        "period_start": of,
        "period_end": last_day(of),
        "issued_on": last_day(of) + timedelta(days=3),
        "due_on": last_day(of) + timedelta(days=33),
    }
    taken = await take(invoice_for(customer, number, lines=list(lines), **(changes | more)))
    assert taken.outcome is ImportOutcome.BOOKED, taken
    return await by_number(customer, number)


async def credited(
    customer: Customer, corrects: str, lines: Sequence[DocumentLine], number: str, **more: Any
) -> InvoiceSummary:
    """A credit note that names an invoice."""
    note = credit_for(customer, number, lines=list(lines), corrects=[corrects], **more)
    taken = await take(note)
    assert taken.outcome is ImportOutcome.BOOKED, taken
    return await by_number(customer, number)


async def by_number(customer: Customer, number: str) -> InvoiceSummary:
    found = (await list_invoices(customer.manager, InvoiceFilter(search=number))).items
    return next(one for one in found if one.number == number)


async def charge_ids(customer: Customer, invoice_id: UUID) -> dict[tuple[str, str], UUID]:
    """The charges of an invoice by number and code."""
    async with open_scope(customer.system) as scope:
        rows = await scope.connection.fetch(
            "SELECT id, msisdn, code FROM invoice_charge WHERE invoice_id = $1 ORDER BY position", invoice_id
        )
    return {(row["msisdn"], row["code"]): row["id"] for row in rows}
