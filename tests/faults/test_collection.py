"""`kill -9` of the worker, again and again, while it collects a hundred invoices: each is debited once, none is lost."""

import asyncio
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.billing.mandates import service
from backend.billing.mandates.asking import ask_for_debit
from backend.billing.mandates.collecting import collect_soon
from backend.billing.mandates.lifecycle import MandateState
from backend.billing.mandates.schemas import MandateInfo
from backend.billing.ubl.document import DebitNotice
from backend.core import clock
from tests.faults.orders import wait_until
from tests.support.bank import make_invoice
from tests.support.deployment import Deployment
from tests.support.factories import Customer, make_customer
from tests.support.mandates import once, owner_of, sign
from tests.support.payments import in_line, run_sql
from tests.support.stripe_calls import stripe_client

INVOICES = 100
KILLS = 4
CENTS = 1_000
ANNOUNCED = "SELECT count(*) FROM invoice WHERE tenant_id = $1 AND collect_on IS NOT NULL"
PAID = "SELECT count(*) FROM invoice WHERE tenant_id = $1 AND open_cents = 0"
ATTEMPTS = "SELECT id, state FROM payment WHERE tenant_id = $1 AND channel = 'debit'"
BOOKED = "SELECT count(*), sum(cents) FROM ledger_entry WHERE tenant_id = $1 AND kind = 'payment'"
LATER = "UPDATE invoice SET collect_on = $2 WHERE tenant_id = $1"


async def signed_mandate(deployment: Deployment, customer: Customer) -> MandateInfo:
    """A mandate of the first customer number, signed on the page, and known by its webhook."""
    owner, account = owner_of(customer), next(iter(customer.accounts.values()))
    mandate_id = await ask_for_debit(owner, account, request_key="k")
    mandate = await service.wait_for_mandate_page(owner, mandate_id, seconds=30)
    await sign(deployment.sandbox, mandate)

    async def known() -> bool:
        return (await service.get_mandate(owner, mandate_id)).state is MandateState.SIGNED

    await wait_until(known, "the mandate is signed")
    return await service.get_mandate(owner, mandate_id)


async def intents_of(deployment: Deployment, customer: Customer) -> list[Any]:
    """What the sandbox was asked to debit from the company; other tests leave theirs there."""
    async with stripe_client(deployment.sandbox.stripe_address) as api:
        found = await api.payment_intents.list_async({"limit": 100})
        every = [one async for one in found.auto_paging_iter()]
    return [one for one in every if one.metadata["tenant"] == str(customer.tenant_id)]


@pytest.mark.timeout(300)
async def test_workers_that_are_killed_collect_each_invoice_once(deployment: Deployment) -> None:
    customer = await make_customer()
    mandate = await signed_mandate(deployment, customer)
    notice = DebitNotice(mandate_reference=mandate.reference, creditor_id="BE81ZZZ0202239951")
    for _ in range(INVOICES):
        day = date(2026, 10, 1)
        await make_invoice(
            customer, CENTS, account=mandate.account, debit=notice, issued_on=day, due_on=day, terms="-"
        )

    async def count(query: str, wanted: int) -> bool:
        ((found,),) = await run_sql(deployment.database, query, customer.tenant_id)
        return bool(found == wanted)

    await wait_until(lambda: count(ANNOUNCED, INVOICES), "every invoice has its day", 120)
    await run_sql(deployment.database, LATER, customer.tenant_id, clock.today() - timedelta(days=1))
    await collect_soon()
    for seed in range(KILLS):
        await asyncio.sleep(random.Random(seed).uniform(0.2, 1.5))
        deployment.kill("worker")
        await deployment.start("worker")
        # The scheduler asks again in the next quarter of an hour: here at once
        await collect_soon()
    await wait_until(lambda: count(PAID, INVOICES), "every invoice is paid", 180)
    attempts = {
        row["id"]: row["state"] for row in await run_sql(deployment.database, ATTEMPTS, customer.tenant_id)
    }
    assert Counter(attempts.values()) == {"succeeded": INVOICES}
    debited = Counter(UUID(one.metadata["payment"]) for one in await intents_of(deployment, customer))
    assert debited == Counter(attempts.keys()), "an attempt was debited once, and nothing else was"
    ((entries, cents),) = await run_sql(deployment.database, BOOKED, customer.tenant_id)
    assert (entries, cents) == (INVOICES, -INVOICES * CENTS)
    await once(deployment.database)
    await in_line(deployment.database)
