"""Takes bank statements in: each of a file by itself, imported or held with its reason. A repeat changes nothing."""

import asyncio
from hashlib import sha256
from uuid import UUID

import msgspec

from backend import runtime
from backend.billing.bank.first_looks import first_look
from backend.billing.lifecycle import StatementState
from backend.billing.statements.reading import read_statements
from backend.billing.statements.statement import ReadStatement, StatementRefused
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
INSERT INTO bank_movement (id, tenant_id, statement_id, position, cents, currency, booked_on, value_on, reference,
  structured, text, name, iban, bank_reference, end_to_end, reversal, state, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""


class StatementFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a statement came in."""

    name: str
    sha256: bytes


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
        statements = await asyncio.to_thread(read_statements, content)
    except StatementRefused as refused:
        raise FileRejected("no_statement", refused.sentence) from None
    file = StatementFile(name=name, sha256=sha256(content).digest())
    own = frozenset(runtime.settings().operator_ibans)
    return [await keep(actor, one, file, _why_held(one, own)) for one in statements]


def _why_held(statement: ReadStatement, own: frozenset[str]) -> str:
    """Why nothing of a statement is booked; "" where it is."""
    problems = list(statement.problems)
    if statement.iban not in own:
        problems.insert(0, f"The account {statement.account or '(none)'} is not among those of the operator.")
    elif statement.currency not in {"", EURO}:
        problems.insert(0, f"The account is in {statement.currency}: only {EURO} is booked.")
    return " ".join(problems)[:LONGEST_REASON]


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def keep(scope: Scope, statement: ReadStatement, file: StatementFile, problem: str) -> StatementOutcome:
    """Write a statement, with its movements where it has no `problem`."""
    # A bank may send a statement twice, and says so in the second one
    content = msgspec.structs.replace(statement, duplicate=False)
    digest = sha256(msgspec.json.encode(content)).digest()
    await scope.execute(ONE_AT_A_TIME, statement.iban)
    known = await scope.fetch_one(KnownStatement, KNOWN, statement.iban, statement.number, digest)
    if known is not None and known.state != StatementState.HELD:
        return _outcome(statement, known.id, StatementState(known.state), known.reason, known.movements, True)
    reason = problem or await _contradiction(scope, statement)
    state = StatementState.HELD if reason else StatementState.IMPORTED
    movements = 0 if reason else len(statement.payments())
    if known is None:
        statement_id = await _insert(scope, statement, file, digest, state, reason)
    else:
        statement_id = known.id
        await scope.execute(UPDATE, statement_id, state, reason, movements)
    if state is StatementState.IMPORTED:
        await _insert_movements(scope, statement_id, statement)
        scope.enqueue(JobName.MATCH_STATEMENT, statement_id=statement_id)
    repeated = known is not None and state is StatementState.HELD
    return _outcome(statement, statement_id, state, reason, movements, repeated)


def _outcome(
    statement: ReadStatement,
    statement_id: UUID,
    state: StatementState,
    reason: str,
    movements: int,
    repeated: bool,
) -> StatementOutcome:
    return StatementOutcome(
        id=statement_id,
        account=statement.account,
        number=statement.number,
        state=state,
        repeated=repeated,
        reason=reason,
        movements=movements,
    )


async def _contradiction(scope: Scope, statement: ReadStatement) -> str:
    """Why a statement cannot be imported beside what is there; "" where it can."""
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
        len(statement.payments()),
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
    scope: Scope,
    statement: ReadStatement,
    file: StatementFile,
    digest: bytes,
    state: StatementState,
    reason: str,
) -> UUID:
    statement_id = new_id()
    await scope.execute(
        INSERT,
        statement_id,
        scope.tenant_id,
        statement.format,
        statement.iban,
        statement.number,
        digest,
        file.name,
        file.sha256,
        statement.currency,
        statement.opened_on,
        statement.closed_on,
        *_cents_of(statement),
        0 if reason else len(statement.payments()),
        state,
        reason,
        scope.actor.name,
        clock.now(),
    )
    return statement_id


async def _insert_movements(scope: Scope, statement_id: UUID, statement: ReadStatement) -> None:
    rows = []
    for position, one in enumerate(statement.payments()):
        cents = int((one.amount or 0) * 100)
        state, reason = first_look(cents, reversal=one.reversal)
        rows.append(
            (
                new_id(),
                scope.tenant_id,
                statement_id,
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
        )
    if rows:
        await scope.execute_many(MOVEMENT, rows)
