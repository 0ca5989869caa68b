"""What follows from what the payment service says, where the money goes, and what is never booked. Pure."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.payments.booking import PlacedCents, divide, entry_name, take
from backend.billing.payments.lifecycle import (
    PAYMENT_LIFECYCLE,
    Asked,
    PaymentState,
    RefundState,
    differences,
    expected_on,
    latest_on,
    refund_state,
    state_after,
    state_from,
)
from backend.billing.payments.rows import LockedShare
from backend.core.errors import Conflict
from backend.integrations.payment_facts import IntentFacts, PaymentFacts, RefundFacts, SessionFacts, notice_of

S = PaymentState
INTENT = IntentFacts(
    id="pi_1",
    status="succeeded",
    cents=1678,
    received_cents=1678,
    currency="eur",
    customer="cus_1",
    livemode=False,
    metadata={"tenant": "t", "payment": "p"},
    created=1,
    method="card",
    failure="",
    refunds=[],
    disputes=[],
)
ASKED = Asked(cents=1678, currency="eur", customer="cus_1", livemode=False, tenant="t", payment="p")


def facts(session: str = "", intent: str = "", failure: str = "") -> PaymentFacts:
    return PaymentFacts(
        SessionFacts("cs_1", session, "unpaid", "pi_1" if intent else "", {}) if session else None,
        msgspec.structs.replace(INTENT, status=intent, failure=failure) if intent else None,
    )


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (facts("open"), S.CREATED),
        (facts("open", "requires_payment_method", "card_declined"), S.CREATED),
        (facts("open", "requires_action"), S.REQUIRES_ACTION),
        # Complete is not paid
        (facts("complete"), S.UNKNOWN),
        (facts("complete", "processing"), S.PROCESSING),
        (facts("complete", "requires_payment_method", "insufficient_funds"), S.FAILED),
        (facts("complete", "succeeded"), S.SUCCEEDED),
        (facts("expired"), S.CANCELLED),
        (facts("expired", "succeeded"), S.SUCCEEDED),
        (facts("expired", "requires_payment_method", "card_declined"), S.FAILED),
        (facts("", "requires_action"), S.REQUIRES_ACTION),
        (facts("", "canceled", "x"), S.CANCELLED),
        (facts("", "succeeded"), S.SUCCEEDED),
    ],
)
def test_the_state_follows_from_what_the_service_says(said: PaymentFacts, state: PaymentState) -> None:
    assert state_from(said) is state


@pytest.mark.parametrize(
    ("received", "refunded", "back", "state"),
    [
        (100, 0, 0, S.SUCCEEDED),
        (100, 1, 0, S.PARTLY_REFUNDED),
        (100, 100, 0, S.REFUNDED),
        (100, 50, 50, S.REVERSED),
    ],
)
def test_what_went_back_makes_the_state(received: int, refunded: int, back: int, state: PaymentState) -> None:
    assert state_after(received, refunded, back) is state


@pytest.mark.parametrize(
    "other",
    [
        {"received_cents": 1},
        {"currency": "usd"},
        {"customer": ""},
        {"livemode": True},
        {"metadata": {}},
        {"metadata": {"tenant": "t", "payment": "q"}},
        {"metadata": {"tenant": "u", "payment": "p"}},
    ],
)
def test_a_payment_that_is_not_the_one_that_was_asked_for_is_told(other: dict[str, Any]) -> None:
    assert differences(INTENT, ASKED) == []
    assert differences(msgspec.structs.replace(INTENT, **other), ASKED)


def test_states_do_not_go_back() -> None:
    for state in (S.REVERSED,):
        assert state in PAYMENT_LIFECYCLE.final
    for before, after in ((S.PROCESSING, S.CREATED), (S.UNKNOWN, S.CREATED), (S.SUCCEEDED, S.PROCESSING)):
        assert not PAYMENT_LIFECYCLE.allows(before, after)
        with pytest.raises(Conflict):
            PAYMENT_LIFECYCLE.check(before, after)


def test_a_word_that_is_not_known_yet_is_no_end() -> None:
    known = {"succeeded": RefundState.SUCCEEDED, "failed": RefundState.FAILED, "new": RefundState.PENDING}
    for word, state in known.items():
        assert refund_state(RefundFacts("re_1", 1, word, {}, "")) is state


def test_a_bank_has_working_days_to_answer() -> None:
    friday = date(2026, 11, 27)
    assert (expected_on(friday), latest_on(friday)) == (date(2026, 12, 4), date(2026, 12, 17))


ACCOUNTS = [uuid4(), uuid4()]
SHARES = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        st.one_of(st.none(), st.uuids()),
        st.integers(1, 999),
        st.integers(-50, 999),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[1] or uuid4(),
)


@given(SHARES, st.integers(1, 4000))
def test_every_cent_of_a_payment_has_one_place(
    shares: list[tuple[UUID, UUID | None, int, int]], cents: int
) -> None:
    """And no invoice gets more than its share, or than it needs."""
    locked = [LockedShare(account, invoice, "n", part) for account, invoice, part, _ in shares]
    opened = {invoice: needs for _, invoice, _, needs in shares if invoice}
    places = divide(cents, locked, opened)
    assert sum(one.cents for one in places) == -cents
    assert len({(one.billing_account_id, one.invoice_id) for one in places}) == len(places)
    for one in places:
        if one.invoice_id:
            most = next(part for _, invoice, part, _ in shares if invoice == one.invoice_id)
            assert 0 < -one.cents <= min(most, opened[one.invoice_id])


@given(st.lists(st.integers(1, 500), min_size=1, max_size=5), st.integers(1, 4000))
def test_what_goes_back_is_taken_in_order_and_none_is_lost(sources: list[int], cents: int) -> None:
    held = [PlacedCents(ACCOUNTS[0], uuid4(), -one) for one in sources]
    places = take(cents, held)
    assert sum(one.cents for one in places) == cents
    for one in places:
        if one.invoice_id:
            assert one.cents <= -next(each.cents for each in held if each.invoice_id == one.invoice_id)


def test_entries_of_no_invoice_are_told_apart_by_their_customer_number() -> None:
    names = {entry_name("pi_1", PlacedCents(account, None, 1)) for account in ACCOUNTS}
    assert len(names) == 2
    assert entry_name("pi_1", PlacedCents(ACCOUNTS[0], uuid4(), 1)) == "pi_1"


@pytest.mark.parametrize("event", [None, [], {}, {"id": 1}, {"data": {"object": None}}])
def test_what_is_no_event_is_refused(event: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        notice_of(event)
