"""Webhooks of the payments sandbox: signed, repeated, late, twice, out of order, lost; and a sandbox that is killed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from backend.sandbox.payments import webhooks
from tests.support.listener import eventually
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.stripe_calls import CARD, WebhookListener, hearing_webhooks, payment_asked, stripe_client

PAID = {
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
}


@pytest.fixture
async def listener() -> AsyncIterator[WebhookListener]:
    async with hearing_webhooks() as found:
        yield found


@pytest.fixture
async def sandbox(listener: WebhookListener, tmp_path: Path) -> AsyncIterator[Sandbox]:
    # Starting waits for a thread: the listener's loop goes on meanwhile
    context = running_sandbox(tmp_path)
    found = await asyncio.to_thread(context.__enter__)
    await asyncio.to_thread(found.send_webhooks, listener.url)
    yield found
    await asyncio.to_thread(context.__exit__, None, None, None)


async def pay(sandbox: Sandbox) -> Any:
    async with stripe_client(sandbox.stripe_address) as api:
        session = await api.checkout.sessions.create_async(payment_asked())
        await asyncio.to_thread(lambda: sandbox.pay(session.url, **CARD))
        return await api.checkout.sessions.retrieve_async(session.id)


async def states(sandbox: Sandbox) -> list[str]:
    return [one["state"] for one in await asyncio.to_thread(sandbox.webhooks)]


async def test_each_event_arrives_signed_and_once(sandbox: Sandbox, listener: WebhookListener) -> None:
    session = await pay(sandbox)
    await eventually(lambda: len(listener.events) == 4)
    assert (set(listener.kinds), listener.forged) == (PAID, 0)
    completed = next(one for one in listener.events if one.type == "checkout.session.completed")
    assert completed.data.object["payment_intent"] == session.payment_intent
    async with stripe_client(sandbox.stripe_address) as api:
        for _ in range(200):
            known = (await api.events.list_async()).data
            if all(one.pending_webhooks == 0 for one in known):
                break
            await asyncio.sleep(0.01)
    assert {one.id for one in known} == {one.id for one in listener.events}
    assert all(one.pending_webhooks == 0 for one in known)


async def test_what_nobody_takes_is_sent_again(
    sandbox: Sandbox, listener: WebhookListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PAUSES_SECONDS", (0.05, 0.05))
    listener.refuse = 5
    await pay(sandbox)
    await eventually(lambda: len(listener.events) == 4)
    assert set(listener.kinds) == PAID
    listener.refuse = 1_000
    await pay(sandbox)
    for _ in range(500):
        if (await states(sandbox)).count("given_up") == 4:
            break
        await asyncio.sleep(0.01)
    lost = [one for one in await asyncio.to_thread(sandbox.webhooks) if one["state"] == "given_up"]
    assert [(one["attempts"], one["last"]) for one in lost] == [(3, "503")] * 4
    listener.refuse = 0
    assert await asyncio.to_thread(sandbox.payment, "event", lost[0]["event"], "again") == ""
    await eventually(lambda: len(listener.events) == 5)
    assert listener.events[-1].id == lost[0]["event"]


async def test_webhooks_twice(sandbox: Sandbox, listener: WebhookListener) -> None:
    await asyncio.to_thread(sandbox.behave_payments, duplicate_webhooks=True)
    await pay(sandbox)
    await eventually(lambda: len(listener.events) == 8)
    ids = [one.id for one in listener.events]
    assert all(ids.count(one) == 2 for one in ids)


async def test_webhooks_never(sandbox: Sandbox, listener: WebhookListener) -> None:
    await asyncio.to_thread(sandbox.behave_payments, drop_webhooks=True)
    await pay(sandbox)
    assert await states(sandbox) == ["dropped"] * 4
    assert listener.events == []
    async with stripe_client(sandbox.stripe_address) as api:
        assert len((await api.events.list_async()).data) == 4, "who asks learns of it all the same"


async def test_webhooks_out_of_order(
    sandbox: Sandbox, listener: WebhookListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "REORDER_SECONDS", 0.3)
    await asyncio.to_thread(sandbox.behave_payments, reorder_webhooks=True)
    await pay(sandbox)
    await eventually(lambda: len(listener.events) == 4)
    assert set(listener.kinds[:2]) == {"charge.succeeded", "checkout.session.completed"}


async def test_webhooks_later(sandbox: Sandbox, listener: WebhookListener) -> None:
    await asyncio.to_thread(sandbox.behave_payments, webhook_delay_seconds=0.4)
    await pay(sandbox)
    assert (listener.events, await states(sandbox)) == ([], ["waiting"] * 4)
    await eventually(lambda: len(listener.events) == 4)


async def test_what_was_not_delivered_is_after_a_restart(sandbox: Sandbox, listener: WebhookListener) -> None:
    await asyncio.to_thread(sandbox.behave_payments, webhook_delay_seconds=0.5)
    session = await pay(sandbox)
    await asyncio.to_thread(sandbox.stop)
    await asyncio.to_thread(sandbox.start)
    await eventually(lambda: len(listener.events) == 4)
    assert set(listener.kinds) == PAID
    async with stripe_client(sandbox.stripe_address) as api:
        again = await api.checkout.sessions.retrieve_async(session.id)
    assert (again.payment_status, again.payment_intent) == ("paid", session.payment_intent)


async def test_a_debit_under_way_is_answered_after_a_restart(sandbox: Sandbox) -> None:
    await asyncio.to_thread(sandbox.behave_payments, debit_seconds=0.6)
    async with stripe_client(sandbox.stripe_address) as api:
        session = await api.checkout.sessions.create_async(payment_asked())
        account = {"how": "sepa_debit", "iban": "BE62510007547061", "holder": "Delta", "agree": "on"}
        await asyncio.to_thread(lambda: sandbox.pay(session.url, **account))
        await asyncio.to_thread(sandbox.stop)
        await asyncio.to_thread(sandbox.start)
        for _ in range(300):
            session = await api.checkout.sessions.retrieve_async(session.id)
            if session.payment_status == "paid":
                break
            await asyncio.sleep(0.01)
        assert session.payment_status == "paid"


async def test_only_so_many_deliveries_are_listed(
    sandbox: Sandbox, listener: WebhookListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait stay, however many have ended; where nobody takes any, they end somewhere too."""
    monkeypatch.setattr(webhooks, "MOST", 6)
    for _ in range(3):
        await pay(sandbox)
    await eventually(lambda: len(listener.events) == 12)
    assert len(await asyncio.to_thread(sandbox.webhooks)) == 6
    await asyncio.to_thread(sandbox.behave_payments, webhook_delay_seconds=600)
    for _ in range(3):
        await pay(sandbox)
    assert await states(sandbox) == ["waiting"] * 12
    monkeypatch.setattr(webhooks, "MOST_WAITING", 8)
    await pay(sandbox)
    assert await states(sandbox) == ["waiting"] * 8
