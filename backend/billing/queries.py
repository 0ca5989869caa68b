"""Reads invoices within reach: lists, balances, one invoice. The reach on invoices is customer numbers."""

from uuid import UUID

import msgspec

from backend.billing.lifecycle import CollectionMode
from backend.billing.schemas import InvoiceFilter, InvoiceGroup, InvoiceSummary
from backend.billing.ubl.document import BooksAs
from backend.core.errors import NotFound, ValidationFailed
from backend.core.permissions import PERMISSIONS, Permission, Role
from backend.lines.queries import SqlFilter
from tenants.scope import Actor, Scope

LONGEST_SEARCH = 60
MOST_PAGE = 200
# What may be paid now: `lifecycle.payable_now`, said in SQL; a test compares them
PAYABLE = "greatest(i.open_cents - i.disputed_cents - i.collecting_cents, 0)"
DEMAND = f"i.books_as = '{BooksAs.DEMAND}'"
GROUPS = {
    InvoiceGroup.TO_PAY: f"{DEMAND} AND i.collection = '{CollectionMode.MANUAL}' AND {PAYABLE} > 0",
    InvoiceGroup.COLLECTING: f"{DEMAND} AND i.open_cents > 0"
    f" AND (i.collecting_cents > 0 OR i.collection = '{CollectionMode.DIRECT_DEBIT}')",
    InvoiceGroup.PAID: f"{DEMAND} AND i.open_cents <= 0",
    InvoiceGroup.CREDITS: f"i.books_as = '{BooksAs.CREDIT}'",
}
SUMMARY = """
SELECT i.id, i.number, i.account, a.label AS account_label, i.books_as, i.issued_on, i.due_on, i.due_basis,
  i.period_start, i.period_end, i.booked_cents, i.open_cents, i.disputed_cents, i.collecting_cents, i.credited_cents,
  i.written_off_cents, i.collection, CASE WHEN i.open_cents = 0 THEN (SELECT max(e.value_on) FROM ledger_entry e
    WHERE e.tenant_id = i.tenant_id AND e.invoice_id = i.id) END AS closed_on, i.collect_on
FROM invoice i JOIN billing_account a ON a.tenant_id = i.tenant_id AND a.id = i.billing_account_id
WHERE {where}
"""
ORDER = "ORDER BY i.issued_on DESC, i.number DESC, i.id"
NEWEST = f"{ORDER} LIMIT {{limit}} OFFSET {{offset}}"
COUNTS = """
SELECT count(*)::int AS everything, count(*) FILTER (WHERE {to_pay})::int AS to_pay,
  count(*) FILTER (WHERE {collecting})::int AS collecting, count(*) FILTER (WHERE {paid})::int AS paid,
  count(*) FILTER (WHERE {credits})::int AS credits FROM invoice i WHERE {where}
"""


class GroupCounts(msgspec.Struct, frozen=True):
    """How many invoices each group has."""

    everything: int
    to_pay: int
    collecting: int
    paid: int
    credits: int


def invoice_accounts(actor: Actor, permission: Permission = Permission.INVOICES_READ) -> list[UUID] | None:
    """The customer numbers on whose invoices the actor may use a permission; None: all of them.

    Where only the role of invoice reader holds the permission, they are those that an owner gave with it. A reach by
    cost centres opens no whole invoice.
    """
    if actor.end_user_id is not None:
        return []
    if actor.invoice_accounts is not None and is_as_given(actor, permission):
        return list(actor.invoice_accounts)
    return None if actor.reach.everything else list(actor.reach.billing_accounts or ())


def is_as_given(actor: Actor, permission: Permission = Permission.INVOICES_READ) -> bool:
    """Whether the customer numbers that an owner gave, and not the reach, say on which invoices a permission counts."""
    through = {role for role in actor.roles if permission in PERMISSIONS.get(role, ())}
    return actor.invoice_accounts is not None and through == {Role.INVOICE_READER}


def within_reach(actor: Actor, permission: Permission = Permission.INVOICES_READ) -> SqlFilter:
    """The condition on `invoice i` for what the actor may use a permission on."""
    where = SqlFilter()
    where.add("true")
    accounts = invoice_accounts(actor, permission)
    if accounts is not None:
        where.add("i.billing_account_id = ANY({0}::uuid[])", accounts)
    return where


def accounts_within_reach(
    actor: Actor, *, first: int, permission: Permission = Permission.INVOICES_READ
) -> SqlFilter:
    """The condition on `billing_account a` for the customer numbers whose invoices the actor may see.

    `first`: the number of its first value in the statement.
    """
    where = SqlFilter()
    where.add("true")
    accounts = invoice_accounts(actor, permission)
    if accounts is not None:
        where.conditions.append(f"a.id = ANY(${first}::uuid[])")
        where.values.append(accounts)
    return where


def invoice_filter(actor: Actor, wanted: InvoiceFilter, *, group: bool = True) -> SqlFilter:
    """The whole condition of a list. Raises ValidationFailed for a search that is too long."""
    if len(wanted.search) > LONGEST_SEARCH:
        raise ValidationFailed(search=f"Search for at most {LONGEST_SEARCH} characters.")
    where = within_reach(actor)
    if wanted.account:
        where.add("i.account = {0}", wanted.account)
    if wanted.month is not None:
        where.add(
            "i.issued_on >= {0}::date AND i.issued_on < ({0}::date + interval '1 month')",
            wanted.month.replace(day=1),
        )
    if words := wanted.search.strip():
        _add_search(where, words)
    if group and wanted.group in GROUPS:
        where.add(GROUPS[wanted.group])
    return where


def _add_search(where: SqlFilter, words: str) -> None:
    """Number, communication or amount. Signs that people put between digits do not count."""
    plain = "".join(sign for sign in words if sign.isalnum()).casefold()
    if not plain:
        where.add("false")
        return
    pattern = f"%{plain}%"
    condition = (
        "(lower(regexp_replace(i.number, '[^[:alnum:]]', '', 'g')) LIKE {0} OR i.structured LIKE {0}"
        " OR lower(regexp_replace(i.payment_reference, '[^[:alnum:]]', '', 'g')) LIKE {0}"
    )
    cents = cents_of(words)
    if cents is None:
        where.add(f"{condition})", pattern)
    else:
        where.add(f"{condition} OR abs(i.booked_cents) = {{1}})", pattern, cents)


def cents_of(words: str) -> int | None:
    """An amount as people write it (1 234,50 or 1234.5), in cents; None for anything else."""
    plain = words.replace("€", "").replace("\u00a0", "").replace("\u202f", "").replace(" ", "").lstrip("-−")
    whole, mark, part = plain.replace(",", ".").rpartition(".")
    if not mark:
        whole, part = plain, ""
    whole = whole.replace(".", "")
    digits = whole.isascii() and whole.isdecimal() and len(whole) < 12
    fits = (part == "" and not mark) or (part.isascii() and part.isdecimal() and 1 <= len(part) <= 2)
    return int(whole) * 100 + int(part.ljust(2, "0")) if digits and fits else None


async def page_of(
    scope: Scope, where: SqlFilter, *, limit: int, offset: int
) -> tuple[list[InvoiceSummary], int]:
    """Some invoices that match, the newest first, and how many there are."""
    query = SUMMARY.format(where=where.sql) + NEWEST.format(limit=int(limit), offset=int(offset))
    items = await scope.fetch_all(InvoiceSummary, query, *where.values)
    total = await scope.fetch_value(int, f"SELECT count(*) FROM invoice i WHERE {where.sql}", *where.values)
    return items, total or 0


async def one_summary(scope: Scope, invoice_id: UUID) -> InvoiceSummary | None:
    """One invoice within reach."""
    where = within_reach(scope.actor)
    where.add("i.id = {0}", invoice_id)
    return await scope.fetch_one(InvoiceSummary, SUMMARY.format(where=where.sql), *where.values)


async def counts_of(scope: Scope, wanted: InvoiceFilter) -> GroupCounts:
    """How many invoices each group of a filter has."""
    where = invoice_filter(scope.actor, wanted, group=False)
    query = COUNTS.format(
        where=where.sql,
        to_pay=GROUPS[InvoiceGroup.TO_PAY],
        collecting=GROUPS[InvoiceGroup.COLLECTING],
        paid=GROUPS[InvoiceGroup.PAID],
        credits=GROUPS[InvoiceGroup.CREDITS],
    )
    found = await scope.fetch_one(GroupCounts, query, *where.values)
    return found or GroupCounts(0, 0, 0, 0, 0)


async def check_in_reach(
    scope: Scope, invoice_id: UUID, permission: Permission = Permission.INVOICES_READ
) -> None:
    """Raise NotFound for an invoice on which the actor may not use a permission."""
    where = within_reach(scope.actor, permission)
    where.add("i.id = {0}", invoice_id)
    found = await scope.fetch_value(bool, f"SELECT true FROM invoice i WHERE {where.sql}", *where.values)
    if not found:
        raise NotFound
