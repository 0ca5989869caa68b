"""Our client of the payment service against the sandbox; and against Stripe itself, where FLEETLINE_TEST_STRIPE_KEY is set.

The same calls, so that the sandbox cannot be right where Stripe is not. What needs somebody at a hosted page is left out.
"""

import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from backend.core.errors import Unavailable
from backend.integrations.payment_facts import CheckoutLine, CheckoutRequest
from backend.integrations.payments import (
    BANCONTACT,
    CARD,
    SEPA_DEBIT,
    NotThere,
    PaymentProvider,
    ProviderRefused,
)
from tests.support.sandbox import STRIPE_KEY, Sandbox, running_sandbox

REAL_KEY = os.environ.get("FLEETLINE_TEST_STRIPE_KEY", "")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("payments")) as sandbox:
        yield sandbox


@pytest.fixture(params=["sandbox", *(["stripe"] if REAL_KEY else [])])
async def provider(request: pytest.FixtureRequest, running: Sandbox) -> AsyncIterator[PaymentProvider]:
    assert "_live_" not in REAL_KEY, "a test never moves real money"
    real = request.param == "stripe"
    made = PaymentProvider(REAL_KEY) if real else PaymentProvider(STRIPE_KEY, running.stripe_address)
    yield made
    await made.close()


def wanted(customer: str, key: str, **changes: object) -> CheckoutRequest:
    fields: dict[str, object] = {
        "key": key,
        "customer": customer,
        "lines": [CheckoutLine("Invoice 2026-1", 1678), CheckoutLine("Invoice 2026-2", 500)],
        "methods": (CARD, BANCONTACT, SEPA_DEBIT),
        "success_url": "https://portal.example/app/payments/1?back=done",
        "cancel_url": "https://portal.example/app/payments/1?back=left",
        "expires_at": int(time.time()) + 2400,
        "language": "fr",
        "metadata": {"tenant": "t", "payment": "p"},
    }
    return CheckoutRequest(**fields | changes)  # type: ignore[arg-type]


async def customer_of(provider: PaymentProvider) -> str:
    return await provider.create_customer(key=secrets.token_hex(8), name="Delta", metadata={"tenant": "t"})


async def test_a_page_is_opened_once_under_its_key_and_closed_once(provider: PaymentProvider) -> None:
    customer, key = await customer_of(provider), secrets.token_hex(8)
    request = wanted(customer, key)
    first, again = await provider.open_checkout(request), await provider.open_checkout(request)
    assert first == again
    assert (first.livemode, provider.livemode, first.address.startswith("http")) == (False, False, True)
    with pytest.raises(ProviderRefused):
        await provider.open_checkout(wanted(customer, key, language="nl"))
    found = await provider.payment(session_id=first.session_id)
    assert found.intent is None
    assert found.session
    assert (found.session.status, found.session.payment_status) == ("open", "unpaid")
    assert found.session.metadata == {"tenant": "t", "payment": "p"}
    assert await provider.expire_checkout(first.session_id)
    assert not await provider.expire_checkout(first.session_id)
    closed = (await provider.payment(session_id=first.session_id)).session
    assert closed
    assert closed.status == "expired"


async def test_a_customer_is_made_once_under_its_key(provider: PaymentProvider) -> None:
    key = secrets.token_hex(8)
    made = [await provider.create_customer(key=key, name="Delta", metadata={}) for _ in range(2)]
    assert made[0] == made[1]


async def test_what_is_not_there_and_what_is_refused_are_told_apart(provider: PaymentProvider) -> None:
    with pytest.raises(NotThere):
        await provider.payment(session_id="cs_test_nothing")
    with pytest.raises(NotThere):
        await provider.payment(intent_id="pi_nothing")
    with pytest.raises(ProviderRefused):
        await provider.refund(key=secrets.token_hex(8), intent_id="pi_nothing", cents=1, metadata={})
    with pytest.raises(ProviderRefused):
        await provider.open_checkout(wanted("cus_nothing", secrets.token_hex(8)))
    with pytest.raises(ProviderRefused):
        await provider.open_checkout(
            wanted(await customer_of(provider), secrets.token_hex(8), expires_at=int(time.time()) + 60)
        )
    assert await provider.intent_of("payment_intent", "pi_x") == "pi_x"
    assert await provider.intent_of("mandate", "mandate_x") == ""


async def test_events_are_listed_in_parts_without_repeats(provider: PaymentProvider) -> None:
    since = int(time.time()) - 86_400
    opened = await provider.open_checkout(wanted(await customer_of(provider), secrets.token_hex(8)))
    await provider.expire_checkout(opened.session_id)
    seen: list[str] = []
    after, more = "", True
    while more and len(seen) < 1000:
        notices, more = await provider.events_since(since, after)
        seen += [one.event_id for one in notices]
        after = notices[-1].event_id if notices else ""
    assert len(seen) == len(set(seen)) > 0


async def test_a_wrong_key_and_a_service_that_is_away_are_no_answer(running: Sandbox) -> None:
    wrong = PaymentProvider("sk_test_wrong", running.stripe_address)
    away = PaymentProvider(STRIPE_KEY, "http://127.0.0.1:1/stripe")
    for one in (wrong, away):
        with pytest.raises(Unavailable):
            await customer_of(one)
        await one.close()
    assert PaymentProvider("rk_live_x").livemode
