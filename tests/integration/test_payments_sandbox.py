"""The payments sandbox, spoken to with Stripe's official SDK only: what the portal may rely on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import stripe

from tests.support.sandbox import STRIPE_KEY, Sandbox, running_sandbox

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123"}
ACCOUNT = {"iban": "BE62 5100 0754 7061", "holder": "Delta Logistics", "agree": "on"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("payments")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Any]:
    http: Any = stripe.HTTPXClient(timeout=10)
    client = stripe.StripeClient(
        STRIPE_KEY, base_addresses={"api": sandbox.stripe_address}, max_network_retries=2, http_client=http
    )
    yield client.v1
    await http.close_async()


def asked(**more: Any) -> dict[str, Any]:
    price = {"currency": "eur", "unit_amount": 12_345, "product_data": {"name": "2026-110417"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "allowed_payment_method_types": ["card", "bancontact", "sepa_debit"],
        "success_url": "http://portal.example/app/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://portal.example/app/invoices",
        "metadata": {"payment": "1"},
        "payment_intent_data": {"metadata": {"payment": "1"}},
    } | more


async def test_a_card_is_paid_at_once(sandbox: Sandbox, api: Any) -> None:
    session = await api.checkout.sessions.create_async(asked())
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    answer = await asyncio.to_thread(sandbox.pay, session.url, how="card", **CARD)
    assert answer.headers["location"] == f"http://portal.example/app/paid?session={session.id}", answer.text
    session = await api.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    intent = session.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["payment"]) == ("succeeded", 12_345, "1")
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"
    events = await api.events.list_async({"limit": 100})
    kinds = [event.type for event in events.data][::-1]
    assert kinds == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
