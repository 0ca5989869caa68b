"""The demo's transfers: once its invoices have been read, statements that pay all but the newest come through the same door."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import structlog

from backend.billing import service as billing
from backend.billing.bank.keeping import take_file
from backend.billing.intake.import_log import imports_under_way
from backend.billing.schemas import InvoiceDetail, InvoiceFilter, InvoiceGroup
from backend.billing.statements.statement import (
    ReadStatement,
    StatementBalance,
    StatementEntry,
    StatementFormat,
    StatementPayment,
)
from backend.billing.statements.writing import write_camt
from backend.core import clock
from backend.demo.fleets import TENANTS, DemoTenant
from backend.demo.invoices import IBAN
from backend.runtime import settings
from tenants.directory import find_tenant
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor
from tenants.transaction import engine

log = structlog.get_logger()

CUSTOMERS_IBAN = "BE71096123456769"
# Before the due date
PAID_BEFORE = timedelta(days=2)
PATIENCE_SECONDS, EVERY_SECONDS = 900, 2
MOST = 200


async def pay_invoices() -> None:
    """Wait until the invoices have been read, then hand in what paid them. A second start finds nothing to pay."""
    operator = settings().operator.name
    staff = Actor(OPERATOR_SCOPE, name=operator, operator=operator)
    for _ in range(PATIENCE_SECONDS // EVERY_SECONDS):
        if not await imports_under_way(staff):
            break
        await asyncio.sleep(EVERY_SECONDS)
    paid = [one for tenant in TENANTS for one in await _to_pay(tenant)]
    if paid:
        statement = _statement(paid)
        content = write_camt([statement], message=statement.number, at=clock.now())
        await take_file(staff, name="demo.xml", content=content)


async def pay_in_own_loop() -> None:
    """The same in a thread of the demo's own process, beside the processes that it supervises."""
    await engine().open(size=2)
    try:
        await pay_invoices()
    except Exception:
        # The demo goes on without: its invoices stay open
        log.exception("the demo's invoices were not paid")
    finally:
        await engine().close()


async def _to_pay(tenant: DemoTenant) -> list[InvoiceDetail]:
    """The open invoices of a customer but for those of the newest month."""
    tenant_id = await find_tenant(tenant.slug)
    if tenant_id is None:
        return []
    actor, wanted = Actor(tenant_id), InvoiceFilter(group=InvoiceGroup.TO_PAY)
    found, offset = [], 0
    while items := (await billing.list_invoices(actor, wanted, limit=MOST, offset=offset)).items:
        found += items
        offset += len(items)
    newest = max((one.issued_on for one in found), default=date.min)
    today = clock.today()
    return [
        await billing.get_invoice(actor, one.id)
        for one in sorted(found, key=lambda each: (each.issued_on, each.number))
        if one.issued_on < newest and one.due_on is not None and one.due_on <= today
    ]


def _statement(paid: list[InvoiceDetail]) -> ReadStatement:
    entries = list(_entries(paid))
    today, opening = clock.today(), Decimal(10_000)
    total = sum((one.payment.amount or Decimal(0) for one in entries), Decimal(0))
    closing = opening + total
    return ReadStatement(
        format=StatementFormat.CAMT_053,
        number=f"{clock.local(clock.now()):%Y%m%d%H%M%S}",
        account=IBAN,
        iban=IBAN,
        currency="EUR",
        opening=opening,
        closing=closing,
        opened_on=today,
        closed_on=today,
        balances=[
            StatementBalance(code="OPBD", amount=opening, currency="EUR", on=today),
            StatementBalance(code="CLBD", amount=closing, currency="EUR", on=today),
        ],
        entries=entries,
    )


def _entries(paid: list[InvoiceDetail]) -> Iterator[StatementEntry]:
    for one in paid:
        due = one.summary.due_on or one.summary.issued_on
        amount = Decimal(one.summary.open_cents) / 100
        payment = StatementPayment(
            amount=amount,
            currency="EUR",
            booked_on=due - PAID_BEFORE,
            value_on=due - PAID_BEFORE,
            reference=one.structured,
            reference_kind="SCOR",
            name=one.buyer_name,
            iban=CUSTOMERS_IBAN,
            bank_reference=f"T{one.summary.number}",
        )
        outside = StatementPayment(
            amount=amount,
            currency="EUR",
            booked_on=payment.booked_on,
            value_on=payment.value_on,
            bank_reference=payment.bank_reference,
        )
        yield StatementEntry(payment=outside, details=[payment])
