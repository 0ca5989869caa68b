"""Use cases on invoices: lists, balances, one invoice with its charges and files."""

from uuid import UUID

import msgspec

from backend.billing import queries
from backend.billing.lifecycle import CollectionMode
from backend.billing.queries import DEMAND, PAYABLE, GroupCounts
from backend.billing.schemas import (
    AccountBalance,
    Balance,
    Entry,
    FileInfo,
    InvoiceContent,
    InvoiceDetail,
    InvoiceFileContent,
    InvoiceFilter,
    InvoiceList,
    KindTotal,
    ReminderInfo,
    VatRow,
)
from backend.billing.tables import InvoiceFile, InvoiceVat, LedgerEntry
from backend.core import audit, clock
from backend.core.errors import NotFound
from backend.core.ids import InvoiceId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST_LISTED = 200
BALANCES = f"""
SELECT a.number AS account, a.label, coalesce(sum(e.cents), 0)::bigint AS cents,
  coalesce(max(o.due_cents), 0)::bigint AS due_cents, coalesce(max(o.due_invoices), 0)::int AS due_invoices,
  min(o.due_on) AS due_on, coalesce(max(o.overdue_cents), 0)::bigint AS overdue_cents,
  coalesce(max(o.collecting_cents), 0)::bigint AS collecting_cents,
  coalesce(max(o.disputed_cents), 0)::bigint AS disputed_cents
FROM billing_account a JOIN ledger_entry e ON e.tenant_id = a.tenant_id AND e.billing_account_id = a.id
LEFT JOIN LATERAL (
  SELECT sum({PAYABLE}) FILTER (WHERE {{manual}}) AS due_cents,
    count(*) FILTER (WHERE {{manual}} AND {PAYABLE} > 0) AS due_invoices,
    min(i.due_on) FILTER (WHERE {{manual}} AND {PAYABLE} > 0) AS due_on,
    sum({PAYABLE}) FILTER (WHERE {{manual}} AND i.due_on < $1) AS overdue_cents,
    sum(i.collecting_cents) AS collecting_cents, sum(i.disputed_cents) AS disputed_cents
  FROM invoice i WHERE i.tenant_id = a.tenant_id AND i.billing_account_id = a.id AND i.open_cents <> 0 AND {DEMAND}
) o ON true
WHERE {{reach}} GROUP BY a.id, a.number, a.label ORDER BY a.number
"""
BY_KIND = """
SELECT kind, count(*)::int AS charges, sum(net_cents)::bigint AS cents FROM invoice_charge WHERE invoice_id = $1
GROUP BY kind ORDER BY sum(net_cents) DESC, kind
"""
REMINDERS = """
SELECT step, reminded_on FROM invoice_reminder WHERE invoice_ids @> ARRAY[$1::uuid] ORDER BY reminded_on, step
"""
DETAIL = """
SELECT issuer, type_code, terms, currency, lines_cents, allowance_cents, charge_cents, excl_vat_cents, vat_cents,
  incl_vat_cents, prepaid_cents, rounding_cents, payment_reference, structured, iban, payee, mandate_reference,
  creditor_id, debited_iban, seller_name, buyer_name, buyer_number, buyer_address, note, corrects, received_at, charges,
  not_debited
FROM invoice WHERE id = $1
"""


@use_case(Permission.INVOICES_READ, read_only=True)
async def list_invoices(
    scope: Scope, wanted: InvoiceFilter, *, limit: int = 50, offset: int = 0
) -> InvoiceList:
    """Some invoices within reach, the newest first. Raises ValidationFailed for a search that is too long."""
    where = queries.invoice_filter(scope.actor, wanted)
    items, total = await queries.page_of(
        scope, where, limit=min(max(limit, 1), MOST_LISTED), offset=max(offset, 0)
    )
    return InvoiceList(items=items, total=total)


@use_case(Permission.INVOICES_READ, read_only=True)
async def counts_by_group(scope: Scope, wanted: InvoiceFilter) -> GroupCounts:
    """How many invoices within reach each group of a filter has."""
    return await queries.counts_of(scope, wanted)


@use_case(Permission.INVOICES_READ, read_only=True)
async def balance(scope: Scope) -> Balance:
    """What is owed, per customer number within reach that has an entry, and in total."""
    where = queries.accounts_within_reach(scope.actor, first=2)
    manual = f"i.collection = '{CollectionMode.MANUAL}'"
    query = BALANCES.format(manual=manual, reach=where.sql)
    accounts = await scope.fetch_all(AccountBalance, query, clock.today(), *where.values)
    return Balance(
        accounts=accounts,
        cents=sum(one.cents for one in accounts),
        due_cents=sum(one.due_cents for one in accounts),
        due_invoices=sum(one.due_invoices for one in accounts),
        due_on=min((one.due_on for one in accounts if one.due_on), default=None),
        overdue_cents=sum(one.overdue_cents for one in accounts),
        collecting_cents=sum(one.collecting_cents for one in accounts),
        disputed_cents=sum(one.disputed_cents for one in accounts),
    )


@use_case(Permission.INVOICES_READ, read_only=True)
async def get_invoice(scope: Scope, invoice_id: InvoiceId | UUID) -> InvoiceDetail:
    """One invoice as its document says it, and as it stands. Raises NotFound."""
    summary = await queries.one_summary(scope, invoice_id)
    if summary is None:
        raise NotFound
    row = await scope.fetch_one(InvoiceContent, DETAIL, invoice_id)
    if row is None:
        raise NotFound
    return InvoiceDetail(
        summary=summary,
        **msgspec.structs.asdict(row),
        vat=await scope.select_all(
            VatRow, InvoiceVat, InvoiceVat.invoice_id == invoice_id, order_by=[InvoiceVat.position]
        ),
        files=await scope.select_all(
            FileInfo,
            InvoiceFile,
            InvoiceFile.invoice_id == invoice_id,
            order_by=[InvoiceFile.kind, InvoiceFile.position],
        ),
        entries=await scope.select_all(
            Entry,
            LedgerEntry,
            LedgerEntry.invoice_id == invoice_id,
            order_by=[LedgerEntry.value_on, LedgerEntry.at],
        ),
        by_kind=await scope.fetch_all(KindTotal, BY_KIND, invoice_id),
        reminders=await scope.fetch_all(ReminderInfo, REMINDERS, invoice_id),
    )


@use_case(Permission.INVOICES_READ)
async def read_invoice_file(scope: Scope, invoice_id: InvoiceId | UUID, file_id: UUID) -> InvoiceFileContent:
    """A file of an invoice, byte for byte. Who read it stands in the audit trail. Raises NotFound."""
    await queries.check_in_reach(scope, invoice_id)
    found = await scope.select_one(
        InvoiceFileContent,
        InvoiceFile,
        (InvoiceFile.id == file_id) & (InvoiceFile.invoice_id == invoice_id),
    )
    if found is None:
        raise NotFound
    await audit.record(scope, "invoice.file_read", "invoice", invoice_id, file=found.name)
    return found
