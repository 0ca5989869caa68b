"""Reads disputes, and keeps the amount of an invoice that they contest."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import KEPT_APART, Claim, DisputeState, claimed_cents
from backend.billing.disputes.schemas import DisputeInfo
from backend.billing.disputes.tables import InvoiceDispute
from tenants.scope import Scope

INFO = """
SELECT d.id, d.invoice_id, i.number AS invoice_number, i.account, d.charge_id, d.msisdn, d.code, d.name, d.net_cents,
  d.vat_percent, d.gross_cents, d.state, d.words, d.evidence::text AS evidence, d.was_paid, d.opened_by, d.opened_name,
  d.opened_at, d.decided_at, d.decided_by, d.reason, coalesce(n.number, '') AS credit_note, d.credit_note_id, d.ended_at
FROM invoice_dispute d JOIN invoice i ON i.tenant_id = d.tenant_id AND i.id = d.invoice_id
LEFT JOIN invoice n ON n.tenant_id = d.tenant_id AND n.id = d.credit_note_id
"""
OF_INVOICE = INFO + "WHERE d.invoice_id = $1 ORDER BY d.opened_at DESC, d.id LIMIT $2 OFFSET $3"
BY_ID = INFO + "WHERE d.id = ANY($1) ORDER BY d.opened_at, d.id"
WAITING = INFO + "WHERE d.state = ANY($1) ORDER BY d.opened_at, d.id LIMIT $2 OFFSET $3"
CLAIM = """
UPDATE invoice SET claimed_cents = $2, disputed_cents = greatest(least($2, open_cents), 0) WHERE id = $1
"""
LOCK = """
SELECT id, number, billing_account_id, books_as, booked_cents, open_cents, credited_cents, written_off_cents,
  claimed_cents FROM invoice WHERE id = $1 FOR NO KEY UPDATE
"""


class DisputedInvoice(msgspec.Struct, frozen=True):
    """An invoice, locked."""

    id: UUID
    number: str
    billing_account_id: UUID
    books_as: str
    booked_cents: int
    open_cents: int
    credited_cents: int
    written_off_cents: int
    claimed_cents: int


class OpenClaim(msgspec.Struct, frozen=True):
    """What a dispute that is not over contests."""

    net_cents: int
    vat_percent: Decimal | None


def info(*values: Any) -> DisputeInfo:
    """A row of `INFO`."""
    row: dict[str, Any] = dict(zip(DisputeInfo.__struct_fields__, values, strict=True))
    row["state"] = DisputeState(row["state"])
    row["evidence"] = msgspec.json.decode(row["evidence"])
    return DisputeInfo(**row)


async def keep_claim(scope: Scope, invoice_id: UUID) -> int:
    """Work out what is contested of an invoice, and keep it with the invoice; returns the cents, VAT included.

    Part of it is disputed only as far as it is open: what was paid is not kept apart. The invoice is locked.
    """
    rows = await scope.select_all(
        OpenClaim,
        InvoiceDispute,
        (InvoiceDispute.invoice_id == invoice_id) & InvoiceDispute.state.is_in(list(KEPT_APART)),
    )
    cents = claimed_cents(Claim(row.net_cents, row.vat_percent) for row in rows)
    await scope.execute(CLAIM, invoice_id, cents)
    scope.invalidate("invoices")
    scope.invalidate(f"invoice:{invoice_id}")
    return cents
