"""The charges of an invoice: lines of its document, or rows of a file that came beside it and adds up to the same."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from backend.billing.schemas import ChargeKind
from backend.billing.ubl.document import InvoiceDocument
from backend.core.ids import new_id
from backend.lines.queries import lines_with_numbers
from tenants.scope import Scope

INSERT = """
INSERT INTO invoice_charge (id, tenant_id, invoice_id, position, line_number, msisdn, line_id, kind, code, name,
  description, quantity, unit_price, net_cents, vat_category, vat_percent, period_start, period_end, cost_centre)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One charge, excluding VAT. `code` is a plan or an option of the carrier, where the issuer says it."""

    name: str
    net_cents: int
    kind: ChargeKind
    line_number: str = ""
    msisdn: str = ""
    code: str = ""
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(0)
    vat_category: str = ""
    vat_percent: Decimal | None = None
    period_start: date | None = None
    period_end: date | None = None
    cost_centre: str = ""


def charges_of(document: InvoiceDocument) -> list[Charge]:
    """The charges that the document itself has: its lines, and what is taken off or put on the whole."""
    lines = [
        Charge(
            name=line.name,
            net_cents=line.net_cents,
            kind=ChargeKind.of(line.charge_kind),
            line_number=line.id,
            msisdn=line.msisdn,
            code=line.charge_code,
            description=line.description or line.note,
            quantity=line.quantity,
            # A price may be that of a hundred
            unit_price=line.unit_price / (line.base_quantity or 1),
            vat_category=line.category,
            vat_percent=line.percent,
            period_start=line.period_start,
            period_end=line.period_end,
            cost_centre=line.cost_centre,
        )
        for line in document.lines
    ]
    whole = [
        Charge(
            name=one.reason or one.reason_code,
            net_cents=one.cents,
            kind=ChargeKind.DISCOUNT if one.cents < 0 else ChargeKind.OTHER,
            unit_price=Decimal(one.cents) / 100,
            vat_category=one.category,
            vat_percent=one.percent,
        )
        for one in document.allowances
    ]
    return lines + whole


async def write_charges(scope: Scope, invoice_id: UUID, charges: Sequence[Charge]) -> None:
    """Write the charges of an invoice that has none, each with the line that has its number, or had it last."""
    numbers = sorted({charge.msisdn for charge in charges if charge.msisdn})
    lines = await lines_with_numbers(scope, numbers) if numbers else {}
    rows = [
        (
            new_id(),
            scope.tenant_id,
            invoice_id,
            position,
            charge.line_number,
            charge.msisdn,
            lines.get(charge.msisdn),
            charge.kind,
            charge.code,
            charge.name,
            charge.description,
            charge.quantity,
            charge.unit_price,
            charge.net_cents,
            charge.vat_category,
            charge.vat_percent,
            charge.period_start,
            charge.period_end,
            charge.cost_centre,
        )
        for position, charge in enumerate(charges)
    ]
    if rows:
        await scope.execute_many(INSERT, rows)
