"""Use cases on the difference between an invoice and the one before of its customer number."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.billing.differences.causes import (
    Cause,
    CauseKind,
    ChargePair,
    ComparedTotals,
    causes_of,
    whole_causes,
)
from backend.billing.queries import check_in_reach
from backend.billing.ubl.document import BooksAs
from backend.catalog.catalogue import catalogue_of
from backend.core.ids import InvoiceId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST_LISTED = 500
# Numbers that a group names on the page
NAMED = 3
PRESENT = """
SELECT i.id, i.number, i.issued_on, i.period_start, i.period_end, i.vat_cents, i.booked_cents,
  coalesce((SELECT sum(c.net_cents) FROM invoice_charge c WHERE c.tenant_id = i.tenant_id AND c.invoice_id = i.id), 0)
    ::bigint AS charges_cents
FROM invoice i WHERE i.id = $1
"""
BEFORE = """
SELECT b.id, b.number, b.issued_on, b.period_start, b.period_end, b.vat_cents, b.booked_cents,
  coalesce((SELECT sum(c.net_cents) FROM invoice_charge c WHERE c.tenant_id = b.tenant_id AND c.invoice_id = b.id), 0)
    ::bigint AS charges_cents
FROM invoice i JOIN invoice b ON b.tenant_id = i.tenant_id AND b.billing_account_id = i.billing_account_id
WHERE i.id = $1 AND b.books_as = $2 AND b.id <> i.id
  AND (coalesce(b.period_start, b.issued_on), b.issued_on, b.number)
    < (coalesce(i.period_start, i.issued_on), i.issued_on, i.number)
ORDER BY coalesce(b.period_start, b.issued_on) DESC, b.issued_on DESC, b.number DESC LIMIT 1
"""
PAIRS = """
WITH by_code AS (
  SELECT msisdn, kind, code, CASE WHEN code = '' THEN name ELSE '' END AS words, max(name) AS name,
    coalesce(sum(net_cents) FILTER (WHERE invoice_id = $2), 0)::bigint AS before_cents,
    coalesce(sum(net_cents) FILTER (WHERE invoice_id = $1), 0)::bigint AS now_cents,
    bool_or(invoice_id = $2) AS had, bool_or(invoice_id = $1) AS has
  FROM invoice_charge WHERE invoice_id IN ($1, $2) GROUP BY msisdn, kind, code, words),
there AS (SELECT *, bool_or(had) OVER (PARTITION BY msisdn) AS was_there,
  bool_or(has) OVER (PARTITION BY msisdn) AS is_there FROM by_code)
SELECT msisdn, kind, code, name, before_cents, now_cents, had, has, was_there, is_there FROM there
WHERE before_cents <> now_cents ORDER BY msisdn, kind, code, words
"""


class ComparedInvoice(msgspec.Struct, frozen=True):
    """One of the two documents. Amounts in cents; `booked_cents` includes VAT."""

    id: UUID
    number: str
    issued_on: date
    period_start: date | None
    period_end: date | None
    vat_cents: int
    booked_cents: int
    charges_cents: int


class CauseGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The causes of one kind together, with how many numbers they are on, and a few of these."""

    kind: CauseKind
    cents: int
    numbers: int
    named: list[str]
    causes: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Why an invoice differs from the one before. The groups add up to `difference_cents`, VAT included.

    `before` None: it is the first of its customer number. `causes`: some of all `total`, the greatest first.
    """

    now: ComparedInvoice
    before: ComparedInvoice | None
    difference_cents: int
    groups: list[CauseGroup]
    causes: list[Cause]
    total: int


@use_case(Permission.INVOICES_READ, read_only=True)
async def difference_of(
    scope: Scope,
    invoice_id: InvoiceId | UUID,
    *,
    kind: CauseKind | None = None,
    limit: int = 25,
    offset: int = 0,
) -> Difference | None:
    """The causes against the invoice of the previous period, all or those of one kind; None for a credit note.

    500 causes at most. Raises NotFound.
    """
    await check_in_reach(scope, invoice_id)
    demand = await scope.fetch_value(
        bool, "SELECT books_as = $2 FROM invoice WHERE id = $1", invoice_id, BooksAs.DEMAND
    )
    now = await scope.fetch_one(ComparedInvoice, PRESENT, invoice_id)
    if now is None or not demand:
        return None
    before = await scope.fetch_one(ComparedInvoice, BEFORE, invoice_id, BooksAs.DEMAND)
    causes = await _causes(scope, now, before)
    wanted = sorted(
        (one for one in causes if kind is None or one.kind is kind),
        key=lambda one: (-abs(one.cents), one.msisdn, one.kind, one.code, one.name),
    )
    first = max(offset, 0)
    return Difference(
        now=now,
        before=before,
        difference_cents=now.booked_cents - (before.booked_cents if before else 0),
        groups=groups_of(causes),
        causes=wanted[first : first + min(max(limit, 1), MOST_LISTED)],
        total=len(wanted),
    )


async def _causes(scope: Scope, now: ComparedInvoice, before: ComparedInvoice | None) -> list[Cause]:
    if before is None:
        return [Cause(kind=CauseKind.FIRST_BILL, cents=now.booked_cents)]
    carrier = (await catalogue_of(scope)).profile
    pairs = await scope.fetch_all(ChargePair, PAIRS, now.id, before.id)
    found = list(causes_of(pairs, lambda code: carrier.plan(code) is not None))
    return found + whole_causes(_totals(before), _totals(now))


def _totals(one: ComparedInvoice) -> ComparedTotals:
    return ComparedTotals(one.charges_cents, one.vat_cents, one.booked_cents)


def groups_of(causes: Sequence[Cause]) -> list[CauseGroup]:
    """The causes by kind, what adds most first; they add up to the same."""
    by_kind: dict[CauseKind, list[Cause]] = defaultdict(list)
    for one in causes:
        by_kind[one.kind].append(one)
    groups = []
    for kind, together in by_kind.items():
        numbers = sorted({one.msisdn for one in together if one.msisdn})
        largest = sorted(together, key=lambda one: (-abs(one.cents), one.msisdn))
        named = list(dict.fromkeys(one.msisdn for one in largest if one.msisdn))[:NAMED]
        groups.append(
            CauseGroup(
                kind=kind,
                cents=sum(one.cents for one in together),
                numbers=len(numbers),
                named=named,
                causes=len(together),
            )
        )
    return sorted(groups, key=lambda one: (-one.cents, one.kind))
