"""The entries of the ledger that an online payment makes: what comes, what is given back, what its bank takes back."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend.billing.ledger import Movement, enter
from backend.billing.lifecycle import LedgerKind
from backend.billing.payments.rows import LockedPayment, LockedShare, shares_of
from backend.core import clock
from backend.core.billing_facts import PaymentBooked
from backend.integrations.payment_facts import IntentFacts
from tenants.scope import Scope

OPEN = "SELECT i.id, i.open_cents FROM invoice i WHERE i.id IN (SELECT invoice_id FROM payment_share WHERE payment_id = $1)"
BOOKED = """
SELECT billing_account_id, invoice_id, cents FROM ledger_entry WHERE kind = $1 AND provider_id = ANY($2) ORDER BY id
"""
TAKEN = """
SELECT billing_account_id, invoice_id, cents FROM ledger_entry WHERE kind = ANY($1) AND provider_id = ANY($2) ORDER BY id
"""
# Credit notes of the customer numbers, of which something is left
CREDITS = """
SELECT billing_account_id, id AS invoice_id, open_cents AS cents FROM invoice
WHERE billing_account_id = ANY($1) AND open_cents < 0 ORDER BY issued_on, id FOR NO KEY UPDATE
"""


class OpenShare(msgspec.Struct, frozen=True):
    """What is open of an invoice."""

    id: UUID
    open_cents: int


class PlacedCents(msgspec.Struct, frozen=True):
    """An amount at a place of the ledger: an invoice, or a customer number as a whole. Signed: positive is owed."""

    billing_account_id: UUID
    invoice_id: UUID | None
    cents: int


def entry_name(provider_id: str, place: PlacedCents) -> str:
    """How an entry is called: by the service's id, and by the customer number where it is of no invoice."""
    return provider_id if place.invoice_id else f"{provider_id}/{place.billing_account_id}"


async def book_payment_in(scope: Scope, row: LockedPayment, intent: IntentFacts) -> None:
    """Write a payment that came, and emit PaymentBooked for each customer number.

    Each invoice gets its share, as far as it is still open; the rest is in favour of its customer number.
    """
    shares = await shares_of(scope, row.id)
    opened = {one.id: one.open_cents for one in await scope.fetch_all(OpenShare, OPEN, row.id)}
    places = divide(intent.received_cents, shares, opened)
    await write(scope, LedgerKind.PAYMENT, intent.id, places, detail=intent.method)
    for account in sorted({one.billing_account_id for one in places}):
        mine = [one for one in places if one.billing_account_id == account]
        scope.emit(
            PaymentBooked(
                payment_id=row.id,
                billing_account_id=account,
                invoice_ids=[one.invoice_id for one in mine if one.invoice_id is not None],
                cents=-sum(one.cents for one in mine),
            )
        )


def divide(cents: int, shares: Sequence[LockedShare], opened: dict[UUID, int]) -> list[PlacedCents]:
    """Where the cents of a payment go, each place once. What invoices do not need stays with their customer number."""
    left, open_now = cents, dict(opened)
    placed: dict[tuple[UUID, UUID | None], int] = {}
    for at, one in enumerate(shares):
        last = at == len(shares) - 1
        given = left if last else min(left, one.cents)
        left -= given
        needed = 0 if one.invoice_id is None else min(given, one.cents, max(open_now[one.invoice_id], 0))
        for invoice_id, part in ((one.invoice_id, needed), (None, given - needed)):
            if part:
                place = (one.billing_account_id, invoice_id)
                placed[place] = placed.get(place, 0) - part
    return [PlacedCents(account, invoice, part) for (account, invoice), part in placed.items()]


async def write(
    scope: Scope, kind: LedgerKind, provider_id: str, places: Sequence[PlacedCents], *, detail: str
) -> None:
    """Write an entry at each place; one that is there already stays as it is."""
    for one in places:
        await enter(
            scope,
            Movement(
                kind=kind,
                provider_id=entry_name(provider_id, one),
                billing_account_id=one.billing_account_id,
                invoice_id=one.invoice_id,
                cents=one.cents,
                value_on=clock.today(),
                detail=detail,
            ),
        )


async def give_back(
    scope: Scope, row_id: UUID, kind: LedgerKind, provider_id: str, cents: int, taken_ids: Sequence[str]
) -> None:
    """Write that money of a payment went back: what it had paid is owed again.

    First goes what was in favour of a customer number, then for a refund what is left of credit notes, then what invoices
    got, the last one first. `taken_ids`: what went back of the payment before, by the service's ids.
    """
    shares = await shares_of(scope, row_id)
    accounts = sorted({one.billing_account_id for one in shares})
    intent_id = await scope.fetch_value(str, "SELECT intent_id FROM payment WHERE id = $1", row_id) or ""
    paid = await scope.fetch_all(PlacedCents, BOOKED, LedgerKind.PAYMENT, _names([intent_id], accounts))
    kinds = [LedgerKind.REFUND, LedgerKind.REVERSAL]
    taken = await scope.fetch_all(PlacedCents, TAKEN, kinds, _names(taken_ids, accounts))
    left = _left_of(paid, taken)
    favour = [one for one in left if one.invoice_id is None]
    invoices = [one for one in left if one.invoice_id is not None][::-1]
    notes = await scope.fetch_all(PlacedCents, CREDITS, accounts) if kind is LedgerKind.REFUND else []
    places = take(cents, [*favour, *notes, *invoices])
    await write(scope, kind, provider_id, places, detail="")


def take(cents: int, sources: Sequence[PlacedCents]) -> list[PlacedCents]:
    """Cents from sources in their order, each source once; the rest is owed by the first one's customer number."""
    placed: dict[tuple[UUID, UUID | None], int] = {}
    left = cents
    for one in sources:
        part = min(left, -one.cents)
        if part > 0:
            place = (one.billing_account_id, one.invoice_id)
            placed[place] = placed.get(place, 0) + part
            left -= part
    if left and sources:
        place = (sources[0].billing_account_id, None)
        placed[place] = placed.get(place, 0) + left
    return [PlacedCents(account, invoice, part) for (account, invoice), part in placed.items()]


async def take_back(scope: Scope, row_id: UUID, provider_id: str) -> None:
    """Write that a refund came to nothing after all: its entries, with the other sign."""
    accounts = sorted({one.billing_account_id for one in await shares_of(scope, row_id)})
    written = await scope.fetch_all(PlacedCents, BOOKED, LedgerKind.REFUND, _names([provider_id], accounts))
    back = [PlacedCents(one.billing_account_id, one.invoice_id, -one.cents) for one in written]
    await write(scope, LedgerKind.REFUND, failed_name(provider_id), back, detail="")


def failed_name(provider_id: str) -> str:
    """How the entries of a refund that came to nothing are called."""
    return f"{provider_id}/failed"


def _names(provider_ids: Sequence[str], accounts: Sequence[UUID]) -> list[str]:
    """Every name that entries of these ids can have."""
    return [name for one in provider_ids for name in (one, *(f"{one}/{account}" for account in accounts))]


def _left_of(paid: Sequence[PlacedCents], taken: Sequence[PlacedCents]) -> list[PlacedCents]:
    """What is left of a payment at each place."""
    sums: dict[tuple[UUID, UUID | None], int] = {}
    for one in (*paid, *taken):
        place = (one.billing_account_id, one.invoice_id)
        sums[place] = sums.get(place, 0) + one.cents
    # What was taken of credit notes is no place of this payment
    mine = {(one.billing_account_id, one.invoice_id) for one in paid}
    return [
        PlacedCents(account, invoice, cents)
        for (account, invoice), cents in sums.items()
        if (account, invoice) in mine and cents < 0
    ]
