"""Mandates of test customers: asked for, signed on the sandbox's page, named by invoices, collected."""

import asyncio
import dataclasses
import secrets
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.billing.mandates import service
from backend.billing.mandates.asking import ask_for_debit
from backend.billing.mandates.collecting import collect_soon
from backend.billing.mandates.schemas import MandateInfo
from backend.billing.ubl.document import DebitNotice
from backend.core import clock
from tenants.scope import Actor
from tests.support.bank import Booked, make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer
from tests.support.jobs import drain
from tests.support.payments import run_sql
from tests.support.sandbox import Sandbox

IBAN = "BE62 5100 0754 7061"
# What must hold whatever happened: an invoice has one attempt of a number, and a customer number one mandate in force
TWICE = """
SELECT request_key FROM payment WHERE channel = 'debit' GROUP BY request_key HAVING count(*) > 1
UNION ALL SELECT billing_account_id::text FROM mandate WHERE state IN ('signed', 'active', 'suspended')
GROUP BY billing_account_id HAVING count(*) > 1
"""


def owner_of(customer: Customer) -> Actor:
    """The manager as an owner who has just signed in."""
    return dataclasses.replace(customer.manager, signed_in_at=clock.now())


async def asked(database: TestDatabase, owner: Actor, account_id: UUID, *, key: str = "") -> MandateInfo:
    """A mandate whose page is open."""
    mandate_id = await ask_for_debit(owner, account_id, request_key=key or secrets.token_hex(8))
    await drain(database, only="mandates.")
    return await service.get_mandate(owner, mandate_id)


async def sign(sandbox: Sandbox, mandate: MandateInfo, iban: str = IBAN) -> None:
    """What a person does on the page."""
    form = {"how": "sepa_debit", "iban": iban, "holder": "Delta Logistics", "agree": "on"}
    answer = await asyncio.to_thread(lambda: sandbox.pay(mandate.address, **form))
    assert answer.is_redirect, answer.text


async def signed(
    database: TestDatabase, sandbox: Sandbox, owner: Actor, account_id: UUID, iban: str = IBAN
) -> MandateInfo:
    """A mandate that is signed, and known to be."""
    mandate = await asked(database, owner, account_id)
    await sign(sandbox, mandate, iban)
    await service.ask_about_mandate(owner, mandate.id)
    await drain(database)
    return await service.get_mandate(owner, mandate.id)


async def debit_invoice(
    database: TestDatabase, customer: Customer, mandate: MandateInfo, cents: int = 5000, **changes: Any
) -> Booked:
    """An invoice that names a mandate and is due today, announced."""
    notice = DebitNotice(mandate_reference=mandate.reference, creditor_id="BE81ZZZ0202239951")
    changes = {"issued_on": date(2026, 10, 1), "due_on": date(2026, 10, 31), "terms": "-"} | changes
    made = await make_invoice(customer, cents, account=mandate.account, debit=notice, **changes)
    # It came a while ago: nobody is debited on the day on which they are told
    await run_sql(
        database,
        "UPDATE invoice SET received_at = $2 WHERE id = $1",
        made.id,
        clock.now() - timedelta(days=30),
    )
    await drain(database)
    return made


async def collect(database: TestDatabase) -> None:
    """What the scheduler and the worker do on a day."""
    await collect_soon()
    await drain(database)


async def plan_today(database: TestDatabase, invoice_id: UUID) -> None:
    """Let the day of the next attempt come."""
    await run_sql(database, "UPDATE invoice SET collect_on = $2 WHERE id = $1", invoice_id, clock.today())


class DebitRow(msgspec.Struct, frozen=True):
    """An invoice as debits see it."""

    collection: str
    collect_on: date | None
    debit_attempts: int
    open_cents: int
    collecting_cents: int


async def debit_row(database: TestDatabase, invoice_id: UUID) -> DebitRow:
    query = "SELECT collection, collect_on, debit_attempts, open_cents, collecting_cents FROM invoice WHERE id = $1"
    (row,) = await run_sql(database, query, invoice_id)
    return DebitRow(*row)


async def once(database: TestDatabase) -> None:
    """No attempt is there twice, and no customer number has two mandates."""
    assert await run_sql(database, TWICE) == []
