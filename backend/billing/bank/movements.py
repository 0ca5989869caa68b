"""Movements of bank statements in the operator's scope: what waits, what is claimed for a company, what is matched."""

from datetime import date
from uuid import UUID

import msgspec

from backend.billing.lifecycle import MOVEMENT_LIFECYCLE, MovementState
from backend.core import clock
from backend.core.errors import Conflict, NotFound
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

# Of one statement, read at once
AT_ONCE = 500
COLUMNS = """
m.id, m.position, m.cents, m.booked_on, m.reference, m.structured, m.text, m.name, m.iban, m.bank_reference,
m.end_to_end, m.reversal, m.state, m.customer_id, m.billing_account_id, m.invoice_id, m.reverses, m.decided_by,
s.account
"""
WAITING = f"""
SELECT {COLUMNS} FROM bank_movement m JOIN bank_statement s ON s.tenant_id = m.tenant_id AND s.id = m.statement_id
WHERE m.statement_id = $1 AND m.position > $2 AND m.state = ANY($3) ORDER BY m.position LIMIT $4
"""
ONE = f"""
SELECT {COLUMNS} FROM bank_movement m JOIN bank_statement s ON s.tenant_id = m.tenant_id AND s.id = m.statement_id
WHERE m.id = $1
"""
# Nobody takes a movement that somebody else has taken.
SETTLE = """
UPDATE bank_movement SET state = $2, reason = $3, customer_id = $4, billing_account_id = $5, customer_number = $6,
  invoice_id = $7, invoice_number = $8, reverses = $9 WHERE id = $1 AND state = $10 RETURNING id
"""
DECIDE = """
UPDATE bank_movement SET state = $2, reason = $3, customer_id = $4, billing_account_id = $5, customer_number = $6,
  invoice_id = $7, invoice_number = $8, decided_by = $9, decided_at = $10 WHERE id = $1 AND state = ANY($11)
RETURNING statement_id
"""
MATCHED = "UPDATE bank_movement SET state = $2, reason = '' WHERE id = $1 AND state = $3"
# The payment that a movement takes back: of the same account and amount, to or from the same, and not taken back yet.
# Where there are several, the operator says which.
TAKEN_BACK = """
SELECT m.id, m.customer_id, m.billing_account_id, m.customer_number, m.invoice_id, m.invoice_number
FROM bank_movement m JOIN bank_statement s ON s.tenant_id = m.tenant_id AND s.id = m.statement_id
WHERE m.state = $1 AND m.cents = $2 AND s.account = $3 AND NOT EXISTS (
  SELECT FROM bank_movement r WHERE r.tenant_id = m.tenant_id AND r.reverses = m.id)
  AND ((m.reference = $4 AND $4 <> '') OR (m.end_to_end = $5 AND $5 <> '') OR (m.iban = $6 AND $6 <> ''))
LIMIT 2
"""


class BankMovementRow(msgspec.Struct, frozen=True):
    """A movement that waits to be matched, or to be booked where it belongs."""

    id: UUID
    position: int
    cents: int
    booked_on: date | None
    reference: str
    structured: str
    text: str
    name: str
    iban: str
    bank_reference: str
    end_to_end: str
    reversal: bool
    state: str
    customer_id: UUID | None
    billing_account_id: UUID | None
    invoice_id: UUID | None
    reverses: UUID | None
    decided_by: str
    account: str


class TakenBack(msgspec.Struct, frozen=True):
    """A payment that a later movement takes back."""

    id: UUID
    customer_id: UUID
    billing_account_id: UUID
    customer_number: str
    invoice_id: UUID | None
    invoice_number: str


class MovementDestination(msgspec.Struct, frozen=True, kw_only=True):
    """Where a movement goes, and why. Ids where it is known, or guessed, whose it is."""

    state: MovementState
    reason: str = ""
    customer_id: UUID | None = None
    billing_account_id: UUID | None = None
    customer_number: str = ""
    invoice_id: UUID | None = None
    invoice_number: str = ""
    reverses: UUID | None = None


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def waiting_movements(scope: Scope, statement_id: UUID, after: int) -> list[BankMovementRow]:
    """Movements of a statement after a position that are not matched yet, or not booked yet."""
    states = [MovementState.RECEIVED, MovementState.CLAIMED]
    return await scope.fetch_all(BankMovementRow, WAITING, statement_id, after, states, AT_ONCE)


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def find_movement(scope: Scope, movement_id: UUID) -> BankMovementRow | None:
    """One movement as it is now."""
    return await scope.fetch_one(BankMovementRow, ONE, movement_id)


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def payments_taken_back(scope: Scope, row: BankMovementRow) -> list[TakenBack]:
    """The payments that a movement may take back; two stand for any number of them."""
    return await scope.fetch_all(
        TakenBack,
        TAKEN_BACK,
        MovementState.MATCHED,
        -row.cents,
        row.account,
        row.reference,
        row.end_to_end,
        row.iban,
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def settle(scope: Scope, movement_id: UUID, found: MovementDestination) -> bool:
    """Write where a received movement goes; False where somebody was faster, and nothing changed."""
    written = await scope.fetch_value(
        UUID,
        SETTLE,
        movement_id,
        found.state,
        found.reason,
        found.customer_id,
        found.billing_account_id,
        found.customer_number,
        found.invoice_id,
        found.invoice_number,
        found.reverses,
        MovementState.RECEIVED,
    )
    return written is not None


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def mark_matched(scope: Scope, movement_id: UUID) -> None:
    """Say that the ledger of its company has the movement."""
    await scope.execute(MATCHED, movement_id, MovementState.MATCHED, MovementState.CLAIMED)


async def decide(scope: Scope, row: BankMovementRow, found: MovementDestination) -> UUID:
    """Write what the operator's staff decided; returns the statement. Raises Conflict (`wrong_state`)."""
    if MovementState(row.state) is found.state:
        raise Conflict("This is decided already.", code="wrong_state")
    MOVEMENT_LIFECYCLE.check(MovementState(row.state), found.state)
    statement_id = await scope.fetch_value(
        UUID,
        DECIDE,
        row.id,
        found.state,
        found.reason,
        found.customer_id,
        found.billing_account_id,
        found.customer_number,
        found.invoice_id,
        found.invoice_number,
        scope.actor.name,
        clock.now(),
        MOVEMENT_LIFECYCLE.sources(found.state),
    )
    if statement_id is None:
        raise Conflict("Somebody else has just decided this.", code="wrong_state")
    return statement_id


async def movement_of(scope: Scope, movement_id: UUID) -> BankMovementRow:
    """One movement. Raises NotFound."""
    row = await scope.fetch_one(BankMovementRow, ONE, movement_id)
    if row is None:
        raise NotFound
    return row
