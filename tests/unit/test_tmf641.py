"""What is said to a carrier, and what is understood of its answers."""

import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.integrations.tmf630 import MalformedError, parse_refusal
from backend.integrations.tmf638 import parse_inventory, parse_resource
from backend.integrations.tmf641 import (
    SECRETS,
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
    amendment_body,
    cancellation_body,
    characteristics,
    order_body,
    parse_cancellation,
    parse_event,
    parse_order,
    parse_orders,
)


def order(state: str = "completed", **more: Any) -> dict[str, Any]:
    return {"id": "C1", "externalId": "E1", "state": state, "serviceOrderItem": [{"id": "1"}]} | more


def read(state: str, **more: Any) -> OrderUpdate:
    return parse_order(json.dumps(order(state, **more)).encode())


def test_an_order_says_what_changes_on_which_line_for_whom() -> None:
    body = order_body(
        ServiceOrder(
            external_id="E1",
            customer="delta",
            msisdn="+32470123456",
            reference="MND-2611211200-KXTR",
            category="changeOptions",
            action="modify",
            characteristics={"addOption": ("a", "b"), "removeOption": ["c"]},
        )
    )
    (item,) = body["serviceOrderItem"]
    assert (body["externalId"], body["relatedParty"][0]["id"]) == ("E1", "delta")
    assert body["externalReference"][0]["name"] == "MND-2611211200-KXTR"
    assert (item["action"], item["service"]["id"]) == ("modify", "+32470123456")
    values = {each["name"]: each["value"] for each in item["service"]["serviceCharacteristic"]}
    assert item["service"]["serviceCharacteristic"][0]["valueType"] == "array"
    assert values == {"addOption": ["a", "b"], "removeOption": ["c"]}


@pytest.mark.parametrize(
    ("word", "state", "code"),
    [
        ("acknowledged", OrderUpdateState.IN_PROGRESS, ""),
        ("pending", OrderUpdateState.IN_PROGRESS, ""),
        ("inProgress", OrderUpdateState.IN_PROGRESS, ""),
        ("assessingCancellation", OrderUpdateState.IN_PROGRESS, ""),
        ("pendingCancellation", OrderUpdateState.IN_PROGRESS, ""),
        ("held", OrderUpdateState.HELD, "held"),
        ("completed", OrderUpdateState.DONE, ""),
        ("partial", OrderUpdateState.FAILED, "partial"),
        ("failed", OrderUpdateState.FAILED, "failed"),
        ("rejected", OrderUpdateState.FAILED, "rejected"),
        ("aborted", OrderUpdateState.FAILED, "aborted"),
        ("aborted ", OrderUpdateState.FAILED, "aborted"),  # published with a trailing space
        ("cancelled", OrderUpdateState.CANCELLED, "cancelled"),
    ],
)
def test_every_word_for_a_state(word: str, state: OrderUpdateState, code: str) -> None:
    news = read(word)
    assert (news.state, news.code) == (state, code)
    assert news.state.final == (state not in {OrderUpdateState.IN_PROGRESS, OrderUpdateState.HELD})


@pytest.mark.parametrize("word", ["", "done", "Completed"])
def test_an_unknown_state_concludes_nothing(word: str) -> None:
    with pytest.raises(MalformedError, match="unknown state"):
        read(word)


def test_the_items_state_counts_where_the_order_has_none() -> None:
    assert read("", serviceOrderItem=[{"id": "1", "state": "failed"}]).state is OrderUpdateState.FAILED


def test_the_reason_is_taken_from_the_order_or_its_item() -> None:
    reported = {"code": "E42", "reason": "No coverage", "message": "No coverage there."}
    assert read("failed", errorMessage=[reported]).message == "No coverage there."
    news = read(
        "failed", serviceOrderItem=[{"id": "1", "errorMessage": [{"code": "E42", "reason": "No coverage"}]}]
    )
    assert (news.code, news.message) == ("E42", "No coverage")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", "string"),
        ("", "string"),
        (7, "integer"),
        (True, "boolean"),
        (1.5, "number"),
        (["a"], "array"),
        ((), "array"),
        ({"a": 1}, "object"),
    ],
)
def test_a_characteristic_names_the_type_of_its_value(value: Any, kind: str) -> None:
    (found,) = characteristics({"one": value})
    assert (found["valueType"], found["value"]) == (kind, list(value) if kind == "array" else value)


def test_nothing_is_left_out_but_a_lifted_cap_is_said() -> None:
    assert characteristics({"successorEmail": None, "roamingCapCents": None}) == [
        {"name": "roamingCapCents", "valueType": "integer", "value": None}
    ]


def telling(*entries: tuple[str, Any]) -> dict[str, Any]:
    service = {"id": "+32470123456", "serviceCharacteristic": [{"name": n, "value": v} for n, v in entries]}
    return read("completed", serviceOrderItem=[{"id": "1", "service": service}]).reported


def test_what_is_told_is_the_last_word_on_each_name() -> None:
    entries = [("plan", "a"), ("options", ["x", "y"]), ("roamingCapCents", None), ("plan", "b"), ("n", 7)]
    assert telling(*entries) == {"plan": "b", "options": ["x", "y"], "roamingCapCents": None, "n": 7}
    assert read("completed").reported == {}


def test_a_secret_that_a_carrier_tells_in_an_order_is_not_kept() -> None:
    entries = [("activationCode", "1$smdp.example$A"), ("confirmationCode", "1234"), ("puk", "12345678")]
    assert telling(*entries, ("plan", "a")) == {"plan": "a"}


@pytest.mark.parametrize(
    "entries",
    [
        [("", "x")],
        [("n" * 101, "x")],
        [("text", "x" * 2001)],
        [("codes", ["x" * 201])],
        [("codes", ["x"] * 201)],
        [("codes", [1])],
        [("deep", {"a": 1})],
        [("deep", [["a"]])],
        [("number", 2**53 + 1)],
        [(f"n{number}", 1) for number in range(51)],
    ],
)
def test_what_could_not_be_kept_is_refused_whole(entries: list[tuple[str, Any]]) -> None:
    with pytest.raises(MalformedError):
        telling(*entries)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
NAMES = st.text(string.ascii_letters, min_size=1, max_size=30).filter(lambda name: name not in SECRETS)


@given(st.dictionaries(NAMES, SCALARS | st.lists(TEXT, max_size=10), max_size=20))
def test_what_is_asked_comes_back_as_it_was_said(request: dict[str, Any]) -> None:
    """A carrier that echoes an order tells us what we asked, lists and nulls as they were sent."""
    body = order_body(
        ServiceOrder(
            external_id="E", customer="c", msisdn="", category="x", action="add", characteristics=request
        )
    )
    document = json.dumps(body | {"id": "C1", "state": "acknowledged"})
    reported = parse_order(document.encode()).reported
    assert reported == {name: value for name, value in request.items() if value is not None}


def test_an_amendment_says_only_what_changes() -> None:
    (item,) = amendment_body({"esimConfirmedAt": "2026-11-21T12:00:00Z"})["serviceOrderItem"]
    assert (item["id"], item["action"], item["service"]["serviceCharacteristic"]) == (
        "1",
        "noChange",
        [{"name": "esimConfirmedAt", "valueType": "string", "value": "2026-11-21T12:00:00Z"}],
    )


def test_a_cancellation_names_the_order_and_why() -> None:
    assert cancellation_body("C1", "Not needed") == {
        "serviceOrder": {"@referredType": "ServiceOrder", "id": "C1"},
        "cancellationReason": "Not needed",
    }
    assert "cancellationReason" not in cancellation_body("C1", "")


@pytest.mark.parametrize(
    ("word", "cancelled"),
    [("done", True), ("accepted", None), ("inProgress", None), ("terminatedWithError", False)],
)
def test_every_word_for_a_cancellation(word: str, cancelled: bool | None) -> None:
    error = {"code": "tooLate", "reason": "Too late", "message": "The donor has agreed."}
    found = parse_cancellation(json.dumps({"state": word, "errorMessage": error}).encode())
    assert (found.cancelled, found.code, found.message) == (cancelled, "tooLate", "The donor has agreed.")
    with pytest.raises(MalformedError):
        parse_cancellation(b'{"state":"perhaps"}')


def test_a_sim_with_its_secrets() -> None:
    code = "1$smdp.mandarine.example$ABC-1"
    values = {"puk": "12345678", "activationCode": f"LPA:{code}", "validUntil": "2026-12-21T00:00:00+01:00"}
    document = {
        "id": "9100000123454",
        "category": "esimProfile",
        "resourceCharacteristic": [{"name": name, "value": value} for name, value in values.items()],
    }
    found = parse_resource(json.dumps(document).encode())
    assert (found.number, found.kind, found.puk, found.confirmation_code) == (
        "9100000123454",
        "esim",
        "12345678",
        "",
    )
    assert (found.activation_code, found.valid_until) == (code, datetime(2026, 12, 20, 23, tzinfo=UTC))
    assert code not in repr(found)
    assert "12345678" not in repr(found)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"category": "phone"},
        {"resourceCharacteristic": [{"name": "puk", "value": 12345678}]},
        {"resourceCharacteristic": [{"name": "validUntil", "value": "soon"}]},
    ],
)
def test_a_sim_that_makes_no_sense_is_refused_without_its_secrets(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_resource(json.dumps({"id": "1", "category": "simCard"} | change).encode())
    assert "12345678" not in str(caught.value)


def test_an_event() -> None:
    event = {
        "eventId": "V1",
        "eventTime": "2026-11-21T12:00:00.250Z",
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order()},
    }
    change = parse_event(json.dumps(event).encode())
    assert change.event_id == "V1"
    assert change.at == change.update.at == datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (change.update.external_id, change.update.carrier_order_id) == ("E1", "C1")
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
    for parser in (
        parse_order,
        parse_orders,
        parse_event,
        parse_inventory,
        parse_resource,
        parse_cancellation,
    ):
        try:
            assert parser(body) == []  # an empty list is the only thing that random bytes may say
        except MalformedError:
            continue
    assert parse_refusal(body) is None
