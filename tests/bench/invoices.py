"""Invoices: an import against the rules alone, a list against its raw query, a page with many charges."""

import time
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec

from backend.billing import charge_views
from backend.billing import service as billing
from backend.billing.intake.rules_process import RulesProcess
from backend.billing.intake.runs import take_each
from backend.billing.intake.sources import Source
from backend.billing.intake.taking_charges import Work
from backend.billing.proof.proving import keep, work_out
from backend.billing.proof.reading import INVOICE
from backend.billing.proof.schemas import ProvenInvoice, Verdict
from backend.billing.queries import ORDER, SUMMARY
from backend.billing.schemas import ChargeRow, InvoiceFilter
from backend.billing.ubl.document import DocumentLine
from backend.billing.ubl.writing import write_document
from tenants.transaction import engine, open_scope
from tests.bench.dataset import Platform
from tests.bench.listing import compare
from tests.bench.orders import company
from tests.bench.report import row
from tests.support.billing_documents import LINE
from tests.support.factories import Customer, make_account
from tests.support.invoices import NADIA, invoice_for

SMALL, LARGE, MONTHS, ACCOUNTS, CHARGES = 60, 20, 120, 30, 2000
INVOICES = """
INSERT INTO invoice (id, tenant_id, billing_account_id, account, document_id, issuer, type_code, number, books_as,
  issued_on, due_on, lines_cents, excl_vat_cents, vat_cents, incl_vat_cents, booked_cents, open_cents, corrects, rules,
  received_at)
SELECT gen_random_uuid(), a.tenant_id, a.id, a.number, gen_random_uuid(), 'bench', '380', a.number || '-' || m, 'demand',
  date '2016-01-01' + m * 30, date '2016-01-20' + m * 30, 100000, 100000, 21000, 121000, 121000,
  CASE WHEN m > 118 THEN 121000 ELSE 0 END, '{}', 'bench', now()
FROM billing_account a, generate_series(1, $1) m WHERE a.tenant_id = $2
"""
ENTRIES = """
INSERT INTO ledger_entry (id, tenant_id, billing_account_id, kind, provider_id, invoice_id, cents, at, value_on)
SELECT gen_random_uuid(), i.tenant_id, i.billing_account_id, k.kind, i.id::text, i.id, k.cents, now(), i.issued_on
FROM invoice i, (VALUES ('invoice', 121000), ('payment', -121000)) k (kind, cents)
WHERE i.tenant_id = $1 AND (k.kind = 'invoice' OR i.open_cents = 0)
"""


PROVEN = 10_000
PROOF_LINES = """
INSERT INTO line (id, tenant_id, msisdn, product_type, plan, options, barrings, billing_account_id, account, activated_on)
SELECT ('019a0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, '+3248' || lpad(n::text, 7, '0'), 'voice_data', 'pro-flex-2', '{}', '{}', $2, $3,
  date '2024-01-01' FROM generate_series(1, $4) n
"""
PROOF_INVOICE = """
INSERT INTO invoice (id, tenant_id, billing_account_id, account, document_id, issuer, type_code, number, books_as,
  issued_on, period_start, period_end, lines_cents, excl_vat_cents, incl_vat_cents, booked_cents, open_cents, corrects,
  rules, received_at)
SELECT gen_random_uuid(), $1, $3, $4, gen_random_uuid(), 'bench', '380', 'PROOF', 'demand', date '2026-11-03',
  date '2026-10-01', date '2026-10-31', 1, 1, 1, 1, 1, '{}', 'bench', now() FROM invoice WHERE id = $2 RETURNING id
"""
PROOF_CHARGES = """
INSERT INTO invoice_charge (id, tenant_id, invoice_id, position, msisdn, kind, code, name, quantity, unit_price, net_cents,
  period_start, period_end)
SELECT gen_random_uuid(), $1, $2, n, '+3248' || lpad(n::text, 7, '0'), 'recurring', 'pro-flex-2', 'Pro Flex', 1, 1, 1240,
  date '2026-10-01', date '2026-10-31' FROM generate_series(1, $3) n
"""


def lines(count: int) -> list[DocumentLine]:
    """Charges of as many numbers."""
    return [
        msgspec.structs.replace(LINE, msisdn=f"+3247{at:07d}", unit_price=Decimal(at % 90 + 1))
        for at in range(count)
    ]


async def imports(customer: Customer, name: str, count: int, each: int, *, goal: str) -> None:
    """Seconds from the first document to the last, against the rules for the same documents in the same process."""
    made = [
        write_document(invoice_for(customer, f"{name}-{at}", lines=lines(each))) for at in range(count + 1)
    ]
    works = [Work(source=Source(name="a.xml", content=content)) for content in made]
    async with RulesProcess() as rules:
        # The process starts, and the plans are made
        await _take(works[:1], rules)
        began = time.perf_counter()
        for content in made[1:]:
            await rules.check(content)
        floor = time.perf_counter() - began
        began = time.perf_counter()
        await _take(works[1:], rules)
        took = time.perf_counter() - began
    row(
        f"import of invoices with {each} lines, each",
        1000 * took / count,
        "ms",
        floor=1000 * floor / count,
        goal=goal,
    )


async def _take(works: Sequence[Work], rules: RulesProcess) -> None:
    outcomes = [
        outcome.outcome
        async for _, outcome in take_each(NADIA, works, range(len(works)), rules.check, check_only=False)
    ]
    assert outcomes == ["booked"] * len(works), outcomes


async def run(platform: Platform, *, quick: bool = False) -> None:
    async with company(platform, 10) as (database, customer):
        await engine().open(size=4)
        await imports(customer, "S", 10 if quick else SMALL, 3, goal="<= 2.0")
        await imports(customer, "L", 5 if quick else LARGE, 60, goal="<= 1.3")
        for at in range(ACCOUNTS):
            await make_account(customer, f"70{at:05d}-01")
        connection = await asyncpg.connect(database.superuser_url)
        await connection.execute(INVOICES, MONTHS, customer.tenant_id)
        await connection.execute(ENTRIES, customer.tenant_id)
        await connection.execute("ANALYZE invoice; ANALYZE ledger_entry")
        await lists(customer, connection, rounds=10 if quick else 60)
        await connection.close()
        await engine().close()


async def lists(customer: Customer, connection: asyncpg.Connection, *, rounds: int) -> None:
    """The list of 120 months and 30 customer numbers, and the totals of an invoice with 2,000 charges."""
    where = f"i.tenant_id = '{customer.tenant_id}'"
    query = f"{SUMMARY.format(where=where)} {ORDER} LIMIT 50"
    count = f"SELECT count(*) FROM invoice i WHERE {where}"

    async def raw() -> None:
        await connection.fetchval(count)
        await connection.fetch(query)

    total = MONTHS * (ACCOUNTS + 2)
    await compare(
        f"list of {total:,} invoices",
        lambda: billing.list_invoices(customer.manager, InvoiceFilter()),
        raw,
        rounds=rounds,
    )
    found = await connection.fetchval(
        "SELECT id FROM invoice WHERE tenant_id = $1 LIMIT 1", customer.tenant_id
    )
    await connection.execute(
        "INSERT INTO invoice_charge (id, tenant_id, invoice_id, position, msisdn, kind, name, quantity, unit_price, net_cents)"
        " SELECT gen_random_uuid(), $1, $2, n + 10000, '+3249' || lpad(n::text, 7, '0'), 'recurring', 'Plan', 1, 1, 100"
        " FROM generate_series(1, $3) n",
        customer.tenant_id,
        found,
        CHARGES,
    )
    plain = charge_views.BY_NUMBER.replace(
        "WHERE c.invoice_id", f"WHERE c.tenant_id = '{customer.tenant_id}' AND c.invoice_id"
    )

    async def by_number() -> None:
        await connection.fetch(plain, found, "recurring", "usage", 25, 0)

    invoice_id: UUID = found
    await proofs(customer, connection, invoice_id, rounds=min(rounds, 10))
    await compare(
        f"charges by number of an invoice with {CHARGES:,}",
        lambda: charge_views.charges_by_number(customer.manager, invoice_id),
        by_number,
        rounds=rounds,
    )


async def proofs(customer: Customer, connection: asyncpg.Connection, like: UUID, *, rounds: int) -> None:
    """10,000 charges of as many lines: what they are compared with and the rules, against reading the charges."""
    account = next(iter(customer.accounts))
    values = (customer.tenant_id, customer.accounts[account], account, PROVEN)
    await connection.execute(PROOF_LINES, *values)
    invoice_id = await connection.fetchval(PROOF_INVOICE, customer.tenant_id, like, values[1], account)
    await connection.execute(PROOF_CHARGES, customer.tenant_id, invoice_id, PROVEN)
    await connection.execute("ANALYZE line; ANALYZE invoice_charge")

    async def prove() -> int:
        async with open_scope(customer.system) as scope:
            invoice = await scope.fetch_one(ProvenInvoice, INVOICE, invoice_id)
            assert invoice is not None
            found = await work_out(scope, invoice)
        return sum(1 for _, each in found if each.verdict is Verdict.PROVEN)

    # As REST gives them: whole
    columns = ", ".join(ChargeRow.__struct_fields__)
    whole = f"SELECT {columns} FROM invoice_charge WHERE invoice_id = $1 ORDER BY position"

    async def read() -> None:
        async with open_scope(customer.system) as scope:
            await scope.fetch_all(ChargeRow, whole, invoice_id)

    assert await prove() == PROVEN
    took, floor = await medians(prove, read, rounds=rounds)
    row(f"proof of {PROVEN:,} charges", 1000 * took, "ms", floor=1000 * floor, goal="<= 3.0")
    began = time.perf_counter()
    async with open_scope(customer.system) as scope:
        invoice = await scope.fetch_one(ProvenInvoice, INVOICE, invoice_id)
        assert invoice is not None
        await keep(scope, invoice_id, await work_out(scope, invoice))
    row(f"proof of {PROVEN:,} charges, with writing the verdicts", 1000 * (time.perf_counter() - began), "ms")


async def medians(*works: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    """The middle duration of each work in seconds, one after the other in turn, so that a busy moment meets both."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(took, works, strict=True):
            began = time.perf_counter()
            await work()
            times.append(time.perf_counter() - began)
    return [sorted(times)[len(times) // 2] for times in took]
