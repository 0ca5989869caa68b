"""Payments over REST: a customer's program pays, follows and leaves; the operator's staff give back and decide."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from backend import runtime
from backend.app import create_api
from backend.members.operators import create_operator_token
from backend.members.tokens import create_token
from backend.settings import Settings
from tests.support.bank import make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.payments import CARD, JOBS, run_sql
from tests.support.sandbox import STRIPE_KEY, Sandbox

OPERATOR = "/api/operator/v1"


@pytest.fixture
def settings(settings: Settings, sandbox_server: Sandbox) -> Settings:
    return dataclasses.replace(settings, stripe_key=STRIPE_KEY, stripe_address=sandbox_server.stripe_address)


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.behave_payments(drop_webhooks=True)
    yield sandbox
    sandbox.behave_payments(drop_webhooks=False)


@pytest.fixture
async def customer(settings: Settings) -> Customer:
    runtime.use_settings(settings)
    return await make_customer()


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app: Any = create_api(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def bearer_of(customer: Customer) -> dict[str, str]:
    assert customer.manager.member_id
    token = await create_token(customer.system, customer.manager.member_id)
    return {"authorization": f"Bearer {token}"}


async def test_a_program_pays_and_the_staff_give_back(
    http: httpx.AsyncClient, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    member = await bearer_of(customer)
    staff = {"authorization": f"Bearer {await create_operator_token('Nadia Operator')}"}
    invoice = await make_invoice(customer, 1678)
    offered = (await http.get("/api/v1/payments/payable", headers=member)).json()
    assert [(one["id"], one["cents"]) for one in offered["invoices"]] == [(str(invoice.id), 1678)]
    body = {"request_key": "mine", "invoices": [{"invoice_id": str(invoice.id), "cents": 1000}]}

    async def work() -> None:
        for _ in range(50):
            await drain(database, only=JOBS)
            await asyncio.sleep(0.05)

    worker = asyncio.create_task(work())
    first, again = await asyncio.gather(
        *(http.post("/api/v1/payments", json=body, headers=member) for _ in range(2))
    )
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"]), first.text
    assert first.json()["address"].startswith(sandbox.url)
    other = body | {"invoices": [{"invoice_id": str(invoice.id), "cents": 999}]}
    assert (await http.post("/api/v1/payments", json=other, headers=member)).status_code == 409
    here = f"/api/v1/payments/{first.json()['id']}"
    paid = await asyncio.to_thread(sandbox.pay, first.json()["address"], how="card", **CARD)
    assert paid.is_redirect
    assert (await http.post(f"{here}/check", headers=member)).status_code == 202
    await worker
    await drain(database, only=JOBS)
    assert (await http.get(here, headers=member)).json()["state"] == "succeeded"
    assert [one["id"] for one in (await http.get("/api/v1/payments", headers=member)).json()] == [
        first.json()["id"]
    ]
    theirs = f"{OPERATOR}/tenants/{customer.slug}/payments/{first.json()['id']}"
    assert (await http.get(theirs, headers=staff)).json()["received_cents"] == 1000
    refund = {"cents": 400, "reason": "Paid twice", "request_key": "r"}
    assert (await http.post(f"{theirs}/refunds", json=refund, headers=staff)).status_code == 202
    assert (
        await http.post(f"{theirs}/refunds", json=refund | {"cents": 601, "request_key": "s"}, headers=staff)
    ).status_code == 422
    await drain(database, only=JOBS)
    refunds = (await http.get(f"{theirs}/refunds", headers=staff)).json()
    assert [(one["cents"], one["state"]) for one in refunds] == [(400, "succeeded")]
    # A member's token opens nothing of the staff's, nor the other way round
    assert (await http.get(theirs, headers=member)).status_code == 401
    assert (await http.get(here, headers=staff)).status_code == 401


async def test_a_page_that_is_left_takes_nothing_and_a_case_is_decided_over_rest(
    http: httpx.AsyncClient, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    member = await bearer_of(customer)
    staff = {"authorization": f"Bearer {await create_operator_token('Nadia Operator')}"}
    invoice = await make_invoice(customer, 1678)
    body = {"request_key": "mine", "invoices": [{"invoice_id": str(invoice.id)}]}
    asked = asyncio.create_task(http.post("/api/v1/payments", json=body, headers=member))
    while not asked.done():
        await drain(database, only=JOBS)
        await asyncio.sleep(0.02)
    here = f"/api/v1/payments/{(await asked).json()['id']}"
    assert (await http.post(f"{here}/cancellation", headers=member)).status_code == 202
    await drain(database, only=JOBS)
    left = (await http.get(here, headers=member)).json()
    assert (left["state"], left["failure"], left["address"]) == ("cancelled", "left", "")
    await run_sql(
        database,
        "INSERT INTO payment_case (id, tenant_id, kind, provider_id, state, cents, currency, detail, received_at)"
        " VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'unasked', 'pi_usd', 'open', 5, 'usd',"
        " 'Nobody asked for this payment.', now())",
    )
    [case] = (await http.get(f"{OPERATOR}/billing/payment-cases", headers=staff)).json()
    decision = f"{OPERATOR}/billing/payment-cases/{case['id']}/decision"
    assert (await http.post(decision, json={"choice": "book"}, headers=staff)).status_code == 422
    answer = await http.post(decision, json={"choice": "dismiss", "reason": "Given back"}, headers=staff)
    assert answer.status_code == 202
    assert (
        await http.post(decision, json={"choice": "dismiss", "reason": "x"}, headers=staff)
    ).status_code == 409
    await drain(database, only=JOBS, twice=True)
    closed = await http.get(f"{OPERATOR}/billing/payment-cases", params={"state": "closed"}, headers=staff)
    assert [(one["reason"], one["decided_by"]) for one in closed.json()] == [("Given back", "Nadia Operator")]
