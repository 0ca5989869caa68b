"""The payments sandbox, spoken to with Stripe's official SDK only: what the portal may rely on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import stripe

from backend.sandbox.payments.calls import RESOURCES
from backend.sandbox.payments.trial_numbers import ACCOUNTS, CARDS
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.stripe_calls import ACCOUNT, CARD, payment_asked, setup_asked, stripe_client
from tests.support.stripe_shapes import KINDS, misfits


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
    async with stripe_client(sandbox.stripe_address) as found:
        yield found


async def pay(sandbox: Sandbox, session: Any, **form: str) -> httpx.Response:
    return await asyncio.to_thread(lambda: sandbox.pay(session.url, **form))


async def paid_by(api: Any, sandbox: Sandbox, **form: str) -> Any:
    """A session that was paid with a form, and its payment with everything in it."""
    session = await api.checkout.sessions.create_async(payment_asked())
    await pay(sandbox, session, **form)
    session = await api.checkout.sessions.retrieve_async(session.id)
    return await intent_of(api, session)


async def intent_of(api: Any, session: Any) -> Any:
    return await api.payment_intents.retrieve_async(session.payment_intent, {"expand": ["latest_charge"]})


async def kinds(api: Any) -> list[str]:
    """The types of all events, the oldest first."""
    return [event.type for event in (await api.events.list_async({"limit": 100})).data][::-1]


async def until(api: Any, intent_id: str, status: str) -> Any:
    for _ in range(500):
        found = await api.payment_intents.retrieve_async(intent_id, {"expand": ["latest_charge"]})
        if found.status == status:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"{intent_id} is {found.status}")


async def mandate_of(api: Any, sandbox: Sandbox, iban: str = ACCOUNT["iban"]) -> tuple[Any, Any]:
    """A customer with an account that may be debited: the customer, and the set-up."""
    customer = await api.customers.create_async({"name": "Delta Logistics", "metadata": {"account": "1"}})
    session = await api.checkout.sessions.create_async(setup_asked(customer.id))
    answer = await pay(sandbox, session, **ACCOUNT | {"iban": iban})
    assert answer.headers["location"] == "http://portal.example/app/signed", answer.text
    session = await api.checkout.sessions.retrieve_async(session.id, {"expand": ["setup_intent"]})
    assert (session.status, session.payment_status) == ("complete", "no_payment_required")
    return customer, session.setup_intent


def collection(customer: Any, setup: Any, **more: Any) -> dict[str, Any]:
    return {
        "amount": 5_000,
        "currency": "eur",
        "customer": customer.id,
        "payment_method": setup.payment_method,
        "mandate": setup.mandate,
        "confirm": True,
        "off_session": True,
        "allowed_payment_method_types": ["sepa_debit"],
        "metadata": {"invoice": "1"},
    } | more


async def test_a_card_is_paid_at_once(sandbox: Sandbox, api: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    answer = await pay(sandbox, session, **CARD)
    assert answer.headers["location"] == f"http://portal.example/app/paid?session={session.id}", answer.text
    found = await api.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    intent = found.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["payment"]) == ("succeeded", 12_345, "1")
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"
    happened = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert await kinds(api) == [*happened, "checkout.session.completed"]
    again = await pay(sandbox, session, **CARD)
    assert "Paid" in again.text, "a form that is sent twice pays once"
    assert len((await api.charges.list_async()).data) == 1


@pytest.mark.parametrize(
    "card", [card for card in CARDS.values() if card.code and not card.asks], ids=lambda card: card.number
)
async def test_a_card_is_refused_and_another_is_taken(sandbox: Sandbox, api: Any, card: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    answer = await pay(sandbox, session, **CARD | {"number": card.number})
    assert (answer.status_code, "Not paid" in answer.text) == (402, True)
    session = await api.checkout.sessions.retrieve_async(session.id)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    refused = await intent_of(api, session)
    assert (refused.status, refused.amount_received) == ("requires_payment_method", 0)
    assert (refused.last_payment_error.code, refused.last_payment_error.decline_code) == (
        card.code,
        card.decline_code,
    )
    assert refused.latest_charge.status == "failed"
    await pay(sandbox, session, **CARD)
    paid = await intent_of(api, await api.checkout.sessions.retrieve_async(session.id))
    assert (paid.id, paid.status, paid.last_payment_error) == (refused.id, "succeeded", None)


@pytest.mark.parametrize("form", [{**CARD, "number": "4000002500003155"}, {"how": "bancontact"}])
async def test_the_bank_asks_first(sandbox: Sandbox, api: Any, form: dict[str, str]) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    asked = await pay(sandbox, session, **form)
    assert asked.headers["location"] == f"/pay/{session.id}"
    session = await api.checkout.sessions.retrieve_async(session.id)
    assert (await intent_of(api, session)).status == "requires_action"
    url = f"{sandbox.url}/pay/{session.id}"
    async with httpx.AsyncClient() as browser:
        assert "Approve" in (await browser.get(url)).text
        refused = await browser.post(f"{url}/bank", data={"answer": "no"})
        assert "You did not approve" in refused.text
    intent = await intent_of(api, session)
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    done = await asyncio.to_thread(lambda: sandbox.pay(url, answer="yes", **form))
    assert done.headers["location"].startswith("http://portal.example/")
    assert (await intent_of(api, session)).status == "succeeded"


async def test_a_card_that_the_bank_refuses_after_the_approval(sandbox: Sandbox, api: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    form = {**CARD, "number": "4000008400001629"}
    answer = await asyncio.to_thread(lambda: sandbox.pay(session.url, answer="yes", **form))
    assert "The bank refused the card" in answer.text
    intent = await intent_of(api, await api.checkout.sessions.retrieve_async(session.id))
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", "card_declined")


async def test_completed_is_not_paid(sandbox: Sandbox, api: Any) -> None:
    await asyncio.to_thread(sandbox.behave_payments, debits_by_hand=True)
    session = await api.checkout.sessions.create_async(payment_asked())
    await pay(sandbox, session, **ACCOUNT)
    session = await api.checkout.sessions.retrieve_async(session.id)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    intent = await intent_of(api, session)
    assert intent.status == "processing"
    assert intent.latest_charge.payment_method_details.sepa_debit.expected_debit_date > "2026"
    assert (
        await api.mandates.retrieve_async(intent.latest_charge.payment_method_details.sepa_debit.mandate)
    ).single_use
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        await api.payment_intents.cancel_async(intent.id)
    assert await asyncio.to_thread(sandbox.payment, "payment_intent", intent.id, "settle") == ""
    session = await api.checkout.sessions.retrieve_async(session.id)
    assert (session.payment_status, (await intent_of(api, session)).status) == ("paid", "succeeded")
    assert (await kinds(api))[-3:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]
    assert "the bank has answered" in await asyncio.to_thread(
        sandbox.payment, "payment_intent", intent.id, "settle"
    )


@pytest.mark.parametrize(
    "account", [one for one in ACCOUNTS.values() if not one.late], ids=lambda account: account.iban
)
async def test_debits_end_as_their_account_says(sandbox: Sandbox, api: Any, account: Any) -> None:
    customer, setup = await mandate_of(api, sandbox, account.iban)
    intent = await api.payment_intents.create_async(collection(customer, setup))
    assert intent.status == "processing"
    if account.code:
        failed = await until(api, intent.id, "requires_payment_method")
        assert (failed.latest_charge.failure_code, failed.last_payment_error.decline_code) == (
            account.code,
            account.code,
        )
        return
    await until(api, intent.id, "succeeded")
    if account.returned:
        for _ in range(300):
            if disputes := (await api.disputes.list_async({"payment_intent": intent.id})).data:
                break
            await asyncio.sleep(0.01)
        assert [(one.status, one.reason, one.amount) for one in disputes] == [
            ("lost", account.returned, 5_000)
        ]
        assert (await intent_of(api, type("S", (), {"payment_intent": intent.id}))).latest_charge.disputed


async def test_an_account_that_answers_late_is_still_under_way(sandbox: Sandbox, api: Any) -> None:
    customer, setup = await mandate_of(api, sandbox, "DE08370400440532013003")
    intent = await api.payment_intents.create_async(collection(customer, setup))
    await asyncio.sleep(0.2)
    assert (await api.payment_intents.retrieve_async(intent.id)).status == "processing"


async def test_a_key_is_carried_out_once(sandbox: Sandbox, api: Any) -> None:
    customer, setup = await mandate_of(api, sandbox)
    key = {"idempotency_key": "invoice-1-attempt-1"}
    first = await api.payment_intents.create_async(collection(customer, setup), key)
    second = await api.payment_intents.create_async(collection(customer, setup), key)
    assert (first.id, second.status) == (second.id, "processing")
    with pytest.raises(stripe.IdempotencyError):
        await api.payment_intents.create_async(collection(customer, setup, amount=6_000), key)
    await asyncio.to_thread(sandbox.stop)
    await asyncio.to_thread(sandbox.start)
    third = await api.payment_intents.create_async(collection(customer, setup), key)
    assert third.id == first.id, "a restart forgets no key"
    assert len((await api.payment_intents.list_async({"customer": customer.id})).data) == 1


async def test_a_refusal_for_its_parameters_is_no_answer_to_a_key(sandbox: Sandbox, api: Any) -> None:
    key = {"idempotency_key": "later-right"}
    with pytest.raises(stripe.InvalidRequestError, match="at least"):
        await api.payment_intents.create_async({"amount": 10, "currency": "eur"}, key)
    made = await api.payment_intents.create_async({"amount": 100, "currency": "eur"}, key)
    assert (made.amount, made.status) == (100, "requires_payment_method")


async def test_a_key_that_is_in_use_is_refused(sandbox: Sandbox) -> None:
    """A disk that is slow: the second call comes before the first one is written."""
    wanted = {"amount": 100, "currency": "eur"}
    async with stripe_client(sandbox.stripe_address, retries=0) as api:
        calls = (api.payment_intents.create_async(wanted, {"idempotency_key": "twice"}) for _ in range(20))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        made = {one.id for one in answers if not isinstance(one, BaseException)}
        refused = [one for one in answers if isinstance(one, BaseException)]
        assert len(made) == 1
        # The SDK has no name for 409
        assert all(isinstance(one, stripe.APIError) and one.http_status == 409 for one in refused)
        assert len((await api.payment_intents.list_async()).data) == 1


async def test_an_answer_that_is_lost_was_carried_out(sandbox: Sandbox) -> None:
    async with stripe_client(sandbox.stripe_address, retries=0) as api:
        await asyncio.to_thread(sandbox.behave_payments, lose_answers=1)
        key = {"idempotency_key": "lost"}
        with pytest.raises(stripe.APIConnectionError):
            await api.payment_intents.create_async({"amount": 100, "currency": "eur"}, key)
        made = (await api.payment_intents.list_async()).data
        assert len(made) == 1
        assert (await api.payment_intents.create_async({"amount": 100, "currency": "eur"}, key)).id == made[
            0
        ].id
        await asyncio.to_thread(sandbox.behave_payments, refuse_calls=1)
        with pytest.raises(stripe.APIError):
            await api.payment_intents.create_async({"amount": 200, "currency": "eur"})
        assert len((await api.payment_intents.list_async()).data) == 1, "a call that is refused makes nothing"


async def test_who_may_call(sandbox: Sandbox) -> None:
    async with stripe_client(sandbox.stripe_address, key="sk_test_other") as api:
        with pytest.raises(stripe.AuthenticationError):
            await api.payment_intents.list_async()
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(f"{sandbox.stripe_address}/v1/charges")
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
    async with stripe_client(sandbox.stripe_address) as api:
        with pytest.raises(stripe.InvalidRequestError, match="speaks"):
            await api.charges.list_async({}, {"stripe_version": "2020-08-27"})
        with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
            await api.payment_intents.retrieve_async("pi_none")
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
            await api.products.list_async()
        with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: capture_method"):
            await api.payment_intents.create_async(
                {"amount": 100, "currency": "eur", "capture_method": "manual"}
            )


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"allowed_payment_method_types": ["klarna"]}, "allowed_payment_method_types[0]"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"expires_at": 1}, "expires_at"),
        ({"customer": "cus_none"}, "customer"),
        (
            {"line_items": [{"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 500}}]},
            "currency",
        ),
        ({"line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 49}}]}, "amount"),
        (
            {"line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": "x"}}]},
            "unit_amount",
        ),
    ],
)
async def test_a_session_that_cannot_be_made(sandbox: Sandbox, api: Any, more: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await api.checkout.sessions.create_async(payment_asked(**more))
    assert refused.value.param == param
    assert (await api.checkout.sessions.list_async()).data == []


async def test_an_expired_session_takes_nothing(sandbox: Sandbox, api: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    url = session.url
    await pay(sandbox, session, **CARD | {"number": "4000000000000002"})
    ended = await api.checkout.sessions.expire_async(session.id)
    assert (ended.status, ended.url) == ("expired", None)
    answer = await asyncio.to_thread(lambda: sandbox.pay(url, **CARD))
    assert (answer.status_code, "This page has ended" in answer.text) == (410, True)
    assert (await intent_of(api, ended)).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        await api.checkout.sessions.expire_async(session.id)
    done = await api.checkout.sessions.create_async(payment_asked())
    await pay(sandbox, done, **CARD)
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        await api.checkout.sessions.expire_async(done.id)


async def test_a_mandate_is_signed_used_and_revoked(sandbox: Sandbox, api: Any) -> None:
    customer, setup = await mandate_of(api, sandbox)
    mandate = await api.mandates.retrieve_async(setup.mandate)
    details = mandate.payment_method_details.sepa_debit
    assert (mandate.status, mandate.type, setup.status) == ("active", "multi_use", "succeeded")
    async with httpx.AsyncClient() as browser:
        assert details.reference in (await browser.get(details.url)).text
    kept = (await api.payment_methods.list_async({"customer": customer.id, "type": "sepa_debit"})).data
    assert [(one.id, one.sepa_debit.last4) for one in kept] == [(setup.payment_method, "7061")]
    await until(api, (await api.payment_intents.create_async(collection(customer, setup))).id, "succeeded")
    assert await asyncio.to_thread(sandbox.payment, "mandate", mandate.id, "revoke") == ""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await api.payment_intents.create_async(collection(customer, setup))
    assert refused.value.code == "payment_intent_mandate_invalid"
    assert len((await api.payment_intents.list_async()).data) == 1
    assert (await kinds(api))[-1] == "mandate.updated"


async def test_the_product_ends_a_mandate(sandbox: Sandbox, api: Any) -> None:
    _, setup = await mandate_of(api, sandbox)
    method = await api.payment_methods.detach_async(setup.payment_method)
    assert method.customer is None
    assert (await api.mandates.retrieve_async(setup.mandate)).status == "inactive"


async def test_a_debit_of_a_closed_account_ends_its_mandate(sandbox: Sandbox, api: Any) -> None:
    customer, setup = await mandate_of(api, sandbox, "BE84510000000259")
    intent = await api.payment_intents.create_async(collection(customer, setup))
    await until(api, intent.id, "requires_payment_method")
    assert (await api.mandates.retrieve_async(setup.mandate)).status == "inactive"


async def test_another_customers_account_is_not_debited(sandbox: Sandbox, api: Any) -> None:
    _, setup = await mandate_of(api, sandbox)
    other = await api.customers.create_async({"name": "Lumen"})
    with pytest.raises(stripe.InvalidRequestError, match="does not belong"):
        await api.payment_intents.create_async(collection(other, setup))


async def test_never_more_is_given_back_than_was_paid(sandbox: Sandbox, api: Any) -> None:
    intent = await paid_by(api, sandbox, **CARD)
    first = await api.refunds.create_async(
        {"payment_intent": intent.id, "amount": 5_000, "metadata": {"a": "b"}}
    )
    assert (first.status, first.metadata["a"]) == ("succeeded", "b")
    calls = (api.refunds.create_async({"payment_intent": intent.id, "amount": 5_000}) for _ in range(5))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in answers) == 1
    rest = await api.refunds.create_async({"payment_intent": intent.id})
    assert rest.amount == 2_345
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await api.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    charge = (await api.charges.list_async({"payment_intent": intent.id})).data[0]
    assert (charge.amount_refunded, charge.refunded) == (12_345, True)


async def test_a_refund_comes_back(sandbox: Sandbox, api: Any) -> None:
    intent = await paid_by(api, sandbox, **CARD)
    made = await api.refunds.create_async({"payment_intent": intent.id})
    assert await asyncio.to_thread(sandbox.payment, "refund", made.id, "fail") == ""
    found = await api.refunds.retrieve_async(made.id)
    assert (found.status, found.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (await api.charges.retrieve_async(intent.latest_charge.id)).amount_refunded == 0
    assert "refund.failed" in await kinds(api)


@pytest.mark.parametrize(("action", "status"), [("win", "won"), ("lose", "lost")])
async def test_a_card_payment_is_disputed(sandbox: Sandbox, api: Any, action: str, status: str) -> None:
    intent = await paid_by(api, sandbox, **CARD)
    assert await asyncio.to_thread(sandbox.payment, "payment_intent", intent.id, "return", "fraudulent") == ""
    made = (await api.disputes.list_async({"payment_intent": intent.id})).data[0]
    assert (made.status, made.amount) == ("needs_response", 12_345)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await api.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    assert await asyncio.to_thread(sandbox.payment, "dispute", made.id, action) == ""
    assert (await api.disputes.retrieve_async(made.id)).status == status
    assert (await kinds(api))[-1] == "charge.dispute.closed"
    assert ("charge.dispute.funds_reinstated" in await kinds(api)) is (status == "won")


async def test_events_can_be_read_from_any_of_them(sandbox: Sandbox, api: Any) -> None:
    for _ in range(3):
        await paid_by(api, sandbox, **CARD)
    every = (await api.events.list_async({"limit": 100})).data
    assert len(every) == 12
    pages = [one.id async for one in (await api.events.list_async({"limit": 5})).auto_paging_iter()]
    assert pages == [one.id for one in every]
    since = await api.events.list_async({"ending_before": every[8].id, "limit": 3})
    assert ([one.id for one in since.data], since.has_more) == ([one.id for one in every[5:8]], True)
    kind = await api.events.list_async({"type": "payment_intent.succeeded"})
    assert {one.type for one in kind.data} == {"payment_intent.succeeded"}
    several = ["charge.succeeded", "payment_intent.created"]
    assert len((await api.events.list_async({"types": several, "limit": 100})).data) == 6
    assert (await api.events.list_async({"created": {"gte": every[0].created + 3600}})).data == []


async def test_a_balance_has_an_entry_for_each_movement(sandbox: Sandbox, api: Any) -> None:
    intent = await paid_by(api, sandbox, **CARD)
    await api.refunds.create_async({"payment_intent": intent.id, "amount": 345})
    entries = (await api.balance_transactions.list_async()).data
    assert [(one.type, one.amount) for one in entries] == [("refund", -345), ("charge", 12_345)]
    assert entries[1].net == entries[1].amount - entries[1].fee


async def test_every_object_is_as_the_sdk_says(sandbox: Sandbox, api: Any) -> None:
    """Everything that a run of payments makes fits the installed SDK's types, field by field."""
    customer, setup = await mandate_of(api, sandbox)
    await until(api, (await api.payment_intents.create_async(collection(customer, setup))).id, "succeeded")
    for form in (CARD, CARD | {"number": "4000000000000002"}, ACCOUNT):
        await paid_by(api, sandbox, **form)
    session = await api.checkout.sessions.create_async(payment_asked(customer=customer.id, locale="fr"))
    await asyncio.to_thread(lambda: sandbox.pay(session.url, how="bancontact", answer="yes"))
    intents = (await api.payment_intents.list_async({"limit": 100})).data
    card, debit = (
        next(one for one in intents if one.status == "succeeded" and wanted in one.payment_method_types)
        for wanted in ("card", "sepa_debit")
    )
    await api.refunds.create_async({"payment_intent": card.id, "amount": 100})
    await asyncio.to_thread(sandbox.payment, "payment_intent", debit.id, "return", "debit_not_authorized")
    await asyncio.sleep(0.1)
    wrong, seen = [], set()
    async with httpx.AsyncClient(headers={"authorization": "Bearer sk_test_sandbox"}) as plain:
        for resource, kind in RESOURCES.items():
            if kind == "mandate":
                ids = [f"mandates/{setup.mandate}"]
            else:
                listed = (await plain.get(f"{sandbox.stripe_address}/v1/{resource}?limit=100")).json()
                ids = [f"{resource}/{one['id']}" for one in listed["data"]]
            for path in ids:
                found = (await plain.get(f"{sandbox.stripe_address}/v1/{path}")).json()
                seen.add(found["object"])
                wrong += misfits(KINDS[found["object"]], found, f"{kind} ")
                if kind == "event":
                    inner = found["data"]["object"]
                    wrong += misfits(KINDS[inner["object"]], inner, f"{found['type']} ")
    assert sorted(set(wrong)) == []
    assert seen == set(RESOURCES.values())


async def test_fields_of_the_forms_are_checked(sandbox: Sandbox, api: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    for form, words in (
        ({"how": ""}, "Choose how you pay"),
        (CARD | {"number": "4111111111111112"}, "Give one of the test card numbers"),
        (CARD | {"expiry": "12/20"}, "Give a month and a year that are not over"),
        (CARD | {"cvc": "12"}, "Give three or four digits"),
        (ACCOUNT | {"iban": "BE62510007547062"}, "Give an IBAN with right check digits"),
        (ACCOUNT | {"holder": ""}, "Give the name of the account holder"),
        (ACCOUNT | {"agree": ""}, "Tick that you agree"),
    ):
        answer = await pay(sandbox, session, **form)
        assert (answer.status_code, words in answer.text) == (422, True), form
    assert (await api.payment_intents.list_async()).data == []
    assert (await api.payment_methods.list_async({"limit": 100})).data == []


async def test_the_page_speaks_the_session_s_language_or_the_reader_s(sandbox: Sandbox, api: Any) -> None:
    plain = await api.checkout.sessions.create_async(payment_asked())
    dutch = await api.checkout.sessions.create_async(payment_asked(locale="nl"))
    async with httpx.AsyncClient(headers={"accept-language": "fr-BE,fr;q=0.9"}) as browser:
        french = (await browser.get(plain.url)).text
        assert '<html lang="fr">' in french
        assert "Aucun argent n’est débité" in french
        assert "123,45\N{NO-BREAK SPACE}€" in french.replace(
            "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
        )
        assert '<html lang="nl">' in (await browser.get(dutch.url)).text
        missing = await browser.get(f"{sandbox.url}/pay/cs_test_none")
        assert (missing.status_code, "Cette page n’existe pas" in missing.text) == (404, True)


async def test_a_form_leads_back_to_the_portal_only(sandbox: Sandbox, api: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    async with httpx.AsyncClient() as browser:
        page = await browser.get(session.url)
        assert "form-action 'self' http://portal.example;" in page.headers["content-security-policy"]
        foreign = {"origin": "http://elsewhere.example"}
        answer = await browser.post(session.url, data=CARD, headers=foreign)
        assert answer.status_code == 403
    assert (await api.payment_intents.list_async()).data == []
