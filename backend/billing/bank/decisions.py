"""What the operator's staff see of bank statements, and decide: whose a movement is, and what stays out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from piccolo.columns.combination import And
from piccolo.custom_types import Combinable

from backend.billing.bank.movements import BankMovementRow, MovementDestination, decide, movement_of
from backend.billing.bank.tables import BankMovement, BankStatement
from backend.billing.intake.cases import LONGEST_REASON, account_of, reason_words
from backend.billing.lifecycle import STATEMENT_LIFECYCLE, MovementState, StatementState
from backend.billing.tables import Invoice
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Actor, Scope, TenantId

LISTED = 500
COUNTS = """
SELECT state, count(*)::int AS count FROM bank_movement WHERE statement_id = $1 GROUP BY state ORDER BY state
"""
# What waits for a decision
TO_DECIDE = (MovementState.PROPOSED, MovementState.UNMATCHED)


class StatementInfo(msgspec.Struct, frozen=True):
    """A bank statement, and why it is held or left out."""

    id: UUID
    account: str
    number: str
    format: str
    file_name: str
    currency: str
    opened_on: date | None
    closed_on: date | None
    opening_cents: int | None
    closing_cents: int | None
    movements: int
    state: str
    reason: str
    received_by: str
    received_at: datetime
    decided_by: str
    decided_at: datetime | None


class MovementInfo(msgspec.Struct, frozen=True):
    """A movement of a bank statement: what the bank says of it, where it stands and why, whose it is or may be."""

    id: UUID
    statement_id: UUID
    cents: int
    currency: str
    booked_on: date | None
    value_on: date | None
    reference: str
    structured: str
    text: str
    name: str
    iban: str
    bank_reference: str
    reversal: bool
    state: str
    reason: str
    customer_number: str
    invoice_number: str
    decided_by: str
    decided_at: datetime | None


class MovementChoice(StrEnum):
    """What is done with a movement: what was proposed, a customer number that somebody names, or nothing."""

    ACCEPT = "accept"
    ASSIGN = "assign"
    IGNORE = "ignore"


class MovementDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator's staff decide of a movement.

    `assign` takes the company, as in `fleetline tenant create`, its customer number, and an invoice of that or none: the
    amount is then in favour of the customer number. `ignore` takes a reason.
    """

    choice: MovementChoice
    tenant: Annotated[str, msgspec.Meta(max_length=40)] = ""
    customer_number: Annotated[str, msgspec.Meta(max_length=40)] = ""
    invoice_number: Annotated[str, msgspec.Meta(max_length=200)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


class StateCount(msgspec.Struct, frozen=True):
    """How many movements are in a state."""

    state: str
    count: int


class LockedStatement(msgspec.Struct, frozen=True):
    """A statement that is being decided."""

    id: UUID
    state: str


class NumberedInvoice(msgspec.Struct, frozen=True):
    """An invoice by its number."""

    id: UUID
    number: str


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def bank_statements(
    scope: Scope, *, state: StatementState = StatementState.HELD
) -> list[StatementInfo]:
    """Bank statements in one state, the oldest first. 500 at most."""
    return await scope.select_all(
        StatementInfo,
        BankStatement,
        BankStatement.state == state,
        order_by=[BankStatement.received_at, BankStatement.id],
        limit=LISTED,
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def bank_movements(
    scope: Scope, *, state: MovementState | None = None, statement: UUID | None = None
) -> list[MovementInfo]:
    """Movements that wait for a decision, or are in one state, the oldest first; of one statement or of all. 500 at most."""
    where: Combinable = BankMovement.state.is_in([state] if state else list(TO_DECIDE))
    if statement is not None:
        where = And(where, BankMovement.statement_id == statement)
    return await scope.select_all(
        MovementInfo,
        BankMovement,
        where,
        order_by=[BankMovement.booked_on, BankMovement.statement_id, BankMovement.position],
        limit=LISTED,
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def movement_counts(scope: Scope, statement_id: UUID) -> dict[str, int]:
    """How many movements of a statement are in each state."""
    return {one.state: one.count for one in await scope.fetch_all(StateCount, COUNTS, statement_id)}


async def decide_movement(actor: Actor, movement_id: UUID, decision: MovementDecision) -> None:
    """Decide whose a movement is, or that it stays out; a job books it.

    Raises NotFound for a movement or a company that is not there, ValidationFailed for a customer number or an invoice that
    the company does not have and for a missing reason, and Conflict (`wrong_state`) where it is decided already.
    """
    if decision.choice is MovementChoice.ASSIGN:
        await _assign(actor, movement_id, await _destination_of(actor, decision))
    elif decision.choice is MovementChoice.ACCEPT:
        await _accept(actor, movement_id)
    else:
        await _ignore(actor, movement_id, reason_words(decision.reason))


async def _destination_of(actor: Actor, decision: MovementDecision) -> MovementDestination:
    tenant_id, account = await account_of(actor, decision.tenant, decision.customer_number)
    invoice = None
    if decision.invoice_number:
        company = Actor(TenantId(tenant_id), name=actor.name, operator=actor.operator)
        invoice = await _invoice_of(company, account.id, decision.invoice_number)
    return MovementDestination(
        state=MovementState.CLAIMED,
        customer_id=tenant_id,
        billing_account_id=account.id,
        customer_number=account.number,
        invoice_id=invoice.id if invoice else None,
        invoice_number=invoice.number if invoice else "",
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def _invoice_of(scope: Scope, account_id: UUID, number: str) -> NumberedInvoice:
    found = await scope.select_all(
        NumberedInvoice,
        Invoice,
        (Invoice.billing_account_id == account_id) & (Invoice.number == number),
        limit=2,
    )
    if len(found) != 1:
        many = "several invoices" if found else "no invoice"
        raise ValidationFailed(invoice_number=f"The customer number has {many} with this number.")
    return found[0]


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def _assign(scope: Scope, movement_id: UUID, destination: MovementDestination) -> None:
    await _claim(scope, await movement_of(scope, movement_id), destination)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def _accept(scope: Scope, movement_id: UUID) -> None:
    row = await movement_of(scope, movement_id)
    if row.state != MovementState.PROPOSED:
        raise Conflict("Nothing is proposed for this.", code="wrong_state")
    shown = await scope.select_one(MovementInfo, BankMovement, BankMovement.id == movement_id)
    await _claim(
        scope,
        row,
        MovementDestination(
            state=MovementState.CLAIMED,
            customer_id=row.customer_id,
            billing_account_id=row.billing_account_id,
            customer_number=shown.customer_number if shown else "",
            invoice_id=row.invoice_id,
            invoice_number=shown.invoice_number if shown else "",
        ),
    )


async def _claim(scope: Scope, row: BankMovementRow, destination: MovementDestination) -> None:
    statement_id = await decide(scope, row, destination)
    await audit.record(
        scope, "movement.assigned", "bank_movement", row.id, customer_number=destination.customer_number
    )
    scope.enqueue(JobName.MATCH_STATEMENT, statement_id=statement_id)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def _ignore(scope: Scope, movement_id: UUID, reason: str) -> None:
    row = await movement_of(scope, movement_id)
    await decide(scope, row, MovementDestination(state=MovementState.IGNORED, reason=reason))
    await audit.record(scope, "movement.ignored", "bank_movement", movement_id, reason=reason)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def dismiss_statement(scope: Scope, statement_id: UUID, *, reason: str) -> None:
    """Leave a held statement out for good. Raises NotFound, Conflict (`wrong_state`), ValidationFailed without a reason."""
    words = reason_words(reason)
    found = await scope.select_one(
        LockedStatement, BankStatement, BankStatement.id == statement_id, lock=True
    )
    if found is None:
        raise NotFound
    if found.state == StatementState.DISMISSED:
        raise Conflict("This is decided already.", code="wrong_state")
    STATEMENT_LIFECYCLE.check(StatementState(found.state), StatementState.DISMISSED)
    await BankStatement.update(
        {
            BankStatement.state: StatementState.DISMISSED,
            BankStatement.reason: words,
            BankStatement.decided_by: scope.actor.name,
            BankStatement.decided_at: clock.now(),
        }
    ).where(BankStatement.id == statement_id)
    await audit.record(scope, "statement.dismissed", "bank_statement", statement_id, reason=words)
