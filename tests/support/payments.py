"""Payments of test customers: asked for, made on the sandbox's hosted page, and what the product then knows."""

import asyncio
import dataclasses
import hmac
import secrets
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from backend.billing.payments import service
from backend.billing.payments.schemas import PaymentInfo, PaymentPart
from backend.billing.payments.starting import start_payment
from backend.core import clock
from backend.integrations.payment_signatures import HEADER
from backend.settings import Settings
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor
from tests.support.database import TestDatabase
from tests.support.jobs import drain
from tests.support.sandbox import STRIPE_KEY, WEBHOOK_SECRET, Sandbox

JOBS = "payments."
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123"}
DECLINED = CARD | {"number": "4000 0000 0000 9995"}
DISPUTED = CARD | {"number": "4000 0000 0000 0259"}
ACCOUNT = {"iban": "BE62 5100 0754 7061", "holder": "Delta Logistics", "agree": "on"}
NO_MONEY = ACCOUNT | {"iban": "BE95 5100 0000 0158"}
OPERATOR = Actor(OPERATOR_SCOPE)
LEDGER = "SELECT kind, provider_id, invoice_id, cents FROM ledger_entry WHERE kind IN ('payment', 'refund', 'reversal') ORDER BY id"
# What must hold whatever happened
OUT_OF_LINE = """
SELECT i.number FROM invoice i
WHERE i.open_cents <> coalesce((SELECT sum(e.cents) FROM ledger_entry e WHERE e.invoice_id = i.id), 0)
  OR i.collecting_cents <> coalesce((SELECT sum(s.cents) FROM payment_share s JOIN payment p ON p.id = s.payment_id
    WHERE s.invoice_id = i.id AND p.state IN ('processing', 'unknown')), 0)
"""


def with_payments(settings: Settings, sandbox: Sandbox) -> Settings:
    """Settings with which people pay at the sandbox."""
    return dataclasses.replace(
        settings,
        stripe_key=STRIPE_KEY,
        stripe_webhook_secret=(WEBHOOK_SECRET,),
        stripe_address=sandbox.stripe_address,
    )


async def ask(actor: Actor, *invoices: UUID, cents: int | None = None, key: str = "") -> UUID:
    """Ask to pay invoices: each whole, or a part of the only one."""
    parts = [PaymentPart(invoice_id=one, cents=cents) for one in invoices]
    return await start_payment(actor, parts, request_key=key or secrets.token_hex(8))


async def opened(database: TestDatabase, actor: Actor, *invoices: UUID, **more: Any) -> PaymentInfo:
    """A payment whose page is open."""
    payment_id = await ask(actor, *invoices, **more)
    await drain(database, only="payments.open_checkout")
    return await service.get_payment(actor, payment_id)


async def choose(
    sandbox: Sandbox, payment: PaymentInfo, how: str = "card", *, refused: bool = False, **fields: str
) -> None:
    """What a person does on the hosted page; `refused`: the bank says no, and the page stays."""
    given = fields or {"card": CARD, "sepa_debit": ACCOUNT}.get(how, {})
    answer = await asyncio.to_thread(sandbox.pay, payment.address, how=how, **given)
    assert (answer.status_code < 400) is not refused, answer.text


async def look(database: TestDatabase, actor: Actor, payment_id: UUID, *, leave: bool = False) -> PaymentInfo:
    """Come back from the page, and have the worker find out."""
    await service.ask_about_payment(actor, payment_id, leave=leave)
    await drain(database, only="payments.check")
    return await service.get_payment(actor, payment_id)


async def listed(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    """The newest objects of a kind at the payment service, such as `events` or `disputes`; the oldest first."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            f"{sandbox.stripe_address}/v1/{kind}",
            params={"limit": 100},
            headers={"authorization": f"Bearer {STRIPE_KEY}"},
        )
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return found[::-1]


async def events(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Events of the sandbox as its webhooks would carry them, the oldest first."""
    return await listed(sandbox, "events")


async def ledger(database: TestDatabase) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return [tuple(row) for row in await connection.fetch(LEDGER)]
    finally:
        await connection.close()


async def run_sql(database: TestDatabase, query: str, *values: object) -> list[Any]:
    """Rows of a statement, as superuser."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def in_line(database: TestDatabase) -> None:
    """Every invoice is open for the sum of its entries, and holds what its payments hold."""
    assert await run_sql(database, OUT_OF_LINE) == []


def signed(body: bytes, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> dict[str, str]:
    """The header of a webhook."""
    stamp = int(clock.now().timestamp()) if at is None else at
    made = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    return {HEADER: f"t={stamp},v1={made}"}
