"""Takes bank statements in: each of a file by itself, imported or held with its reason. A repeat changes nothing."""

import asyncio
from hashlib import sha256
from uuid import UUID

import msgspec

from backend import runtime
from backend.billing.bank.first_looks import first_look
from backend.billing.lifecycle import StatementState
from backend.billing.statements.reading import read_statements
from backend.billing.statements.statement import ReadStatement, StatementPayment, StatementRefused
from backend.core import clock
from backend.core.errors import FileRejected
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Actor, Scope

LARGEST_FILE = 20 * 1024 * 1024
LONGEST_REASON = 1000
EURO = "EUR"

# One statement of an account at a time: two files of one day must see each other.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7143, hashtext($1))"
KNOWN = """
SELECT id, state, reason, movements FROM bank_statement
WHERE account = $1 AND number = $2 AND content_sha256 = $3 FOR NO KEY UPDATE
"""
OTHER_CONTENT = "SELECT true FROM bank_statement WHERE account = $1 AND number = $2 AND state = $3"
# The same day of an account under another number, or from another format
SAME_DAY = """
SELECT number FROM bank_statement WHERE account = $1 AND state = $2 AND closed_on = $3 AND opening_cents = $4
  AND closing_cents = $5 AND movements = $6 AND movements > 0 ORDER BY received_at LIMIT 1
"""
INSERT = """
INSERT INTO bank_statement (id, tenant_id, format, account, number, content_sha256, file_name, file_sha256, currency,
  opened_on, closed_on, opening_cents, closing_cents, movements, state, reason, received_by, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""
UPDATE = "UPDATE bank_statement SET state = $2, reason = $3, movements = $4 WHERE id = $1"
MOVEMENT = """
INSERT INTO bank_movement (tenant_id, statement_id, id, position, cents, currency, booked_on, value_on, reference,
  structured, text, name, iban, bank_reference, end_to_end, reversal, state, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""


class StatementFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a statement came in."""

    name: str
    sha256: bytes


class PreparedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with what tells its content from another, and the rows of its movements."""

    statement: ReadStatement
    sha256: bytes
    rows: list[tuple[object, ...]]


class KnownStatement(msgspec.Struct, frozen=True):
    """A statement that came in before, with the same content."""

    id: UUID
    state: str
    reason: str
    movements: int


class StatementOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one statement of a file. `repeated`: it was there already, and nothing changed."""

    id: UUID
    account: str
    number: str
    state: StatementState
    repeated: bool = False
    reason: str = ""
    movements: int = 0


async def take_file(actor: Actor, *, name: str, content: bytes) -> list[StatementOutcome]:
    """Take the statements of a file in; a job then finds out whose its payments are. `actor` is in the operator's scope.

    Raises FileRejected where the file holds no statement: nothing of it is kept.
    """
    try:
        # Thousands of entries take their time: not in the event loop
        prepared = await asyncio.to_thread(lambda: [prepare(one) for one in read_statements(content)])
    except StatementRefused as refused:
        raise FileRejected("no_statement", refused.sentence) from None
    file = StatementFile(name=name, sha256=sha256(content).digest())
    own = frozenset(runtime.settings().operator.ibans)
    return [await keep(actor, one, file, _why_held(one.statement, own)) for one in prepared]


def prepare(statement: ReadStatement) -> PreparedStatement:
    """What is written of a statement."""
    # A bank may send a statement twice, and says so in the second one
    content = msgspec.structs.replace(statement, duplicate=False)
    bookable = not statement.problems
    return PreparedStatement(
        statement=statement,
        sha256=sha256(msgspec.json.encode(content)).digest(),
        rows=[_row(at, one) for at, one in enumerate(statement.payments())] if bookable else [],
    )


def _row(position: int, one: StatementPayment) -> tuple[object, ...]:
    """A movement, without its tenant and its statement."""
    cents = int((one.amount or 0) * 100)
    state, reason = first_look(cents, reversal=one.reversal)
    return (
        new_id(),
        position,
        cents,
        one.currency,
        one.booked_on,
        one.value_on,
        one.reference,
        one.communication,
        one.text,
        one.name,
        one.iban,
        one.bank_reference,
        one.end_to_end,
        one.reversal,
        state,
        reason,
    )


def _why_held(statement: ReadStatement, own: frozenset[str]) -> str:
    """Why nothing of a statement is booked; "" where it is."""
    problems = list(statement.problems)
    if statement.iban not in own:
        problems.insert(
            0,
            f"The account {statement.account or '(none)'} is not among those of the operator (FLEETLINE_OPERATOR_IBANS).",
        )
    elif statement.currency not in {"", EURO}:
        problems.insert(0, f"The account is in {statement.currency}: only {EURO} is booked.")
    return " ".join(problems)[:LONGEST_REASON]


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def keep(
    scope: Scope, prepared: PreparedStatement, file: StatementFile, problem: str
) -> StatementOutcome:
    """Write a statement, with its movements where it has no `problem`."""
    statement = prepared.statement
    await scope.execute(ONE_AT_A_TIME, statement.iban)
    known = await scope.fetch_one(KnownStatement, KNOWN, statement.iban, statement.number, prepared.sha256)
    if known is not None and known.state != StatementState.HELD:
        return _outcome(statement, known, repeated=True)
    reason = problem or await _contradiction(scope, prepared)
    state = StatementState.HELD if reason else StatementState.IMPORTED
    movements = 0 if reason else len(prepared.rows)
    now = KnownStatement(known.id if known else new_id(), state, reason, movements)
    if known is None:
        await _insert(scope, prepared, file, now)
    else:
        await scope.execute(UPDATE, now.id, state, reason, movements)
    if state is StatementState.IMPORTED:
        if prepared.rows:
            await scope.execute_many(MOVEMENT, [(scope.tenant_id, now.id, *row) for row in prepared.rows])
        scope.enqueue(JobName.MATCH_STATEMENT, statement_id=now.id)
    return _outcome(statement, now, repeated=known is not None and state is StatementState.HELD)


def _outcome(statement: ReadStatement, kept: KnownStatement, *, repeated: bool) -> StatementOutcome:
    return StatementOutcome(
        id=kept.id,
        account=statement.account,
        number=statement.number,
        state=StatementState(kept.state),
        repeated=repeated,
        reason=kept.reason,
        movements=kept.movements,
    )


async def _contradiction(scope: Scope, prepared: PreparedStatement) -> str:
    """Why a statement cannot be imported beside what is there; "" where it can."""
    statement = prepared.statement
    other = await scope.fetch_value(
        bool, OTHER_CONTENT, statement.iban, statement.number, StatementState.IMPORTED
    )
    if other:
        return "A statement of this account with this number is there already with other content."
    same = await scope.fetch_value(
        str,
        SAME_DAY,
        statement.iban,
        StatementState.IMPORTED,
        statement.closed_on,
        *_cents_of(statement),
        len(prepared.rows),
    )
    if same is not None:
        return (
            f"It has the day, the balances and as many movements as statement {same}, which is there already."
        )
    return ""


def _cents_of(statement: ReadStatement) -> tuple[int | None, int | None]:
    """The balances in cents; None where there is none, or none that can be booked."""
    amounts = (statement.opening, statement.closing)
    if any("amount" in problem for problem in statement.problems):
        return None, None
    opening, closing = (None if one is None else int(one * 100) for one in amounts)
    return opening, closing


async def _insert(
    scope: Scope, prepared: PreparedStatement, file: StatementFile, kept: KnownStatement
) -> None:
    statement = prepared.statement
    await scope.execute(
        INSERT,
        kept.id,
        scope.tenant_id,
        statement.format,
        statement.iban,
        statement.number,
        prepared.sha256,
        file.name,
        file.sha256,
        statement.currency,
        statement.opened_on,
        statement.closed_on,
        *_cents_of(statement),
        kept.movements,
        kept.state,
        kept.reason,
        scope.actor.name,
        clock.now(),
    )
