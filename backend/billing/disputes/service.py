"""Use cases that read disputes: those of an invoice, and those that wait for the operator's staff."""

from uuid import UUID

from backend.billing import queries
from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.disputes.opening import NUMBERS
from backend.billing.disputes.reading import OF_INVOICE, WAITING, info
from backend.billing.disputes.schemas import DisputeInfo, InvoiceDisputes
from backend.billing.lifecycle import payable_now
from backend.core.errors import NotFound
from backend.core.ids import InvoiceId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST_LISTED = 200


@use_case(Permission.INVOICES_READ, read_only=True)
async def disputes_of(
    scope: Scope, invoice_id: InvoiceId | UUID, *, limit: int = MOST_LISTED, offset: int = 0
) -> InvoiceDisputes:
    """The disputes of an invoice, the newest first, 200 at most, and what they keep apart. Raises NotFound."""
    summary = await queries.one_summary(scope, invoice_id)
    if summary is None:
        raise NotFound
    found = await scope.fetch_all(
        info, OF_INVOICE, invoice_id, min(max(limit, 1), MOST_LISTED), max(offset, 0)
    )
    claimed = await scope.fetch_value(int, "SELECT claimed_cents FROM invoice WHERE id = $1", invoice_id)
    total = await scope.fetch_value(
        int, "SELECT count(*) FROM invoice_dispute WHERE invoice_id = $1", invoice_id
    )
    return InvoiceDisputes(
        disputes=found,
        claimed_cents=claimed or 0,
        kept_apart_cents=summary.disputed_cents,
        payable_cents=payable_now(summary.facts),
        per_number=bool(await scope.fetch_value(bool, NUMBERS, invoice_id)),
        total=total or 0,
    )


@use_case(Permission.OPERATOR_DISPUTES_DECIDE, read_only=True)
async def waiting_disputes(
    scope: Scope, *, state: DisputeState | None = None, limit: int = MOST_LISTED, offset: int = 0
) -> list[DisputeInfo]:
    """Disputes that wait for a decision or a credit note, the oldest first, or those in one state; 200 at most."""
    states = [state] if state else [DisputeState.OPEN, DisputeState.ACCEPTED]
    return await scope.fetch_all(
        info, WAITING, [str(one) for one in states], min(max(limit, 1), MOST_LISTED), max(offset, 0)
    )
