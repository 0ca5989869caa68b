"""Reads what a document's charges are compared with: a fixed number of statements, whatever the number of charges."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from backend.billing.proof.alike import NumberProver
from backend.billing.proof.charge_days import readable
from backend.billing.proof.history import CHARGED_KINDS
from backend.billing.proof.rules import ProofDocument, Prover
from backend.billing.proof.schemas import (
    ChargeFact,
    EarlierCharge,
    LineChange,
    LineFact,
    MonthUseFact,
    ProvenInvoice,
)
from backend.billing.schemas import ChargeKind
from backend.billing.ubl.document import BooksAs
from backend.catalog.catalogue import catalogue_of
from backend.catalog.pricing import months_of
from backend.orders.lifecycle import ItemState
from tenants.scope import Scope

# Documents that may have charged the same days before
BEFORE = timedelta(days=100)
INVOICE = """
SELECT id, number, billing_account_id, account, books_as, issued_on, period_start, period_end, proved_at IS NOT NULL AS proved
FROM invoice WHERE id = $1
"""
CHARGES = """
SELECT id, msisdn, kind, code, name, net_cents, period_start, period_end FROM invoice_charge WHERE invoice_id = $1
ORDER BY position
"""
# No list of numbers goes to the database: planning takes longer with each of them
NUMBERS = "SELECT n.msisdn FROM invoice_charge n WHERE n.invoice_id = $1 AND n.msisdn <> ''"
LINES = f"""
SELECT id, msisdn, plan, options, split_profile, account, status, activated_on,
  (gone_at AT TIME ZONE 'Europe/Brussels')::date AS gone_on
FROM line WHERE msisdn IN ({NUMBERS}) AND status <> ALL($2)
"""
CHANGES = f"""
SELECT i.line_id, i.kind, i.change::text AS change, i.one_off, coalesce(o.reference, '') AS reference,
  coalesce(o.due_on, (coalesce(o.submitted_at, o.requested_at) AT TIME ZONE 'Europe/Brussels')::date) AS asked_on,
  (coalesce(i.ended_at, o.submitted_at, o.requested_at) AT TIME ZONE 'Europe/Brussels')::date AS done_on
FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE i.line_id IN (SELECT l.id FROM line l WHERE l.msisdn IN ({NUMBERS})) AND i.state = $2 AND (i.kind = ANY($3) OR i.one_off <> 0) ORDER BY i.ended_at, i.id
"""
USE = f"""
SELECT l.msisdn, m.period, m.service, m.roaming, sum(m.employer_cents)::bigint AS cents
FROM line l JOIN usage_month m ON m.tenant_id = l.tenant_id AND m.line_id = l.id
WHERE l.msisdn IN ({NUMBERS}) AND m.period = ANY($2) AND m.employer_until IS NOT NULL
GROUP BY l.msisdn, m.period, m.service, m.roaming
"""
LOADED = """
SELECT p.period FROM unnest($1::date[]) AS p (period) WHERE EXISTS (SELECT FROM usage_month m
  JOIN line l ON l.tenant_id = m.tenant_id AND l.id = m.line_id WHERE m.period = p.period AND l.account = $2)
"""
EARLIER = """
SELECT c.msisdn, c.kind, c.code, c.net_cents, c.period_start, c.period_end, i.number AS invoice,
  CASE WHEN i.books_as = $6 AND i.excl_vat_cents > 0 THEN -1 ELSE 1 END AS sign
FROM invoice i JOIN invoice_charge c ON c.tenant_id = i.tenant_id AND c.invoice_id = i.id
WHERE i.billing_account_id = $1 AND i.id <> $2 AND i.issued_on BETWEEN $3 AND $4
  AND (i.issued_on, i.number) < ($4, $7) AND c.msisdn <> ''
  AND (c.period_end >= $5 OR c.kind = $8) ORDER BY i.issued_on, i.number, c.position
"""
# Lines that never came to be
NEVER = ["ordered", "aborted"]


class LoadedMonth(msgspec.Struct, frozen=True):
    """A month with use of the customer number."""

    period: date


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A document's charges by number, and what proves them."""

    by_number: Mapping[str, Sequence[ChargeFact]]
    prover: NumberProver


async def read_compared(scope: Scope, invoice: ProvenInvoice) -> Compared:
    """Everything that a document's charges are compared with."""
    carrier = (await catalogue_of(scope)).profile
    charges = await scope.fetch_all(ChargeFact, CHARGES, invoice.id)
    # Of a hundred thousand charges this takes a while
    by_number = await asyncio.to_thread(_by_number, charges)
    months, first = await asyncio.to_thread(_months, invoice, charges)
    found = await scope.fetch_all(LoadedMonth, LOADED, months, invoice.account) if months else []
    loaded = frozenset(one.period for one in found)
    document = ProofDocument(
        account=invoice.account,
        issued_on=invoice.issued_on,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        is_credit=invoice.books_as == BooksAs.CREDIT,
    )
    lines, changes = await _lines(scope, invoice.id)
    return Compared(
        by_number=by_number,
        prover=NumberProver(
            Prover(carrier, document, loaded),
            first=first,
            lines=lines,
            changes=changes,
            use=await _use(scope, invoice.id, sorted(loaded)),
            earlier=await _earlier(scope, invoice, first),
        ),
    )


def _by_number(charges: Sequence[ChargeFact]) -> dict[str, list[ChargeFact]]:
    found: dict[str, list[ChargeFact]] = defaultdict(list)
    for one in charges:
        found[one.msisdn].append(one)
    return found


def _months(invoice: ProvenInvoice, charges: Sequence[ChargeFact]) -> tuple[list[date], date]:
    """The months of charges for use, and the first day that any charge is for."""
    found: set[date] = set()
    # Few periods in many charges
    periods = {(one.kind, one.period_start, one.period_end) for one in charges}
    first = invoice.period_start or invoice.issued_on
    for kind, begins, ends in periods:
        start, end = begins or invoice.period_start, ends or invoice.period_end
        if start is None or end is None or not readable(start, end):
            continue
        first = min(first, start)
        if kind == ChargeKind.USAGE:
            found |= {day.replace(day=1) for day, _, _ in months_of(start, end)}
    return sorted(found), first


async def _lines(
    scope: Scope, invoice_id: UUID
) -> tuple[dict[str, list[LineFact]], dict[UUID, list[LineChange]]]:
    """The lines that have or had each number, and the requests that are done on each line."""
    lines = await scope.fetch_all(LineFact, LINES, invoice_id, NEVER)
    of_number: dict[str, list[LineFact]] = defaultdict(list)
    for line in lines:
        of_number[line.msisdn].append(line)
    of_line: dict[UUID, list[LineChange]] = defaultdict(list)
    for change in await scope.fetch_all(LineChange, CHANGES, invoice_id, ItemState.DONE, CHARGED_KINDS):
        of_line[change.line_id].append(change)
    return of_number, of_line


async def _use(
    scope: Scope, invoice_id: UUID, months: Sequence[date]
) -> dict[str, dict[date, list[MonthUseFact]]]:
    found: dict[str, dict[date, list[MonthUseFact]]] = defaultdict(lambda: defaultdict(list))
    if months:
        for row in await scope.fetch_all(MonthUseFact, USE, invoice_id, list(months)):
            found[row.msisdn][row.period].append(row)
    return found


async def _earlier(scope: Scope, invoice: ProvenInvoice, first: date) -> dict[str, list[EarlierCharge]]:
    rows = await scope.fetch_all(
        EarlierCharge,
        EARLIER,
        invoice.billing_account_id,
        invoice.id,
        invoice.issued_on - BEFORE,
        invoice.issued_on,
        first,
        BooksAs.CREDIT,
        invoice.number,
        ChargeKind.ONE_OFF,
    )
    found: dict[str, list[EarlierCharge]] = defaultdict(list)
    for row in rows:
        found[row.msisdn].append(row)
    return found
