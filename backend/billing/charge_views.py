"""Use cases on the charges of one invoice: by number, by cost centre, and those of one number."""

from uuid import UUID

from backend.billing.pdf import PrintedInvoice
from backend.billing.queries import check_in_reach
from backend.billing.schemas import CentreTotal, ChargeKind, ChargeRow, NumberTotal
from backend.billing.service import get_invoice, read_invoice_file
from backend.billing.tables import InvoiceCharge
from backend.core.ids import InvoiceId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST_LISTED = 200
MOST_CHARGES = 500
MOST_PRINTED = 5000
BY_NUMBER = """
SELECT c.msisdn, coalesce(max(l.name), '') AS name, (array_agg(c.line_id))[1] AS line_id,
  coalesce(sum(c.net_cents) FILTER (WHERE c.kind = $2), 0)::bigint AS recurring_cents,
  coalesce(sum(c.net_cents) FILTER (WHERE c.kind = $3), 0)::bigint AS usage_cents,
  coalesce(sum(c.net_cents) FILTER (WHERE c.kind NOT IN ($2, $3)), 0)::bigint AS other_cents,
  sum(c.net_cents)::bigint AS cents, (count(*) OVER ())::int AS total_numbers
FROM invoice_charge c LEFT JOIN line l ON l.tenant_id = c.tenant_id AND l.id = c.line_id WHERE c.invoice_id = $1
GROUP BY c.msisdn ORDER BY sum(c.net_cents) DESC, c.msisdn LIMIT $4 OFFSET $5
"""
BY_CENTRE = """
SELECT c.cost_centre AS code, coalesce(max(k.name), '') AS name, count(*)::int AS charges,
  sum(c.net_cents)::bigint AS cents FROM invoice_charge c
LEFT JOIN cost_centre k ON k.tenant_id = c.tenant_id AND k.code = c.cost_centre WHERE c.invoice_id = $1
GROUP BY c.cost_centre ORDER BY sum(c.net_cents) DESC, c.cost_centre LIMIT $2 OFFSET $3
"""


@use_case(Permission.INVOICES_READ, read_only=True)
async def charges_by_number(
    scope: Scope, invoice_id: InvoiceId | UUID, *, limit: int = 25, offset: int = 0
) -> list[NumberTotal]:
    """The charges of each number, the highest first; each names how many numbers there are. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    return await scope.fetch_all(
        NumberTotal,
        BY_NUMBER,
        invoice_id,
        ChargeKind.RECURRING,
        ChargeKind.USAGE,
        min(max(limit, 1), MOST_LISTED),
        max(offset, 0),
    )


@use_case(Permission.INVOICES_READ, read_only=True)
async def charges_by_centre(
    scope: Scope, invoice_id: InvoiceId | UUID, *, limit: int = MOST_LISTED, offset: int = 0
) -> list[CentreTotal]:
    """The charges of each cost centre, the highest first, 200 at most. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    return await scope.fetch_all(
        CentreTotal, BY_CENTRE, invoice_id, min(max(limit, 1), MOST_LISTED), max(offset, 0)
    )


@use_case(Permission.INVOICES_READ, read_only=True)
async def charges_of_number(
    scope: Scope, invoice_id: InvoiceId | UUID, msisdn: str, *, limit: int = MOST_CHARGES, offset: int = 0
) -> list[ChargeRow]:
    """The charges of one number ("": of the customer number as a whole), 500 at most. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    return await scope.select_all(
        ChargeRow,
        InvoiceCharge,
        (InvoiceCharge.invoice_id == invoice_id) & (InvoiceCharge.msisdn == msisdn),
        order_by=[InvoiceCharge.position],
        limit=min(max(limit, 1), MOST_CHARGES),
        offset=max(offset, 0),
    )


@use_case(Permission.INVOICES_READ)
async def invoice_to_print(scope: Scope, invoice_id: InvoiceId | UUID, *, language: str) -> PrintedInvoice:
    """What is printed of an invoice in a language, with the document itself. Raises NotFound."""
    detail = await get_invoice(scope, invoice_id)
    numbers = await scope.fetch_all(
        NumberTotal, BY_NUMBER, invoice_id, ChargeKind.RECURRING, ChargeKind.USAGE, MOST_PRINTED, 0
    )
    original = next(one for one in detail.files if one.kind == "original")
    document = await read_invoice_file(scope, invoice_id, original.id)
    return PrintedInvoice(detail=detail, numbers=numbers, document=document.content, language=language)
