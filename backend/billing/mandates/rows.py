"""The row of a mandate under its lock, how it moves, and what becomes of its invoices. Nobody else changes a mandate."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from piccolo.columns import Column

from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.lifecycle import IN_FORCE, MANDATE_LIFECYCLE, BackToManual, MandateState
from backend.billing.mandates.tables import Mandate
from backend.core import audit, clock
from backend.core.billing_facts import DebitChanged, MandateChanged
from tenants.scope import Scope

# Customer number first, as whoever moves money does
LOCK_ACCOUNT = """
SELECT a.id FROM billing_account a WHERE a.id = (SELECT billing_account_id FROM mandate WHERE id = $1) FOR NO KEY UPDATE
"""
ANNOUNCED = f"""
SELECT i.id FROM invoice i WHERE i.billing_account_id = $1 AND i.mandate_reference = $2
  AND i.collection = '{CollectionMode.DIRECT_DEBIT}' AND i.collect_on IS NOT NULL ORDER BY i.id FOR NO KEY UPDATE
"""
TO_MANUAL = f"""
UPDATE invoice SET collection = '{CollectionMode.MANUAL}', collect_on = NULL
WHERE id = $1 AND collection = '{CollectionMode.DIRECT_DEBIT}' RETURNING id
"""


class LockedMandate(msgspec.Struct, frozen=True):
    """A mandate that is being changed."""

    id: UUID
    billing_account_id: UUID
    state: str
    ending: str
    language: str
    signer_name: str
    signer_email: str
    member_id: UUID | None
    replaces_id: UUID | None
    customer: str
    livemode: bool
    session_id: str
    payment_method: str
    provider_id: str
    reference: str
    country: str
    last4: str
    holder: str
    failures: int
    created_at: datetime
    expires_at: datetime
    signed_at: datetime | None
    collected_on: date | None


class AnnouncedInvoice(msgspec.Struct, frozen=True):
    """An invoice that says that it will be debited."""

    id: UUID


async def find_mandate_row(scope: Scope, mandate_id: UUID) -> LockedMandate | None:
    """The row as it is now, not locked."""
    return await scope.select_one(LockedMandate, Mandate, Mandate.id == mandate_id)


async def lock_mandate(scope: Scope, mandate_id: UUID) -> LockedMandate:
    """Lock the customer number, then the mandate. Raises LookupError."""
    await scope.execute(LOCK_ACCOUNT, mandate_id)
    found = await scope.select_one(LockedMandate, Mandate, Mandate.id == mandate_id, lock=True)
    if found is None:
        raise LookupError(f"there is no mandate {mandate_id}")
    return found


async def mandate_named(scope: Scope, account_id: UUID, reference: str) -> LockedMandate | None:
    """The mandate that an invoice names; None where this product does not know it."""
    if not reference:
        return None
    same = (Mandate.billing_account_id == account_id) & (Mandate.reference == reference)
    return await scope.select_one(LockedMandate, Mandate, same, lock=True)


async def move_mandate(
    scope: Scope, row: LockedMandate, target: MandateState, *, ending: str = "", **columns: Any
) -> None:
    """Bring a locked mandate to a state; whoever signed it is told. One that ends gives its invoices back.

    Raises Conflict for a move that there is not.
    """
    MANDATE_LIFECYCLE.check(MandateState(row.state), target)
    changed: dict[Column | str, Any] = {"state": target, "ending": ending}
    changed.update(columns)
    if target is not MandateState.DRAFT:
        changed["address"] = ""
    if target not in IN_FORCE:
        changed["ended_at"] = clock.now()
    await Mandate.update(changed).where(Mandate.id == row.id)
    if target not in {MandateState.SIGNED, MandateState.ACTIVE}:
        await give_invoices_back(scope, row)
    await audit.record(scope, f"mandate.{target}", "mandate", row.id, before=row.state, ending=ending)
    scope.emit(MandateChanged(mandate_id=row.id, before=row.state, state=target, why=ending, at=clock.now()))
    wake_mandate(scope, row.id)


async def give_invoices_back(scope: Scope, row: LockedMandate) -> None:
    """Invoices that say that they will be debited under it, and were not yet, are paid by their customer."""
    if not row.reference:
        return
    found = await scope.fetch_all(AnnouncedInvoice, ANNOUNCED, row.billing_account_id, row.reference)
    for one in found:
        await to_manual(scope, one.id, row.id, BackToManual.NO_MANDATE)


async def to_manual(
    scope: Scope, invoice_id: UUID, mandate_id: UUID, why: BackToManual, *, reason: str = ""
) -> bool:
    """The invoice is paid by its customer from now on, who is told; False where it was so before.

    `reason`: the bank's, by the service's code.
    """
    changed = await scope.fetch_value(UUID, TO_MANUAL, invoice_id)
    if changed is None:
        return False
    await audit.record(scope, "invoice.back_to_manual", "invoice", invoice_id, why=why, reason=reason)
    scope.emit(DebitChanged(invoice_id=invoice_id, mandate_id=mandate_id, phase=why, reason=reason))
    scope.invalidate("invoices")
    scope.invalidate(f"invoice:{invoice_id}")
    return True


def wake_mandate(scope: Scope, *mandate_ids: UUID) -> None:
    """Wake every page that shows direct debit."""
    scope.invalidate("mandates")
    for one in mandate_ids:
        scope.invalidate(f"mandate:{one}")


def in_force(state: str) -> bool:
    """Whether something may be collected under a mandate in this state."""
    return state in {MandateState.SIGNED, MandateState.ACTIVE}
