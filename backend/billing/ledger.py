"""The ledger of customer numbers: append-only, each movement once, and what is open of an invoice kept with it."""

from datetime import date
from uuid import UUID

import msgspec

from backend.billing.lifecycle import LedgerKind
from backend.core import clock
from backend.core.ids import new_id
from tenants.scope import Scope

# An entry that is there already changes nothing, also where two workers write it at the same moment.
INSERT = """
INSERT INTO ledger_entry (id, tenant_id, billing_account_id, kind, provider_id, invoice_id, cents, at, detail,
  value_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, kind, provider_id, invoice_id) DO NOTHING
RETURNING cents
"""
# The first entry of a document: its row is written with it
DOCUMENTS = frozenset({LedgerKind.INVOICE, LedgerKind.CREDIT_NOTE})
# What is disputed is part of what is open: `disputes.lifecycle.kept_apart`, said in SQL
MOVE = """
UPDATE invoice SET open_cents = open_cents + $2, credited_cents = credited_cents - $3,
  written_off_cents = written_off_cents - $4, disputed_cents = greatest(least(claimed_cents, open_cents + $2), 0)
WHERE id = $1
"""
OPEN_OF = "SELECT open_cents FROM invoice WHERE id = $1 FOR NO KEY UPDATE"
BALANCES = """
SELECT a.id AS billing_account_id, coalesce(sum(e.cents), 0)::bigint AS cents FROM billing_account a
LEFT JOIN ledger_entry e ON e.tenant_id = a.tenant_id AND e.billing_account_id = a.id
WHERE $1::uuid[] IS NULL OR a.id = ANY($1) GROUP BY a.id ORDER BY a.id
"""


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """What changes a balance. `cents` is signed: positive is owed. `provider_id` is unique with kind and invoice.

    `value_on` is the day on which it happened.
    """

    kind: LedgerKind
    provider_id: str
    billing_account_id: UUID
    cents: int
    value_on: date
    invoice_id: UUID | None = None
    detail: str = ""
    # It lowers a demand without money: a credit note is used for it
    credits: bool = False


class LedgerItem(msgspec.Struct, frozen=True):
    """A demand or a credit, and its customer number."""

    invoice_id: UUID
    billing_account_id: UUID


class AccountTotal(msgspec.Struct, frozen=True):
    """What a customer number owes, in cents; negative is in its favour."""

    billing_account_id: UUID
    cents: int


async def enter(scope: Scope, movement: Movement) -> bool:
    """Write one movement; False where it was written before, and nothing changed.

    What is open of its invoice moves in the same transaction. A movement of nothing is not written.
    """
    if movement.cents == 0:
        return False
    written = await scope.fetch_value(
        int,
        INSERT,
        new_id(),
        scope.tenant_id,
        movement.billing_account_id,
        movement.kind,
        movement.provider_id,
        movement.invoice_id,
        movement.cents,
        clock.now(),
        movement.detail,
        movement.value_on,
    )
    if written is None:
        return False
    if movement.invoice_id is not None and movement.kind not in DOCUMENTS:
        credited = movement.cents if movement.credits else 0
        written_off = movement.cents if movement.kind is LedgerKind.WRITE_OFF else 0
        await scope.execute(MOVE, movement.invoice_id, movement.cents, credited, written_off)
    return True


async def allocate(
    scope: Scope, credit: "LedgerItem", demand: "LedgerItem", *, name: str, value_on: date
) -> int:
    """Use what is left of a credit for a demand of the same customer number; returns the cents that went over.

    `name` is unique for this pair. Both rows are locked, the smaller id first.
    """
    left: dict[UUID, int] = {}
    for key in sorted((credit.invoice_id, demand.invoice_id)):
        left[key] = await scope.fetch_value(int, OPEN_OF, key) or 0
    cents = min(-left[credit.invoice_id], left[demand.invoice_id])
    if cents <= 0:
        return 0
    for item, amount in ((credit, cents), (demand, -cents)):
        await enter(
            scope,
            Movement(
                kind=LedgerKind.ALLOCATION,
                provider_id=name,
                billing_account_id=item.billing_account_id,
                invoice_id=item.invoice_id,
                cents=amount,
                value_on=value_on,
                credits=item is demand,
            ),
        )
    return cents


async def balances(scope: Scope, accounts: list[UUID] | None = None) -> list[AccountTotal]:
    """The balance of each customer number, of those named or of all: the sum of its entries."""
    return await scope.fetch_all(AccountTotal, BALANCES, accounts)
