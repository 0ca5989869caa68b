"""The payments sandbox against the installed SDK: its version, its fields, its parameters; and its small rules."""

import json
from datetime import UTC, datetime

import pytest
import stripe

from backend.core.i18n import LANGUAGES
from backend.sandbox.payments.book import PaymentBook
from backend.sandbox.payments.calls import ACTIONS, RESOURCES
from backend.sandbox.payments.documents import API_VERSION, PREFIXES, SHAPES, StripeError
from backend.sandbox.payments.parameters import TAKES, checked, nested, read_pairs
from backend.sandbox.payments.pay_form import problems, read_form
from backend.sandbox.payments.trial_numbers import ACCOUNTS, CARDS, iban_valid
from backend.sandbox.payments.webhooks import stripe_signature
from backend.sandbox.store import Store
from tests.support.stripe_shapes import KINDS, blank_documents, misfits

PARAMS = stripe.params
SDK_PARAMETERS = {
    ("balance_transaction", "list"): PARAMS.BalanceTransactionListParams,
    ("charge", "list"): PARAMS.ChargeListParams,
    ("checkout.session", "create"): PARAMS.checkout.SessionCreateParams,
    ("checkout.session", "expire"): PARAMS.checkout.SessionExpireParams,
    ("checkout.session", "list"): PARAMS.checkout.SessionListParams,
    ("customer", "create"): PARAMS.CustomerCreateParams,
    ("customer", "list"): PARAMS.CustomerListParams,
    ("customer", "modify"): PARAMS.CustomerModifyParams,
    ("dispute", "list"): PARAMS.DisputeListParams,
    ("event", "list"): PARAMS.EventListParams,
    ("payment_intent", "cancel"): PARAMS.PaymentIntentCancelParams,
    ("payment_intent", "confirm"): PARAMS.PaymentIntentConfirmParams,
    ("payment_intent", "create"): PARAMS.PaymentIntentCreateParams,
    ("payment_intent", "list"): PARAMS.PaymentIntentListParams,
    ("payment_method", "detach"): PARAMS.PaymentMethodDetachParams,
    ("payment_method", "list"): PARAMS.PaymentMethodListParams,
    ("refund", "create"): PARAMS.RefundCreateParams,
    ("refund", "list"): PARAMS.RefundListParams,
    ("setup_intent", "list"): PARAMS.SetupIntentListParams,
}
MOMENT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_the_version_is_the_sdk_s() -> None:
    assert stripe.api_version == API_VERSION


def test_the_empty_documents_are_the_sdk_s() -> None:
    """Where this fails, the SDK has changed: run `python -m tests.support.stripe_shapes` and look at the difference."""
    assert SHAPES.read_text("utf-8") == blank_documents()
    assert set(PREFIXES) == set(RESOURCES.values())


def test_the_check_of_shapes_finds_what_is_wrong() -> None:
    right = json.loads(blank_documents())["refund"] | {"status": "succeeded"}
    assert list(misfits(KINDS["refund"], right)) == []
    for wrong in (
        {"amount": "1"},
        {"amount": None},
        {"amount": True},
        {"colour": "red"},
        {"object": "charge"},
        {"metadata": []},
    ):
        assert list(misfits(KINDS["refund"], right | wrong)), wrong
    del right["amount"]
    assert list(misfits(KINDS["refund"], right)) == ["amount: missing"]


@pytest.mark.parametrize("call", sorted(TAKES))
def test_every_parameter_is_one_of_the_sdk_s(call: tuple[str, str]) -> None:
    assert set(TAKES[call]) - set(SDK_PARAMETERS[call].__annotations__) == set()


def test_every_call_has_its_parameters() -> None:
    listed = {(kind, "list") for kind in RESOURCES.values() if kind != "mandate"}
    assert set(TAKES) == set(ACTIONS) | listed


def test_a_signature_is_accepted_by_the_sdk() -> None:
    body = json.dumps({"id": "evt_1", "object": "event", "type": "charge.succeeded"}).encode()
    now = int(datetime.now(UTC).timestamp())
    event = stripe.Webhook.construct_event(body, stripe_signature("whsec_a", body, now), "whsec_a")  # type: ignore[no-untyped-call]
    assert event.id == "evt_1"
    for header, secret in (
        (stripe_signature("whsec_a", body, now), "whsec_b"),
        (stripe_signature("whsec_a", body, now - 3600), "whsec_a"),
        (stripe_signature("whsec_a", body + b" ", now), "whsec_a"),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, secret)  # type: ignore[no-untyped-call]


def test_parameters_are_read_as_stripe_writes_them() -> None:
    body = (
        b"amount=100&confirm=true&line_items[0][quantity]=2&line_items[0][price_data][unit_amount]=5"
        b"&line_items[1][quantity]=1&metadata[amount]=x&expand[0]=a&expand[1]=b&types[]=c&types[]=d&created[gte]=7"
    )
    assert nested(read_pairs(body)) == {
        "amount": 100,
        "confirm": True,
        "line_items": [{"quantity": 2, "price_data": {"unit_amount": 5}}, {"quantity": 1}],
        "metadata": {"amount": "x"},
        "expand": ["a", "b"],
        "types": ["c", "d"],
        "created": {"gte": 7},
    }


@pytest.mark.parametrize(
    "body",
    [
        b"\xff=1",
        b"amount=1.5",
        b"amount=",
        b"confirm=yes",
        b"a[b][c][d][e][f][g]=1",
        b"=1",
        b"a=1&a[b]=2",
        b"&".join(b"a%d=1" % number for number in range(3000)),
    ],
)
def test_parameters_that_cannot_be_read_are_refused(body: bytes) -> None:
    with pytest.raises(StripeError) as refused:
        nested(read_pairs(body))
    assert refused.value.status == 400
    assert not refused.value.kept


def test_a_parameter_that_a_call_does_not_take_is_named() -> None:
    with pytest.raises(StripeError, match="unknown parameter: amount"):
        checked("event", "list", {"amount": 1})


def test_numbers_that_can_be_tried_are_well_formed() -> None:
    assert all(iban_valid(iban) for iban in ACCOUNTS)
    assert all(len(number) == 16 for number in CARDS)
    for wrong in (
        "",
        "BE62",
        "BE62510007547062",
        "62BE510007547061",
        "BE6251000754706É",
        "BEÉÉ510007547061",
        "B" * 40,
    ):
        assert not iban_valid(wrong), wrong


def test_a_card_is_good_until_the_end_of_its_month() -> None:
    form = {"how": "card", "number": "4242-4242-4242-4242", "cvc": "123"}
    for expiry, wrong in (
        ("11/26", []),
        (" 11 / 2026 ", []),
        ("10/26", ["expiry"]),
        ("13/30", ["expiry"]),
        ("", ["expiry"]),
    ):
        assert problems(read_form(form | {"expiry": expiry}), ["card"], MOMENT) == wrong, expiry
    assert problems(read_form(form), ["sepa_debit"], MOMENT) == ["how"]


async def test_the_book_forgets_the_oldest(tmp_path: object) -> None:
    store = Store(tmp_path / "book.sqlite3")  # type: ignore[operator]
    moment = [1_000_000.0]
    book = PaymentBook(store, lambda: moment[0], most=3)
    made = [book.add("customer", name=str(number))["id"] for number in range(5)]
    assert list(book.of("customer")) == made[2:]
    for number in range(5):
        book.keep_answer(f"key-{number}", "asked", 200, {})
    assert list(book.answers) == ["key-2", "key-3", "key-4"]
    moment[0] += 90_000
    book.keep_answer("later", "asked", 200, {})
    assert list(book.answers) == ["later"]
    for _ in range(10):
        book.add("event", type="charge.succeeded")
    assert len(book.of("event")) == 6
    store.start()
    await store.settled()
    again = PaymentBook(store, lambda: moment[0], most=3)
    again.load()
    assert (list(again.of("customer")), list(again.answers)) == (made[2:], ["later"])
    assert len(again.of("event")) == 6
    await store.close()


async def test_a_move_that_was_replaced_does_not_happen(tmp_path: object) -> None:
    store = Store(tmp_path / "book.sqlite3")  # type: ignore[operator]
    moment = [1_000_000.0]
    book = PaymentBook(store, lambda: moment[0])
    first, second = book.add("payment_intent"), book.add("payment_intent")
    book.plan(first, 10, "settle")
    book.plan(second, 5, "settle")
    book.plan(second, 20, "fail:no_account")
    assert book.next_at() == moment[0] + 5
    moment[0] += 10
    assert [(one["id"], move) for one, move in book.due()] == [(first["id"], "settle")]
    book.unplan(second)
    moment[0] += 10
    assert list(book.due()) == []
    await store.close()


def test_each_language_has_the_reasons_that_banks_give() -> None:
    from backend.core.i18n import FileTexts
    from backend.sandbox.payments.pay_html import TEXTS
    from backend.sandbox.payments.pay_sheet import WHY

    for language in LANGUAGES:
        texts = FileTexts(TEXTS, language).all()
        assert {f"why_{reason}" for reason in WHY} <= set(texts)
        assert {card.decline_code for card in CARDS.values() if card.code} <= WHY
