"""What is said to a carrier, and what is understood of its answers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.integrations.tmf641 import (
    MalformedError,
    NewsState,
    OrderNews,
    ServiceOrder,
    order_body,
    parse_event,
    parse_inventory,
    parse_order,
    parse_orders,
    parse_refusal,
)


def order(state: str = "completed", **more: Any) -> dict[str, Any]:
    return {"id": "C1", "externalId": "E1", "state": state, "serviceOrderItem": [{"id": "1"}]} | more


def read(state: str, **more: Any) -> OrderNews:
    return parse_order(json.dumps(order(state, **more)).encode())


def test_an_order_says_what_changes_on_which_line_for_whom() -> None:
    body = order_body(
        ServiceOrder(
            external_id="E1",
            customer="delta",
            msisdn="+32470123456",
            reference="MND-2611211200-KXTR",
            add=("a", "b"),
            remove=("c",),
        )
    )
    (item,) = body["serviceOrderItem"]
    assert (body["externalId"], body["relatedParty"][0]["id"]) == ("E1", "delta")
    assert body["externalReference"][0]["name"] == "MND-2611211200-KXTR"
    assert (item["action"], item["service"]["id"]) == ("modify", "+32470123456")
    values = {each["name"]: each["value"] for each in item["service"]["serviceCharacteristic"]}
    assert values == {"addOption": ["a", "b"], "removeOption": ["c"]}


@pytest.mark.parametrize(
    ("word", "state", "code"),
    [
        ("acknowledged", NewsState.IN_PROGRESS, ""),
        ("pending", NewsState.IN_PROGRESS, ""),
        ("inProgress", NewsState.IN_PROGRESS, ""),
        ("assessingCancellation", NewsState.IN_PROGRESS, ""),
        ("pendingCancellation", NewsState.IN_PROGRESS, ""),
        ("held", NewsState.HELD, "held"),
        ("completed", NewsState.DONE, ""),
        ("partial", NewsState.FAILED, "partial"),
        ("failed", NewsState.FAILED, "failed"),
        ("rejected", NewsState.FAILED, "rejected"),
        ("aborted", NewsState.FAILED, "aborted"),
        ("aborted ", NewsState.FAILED, "aborted"),  # published with a trailing space
        ("cancelled", NewsState.CANCELLED, "cancelled"),
    ],
)
def test_every_word_for_a_state(word: str, state: NewsState, code: str) -> None:
    news = read(word)
    assert (news.state, news.code) == (state, code)
    assert news.state.final == (state not in {NewsState.IN_PROGRESS, NewsState.HELD})


@pytest.mark.parametrize("word", ["", "done", "Completed"])
def test_an_unknown_state_concludes_nothing(word: str) -> None:
    with pytest.raises(MalformedError, match="unknown state"):
        read(word)


def test_the_items_state_counts_where_the_order_has_none() -> None:
    assert read("", serviceOrderItem=[{"id": "1", "state": "failed"}]).state is NewsState.FAILED


def test_the_reason_is_taken_from_the_order_or_its_item() -> None:
    told = {"code": "E42", "reason": "No coverage", "message": "No coverage there."}
    assert read("failed", errorMessage=[told]).message == "No coverage there."
    news = read(
        "failed", serviceOrderItem=[{"id": "1", "errorMessage": [{"code": "E42", "reason": "No coverage"}]}]
    )
    assert (news.code, news.message) == ("E42", "No coverage")


def test_confirmed_options_are_a_list_or_unknown() -> None:
    def with_options(value: Any) -> OrderNews:
        service = {"id": "+32470123456", "serviceCharacteristic": [{"name": "options", "value": value}]}
        return read("completed", serviceOrderItem=[{"id": "1", "service": service}])

    assert with_options(["a", "b"]).options == ("a", "b")
    assert with_options([]).options == ()
    assert read("completed").options is None
    with pytest.raises(MalformedError):
        with_options("a,b")


def test_an_event() -> None:
    event = {
        "eventId": "V1",
        "eventTime": "2026-11-21T12:00:00.250Z",
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order()},
    }
    change = parse_event(json.dumps(event).encode())
    assert change.event_id == "V1"
    assert change.at == change.news.at == datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (change.news.external_id, change.news.carrier_order_id) == ("E1", "C1")
    naive = parse_event(json.dumps(event | {"eventTime": "2026-11-21T12:00:00"}).encode())
    assert naive.at.tzinfo is UTC


@pytest.mark.parametrize("change", [{"eventId": ""}, {"eventType": "ServiceOrderDeleteEvent"}, {"event": {}}])
def test_other_events_are_refused(change: dict[str, Any]) -> None:
    event = {
        "eventId": "V1",
        "eventTime": "2026-11-21T12:00:00Z",
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order()},
    }
    with pytest.raises(MalformedError):
        parse_event(json.dumps(event | change).encode())


def test_a_refusal_has_a_code_and_a_reason() -> None:
    assert parse_refusal(b'{"code":"20","reason":"No","message":"Not this one."}') == ("20", "Not this one.")
    assert parse_refusal(b'{"code":"20","reason":"No"}') == ("20", "No")
    assert parse_refusal(b'{"detail":"Not Found"}') is None
    assert parse_refusal(b"<html>404</html>") is None


def test_a_service_without_what_a_line_needs_is_refused() -> None:
    with pytest.raises(MalformedError, match="has no productType"):
        parse_inventory(b'[{"id":"+32470123456","state":"active"}]')


@pytest.mark.parametrize(
    ("state", "status"), [("active", "active"), ("inactive", "suspended"), ("reserved", "pending_active")]
)
def test_a_line_without_a_status_has_the_services(state: str, status: str) -> None:
    values = {"productType": "voice_data", "billingAccount": "1", "plan": "p"}
    service = {
        "id": "+32470123456",
        "state": state,
        "serviceCharacteristic": [{"name": name, "value": value} for name, value in values.items()],
    }
    (line,) = parse_inventory(json.dumps([service]).encode())
    assert (line.status, line.activated_on) == (status, None)


@given(st.binary())
def test_no_bytes_break_a_parser(body: bytes) -> None:
    for parser in (parse_order, parse_orders, parse_event, parse_inventory):
        try:
            assert parser(body) == []  # an empty list is the only thing that random bytes may say
        except MalformedError:
            continue
    assert parse_refusal(body) is None
