"""What is said to a carrier, and what is understood of its answers."""

import json
import string
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.integrations.tmf630 import LONGEST_CODE, MalformedError, parse_refusal
from backend.integrations.tmf638 import parse_inventory, parse_resource
from backend.integrations.tmf641 import (
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
    amendment_body,
    cancellation_body,
    characteristics,
    order_body,
    parse_cancellation,
    parse_found,
    parse_order,
)
from backend.integrations.tmf641_events import parse_envelope, parse_event
from backend.integrations.tmf_secrets import is_secret, kept_text, outline, without_secrets
from backend.integrations.tmf_values import LINE_STATES, READERS
from backend.lines.lifecycle import LineStatus


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
        ("Completed", OrderUpdateState.DONE, ""),
        ("InProgress", OrderUpdateState.IN_PROGRESS, ""),
        ("IN_PROGRESS", OrderUpdateState.IN_PROGRESS, ""),
        ("in progress", OrderUpdateState.IN_PROGRESS, ""),
        ("FAILED", OrderUpdateState.FAILED, "failed"),
    ],
)
def test_every_word_for_a_state(word: str, state: OrderUpdateState, code: str) -> None:
    news = read(word)
    assert (news.state, news.code) == (state, code)
    assert news.state.final == (state not in {OrderUpdateState.IN_PROGRESS, OrderUpdateState.HELD})


@pytest.mark.parametrize("word", ["", "done", "complete"])
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


KNOWN: list[tuple[str, Any, Any]] = [
    ("activatedOn", "2026-11-29", "2026-11-29"),
    ("activatedOn", "2026-11-29T13:00:00+01:00", "2026-11-29"),
    ("activatedOn", "2026-10-31T23:00:00Z", "2026-11-01"),
    ("activatedOn", "2026-10-31T23:00Z", "2026-11-01"),
    ("activatedOn", "20261101", "2026-11-01"),
    ("activatedOn", "2026-06-30T22:00:00Z", "2026-07-01"),
    ("agreedAt", "2026-11-29T13:00:00+01:00", "2026-11-29T12:00:00+00:00"),
    ("agreedAt", "2026-11-29", "2026-11-28T23:00:00+00:00"),
    ("options", ["a", "b"], ["a", "b"]),
    ("options", "world-3gb", ["world-3gb"]),
    ("options", [1, 2], ["1", "2"]),
    ("options", [{"@type": "Option", "value": "a"}], ["a"]),
    ("plan", {"@type": "Plan", "value": "pro-flex-2"}, "pro-flex-2"),
    ("simNumber", 8932030000000000001, "8932030000000000001"),
    ("msisdn", 32470123456, "+32470123456"),
    ("msisdn", "0032 470 12 34 56", "+32470123456"),
    ("roamingCapCents", "25000", 25000),
    ("roamingCapCents", 25000.0, 25000),
    ("roamingCapCents", None, None),
    ("status", "Suspended", "suspended"),
    ("status", "releasedPrepaid", "released_prepaid"),
    ("simKind", "eSimProfile", "esim"),
    ("esimState", "Released", "released"),
    ("portState", "INFO_REQUIRED", "info_required"),
]


@pytest.mark.parametrize(("name", "value", "read_as"), KNOWN)
def test_what_is_certain_is_read_in_any_form(name: str, value: Any, read_as: Any) -> None:
    assert telling((name, value)) == {name: read_as}


@pytest.mark.parametrize("name", ["options", "plan", "msisdn", "activatedOn", "status", "simNumber"])
def test_a_null_says_nothing(name: str) -> None:
    assert telling((name, None)) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("options", "a, b"),
        ("options", 5),
        ("options", {"a": 1}),
        ("options", [["a"]]),
        ("options", [True]),
        ("options", ["x" * 201]),
        ("options", ["x"] * 201),
        ("plan", {"@type": "Plan"}),
        ("plan", "x" * 201),
        ("plan", True),
        ("activatedOn", "soon"),
        ("activatedOn", 1764417600000),
        ("activatedOn", "2026-13-01"),
        ("agreedAt", "2026-11-29T25:00:00Z"),
        ("agreedAt", "0001-01-01T00:00:00+14:00"),
        ("roamingCapCents", 3_000_000_000),
        ("roamingCapCents", -1),
        ("roamingCapCents", True),
        ("roamingCapCents", "9" * 5000),
        ("msisdn", "0470123456x"),
        ("msisdn", "0470 12 34 56"),
        ("status", "on the moon"),
        ("simKind", "phone"),
    ],
)
def test_a_value_that_the_carrier_cannot_have_meant_is_refused_without_saying_it(
    name: str, value: Any
) -> None:
    with pytest.raises(MalformedError, match=name) as caught:
        telling((name, value), ("plan", "a") if name != "plan" else ("other", "a"))
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    "entries",
    [
        [("n" * 101, "x")],
        [("text", "x" * 2001)],
        [("deep", {"a": 1})],
        [("deep", [["a"]])],
        [("speed", {"@type": "Speed", "unit": "Mbit"})],
        [("number", 2**53 + 1)],
    ],
)
def test_what_nobody_asked_and_cannot_be_kept_is_left_out(entries: list[tuple[str, Any]]) -> None:
    assert telling(*entries, ("plan", "a")) == {"plan": "a"}


def test_what_nobody_asked_is_bounded() -> None:
    reported = telling(*((f"n{number}", 1) for number in range(80)), ("plan", "a"))
    assert len(reported) == 51
    assert reported["plan"] == "a"


PUBLISHED: list[tuple[str, dict[str, Any]]] = [
    ("no errors, said as null", {"errorMessage": None}),
    ("no items, said as null", {"serviceOrderItem": None}),
    ("an item that is alone", {"serviceOrderItem": {"id": "1", "state": "completed"}}),
    ("no service, said as null", {"serviceOrderItem": [{"id": "1", "service": None}]}),
    (
        "no characteristics, said as null",
        {"serviceOrderItem": [{"service": {"serviceCharacteristic": None}}]},
    ),
    ("an id that is a number", {"id": 42}),
    ("no external id, said as null", {"externalId": None}),
]


@pytest.mark.parametrize("change", [change for _, change in PUBLISHED], ids=[name for name, _ in PUBLISHED])
def test_orders_as_other_servers_write_them(change: dict[str, Any]) -> None:
    assert read("completed", **change).state is OrderUpdateState.DONE


def test_errors_as_other_servers_write_them() -> None:
    failed = read("failed", errorMessage=[{"code": 60, "reason": "No coverage", "message": None}])
    assert (failed.code, failed.message) == ("60", "No coverage")
    assert read("failed", errorMessage={"code": "E1", "reason": {"a": 1}, "message": "No."}).message == "No."
    assert read("failed", errorMessage="No coverage").message == "No coverage"
    assert len(read("failed", errorMessage=[{"code": "c" * 999, "message": "m" * 9999}]).code) == 200


def test_one_order_of_a_list_is_found_among_others_that_cannot_be_read() -> None:
    orders = [order("nonsense", externalId="E0"), 7, order("held"), order("failed", externalId="E2")]
    found = parse_found(json.dumps(orders).encode(), "E1")
    assert found is not None
    assert found.state is OrderUpdateState.HELD
    assert parse_found(json.dumps(orders).encode(), "E9") is None
    with pytest.raises(MalformedError):
        parse_found(json.dumps(orders).encode(), "E0")


@pytest.mark.parametrize(
    "name",
    ["puk", "PUK", "puk1", "pukCode", "SIM PUK", "activationCode", "activation_code", "matchingId", "pin2"],
)
def test_a_secret_is_known_however_its_name_is_written(name: str) -> None:
    assert is_secret(name)
    body = json.dumps({"list": [{"name": name, "value": "87654321"}], name: "87654321", "plan": "p"}).encode()
    assert "87654321" not in without_secrets(body)
    assert "87654321" not in outline(body)
    assert '"plan":"p"' in without_secrets(body)


def test_an_activation_code_in_a_sentence_is_not_kept() -> None:
    body = json.dumps({"message": "Scan LPA:1$smdp.example$ABC-1$$ now", "price": "1$"}).encode()
    assert json.loads(kept_text(body)) == {"message": "Scan … now", "price": "1$"}
    assert kept_text(b"<html>") == ""
    assert not is_secret("shippingAddress")


def test_the_states_that_a_carrier_may_say_are_those_of_lines() -> None:
    assert set(map(str, LineStatus)) - {"ordered", "aborted"} == LINE_STATES


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
NAMES = st.text(string.ascii_letters, min_size=1, max_size=30).filter(
    lambda name: not is_secret(name) and name not in READERS
)


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
        {"resourceCharacteristic": [{"name": "puk", "value": {"@type": "PUK", "digits": "12345678"}}]},
    ],
)
def test_a_sim_that_makes_no_sense_is_refused_without_its_secrets(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_resource(json.dumps({"id": "1", "category": "simCard"} | change).encode())
    assert "12345678" not in str(caught.value)


def test_a_sim_as_other_servers_write_it() -> None:
    values = {
        "puk": None,
        "activationCode": {"value": "LPA:1$a$B"},
        "confirmationCode": None,
        "validUntil": None,
    }
    document = {
        "id": 8932030000000000001,
        "category": "ESIM_PROFILE",
        "resourceCharacteristic": [{"name": name, "value": value} for name, value in values.items()],
    }
    found = parse_resource(json.dumps(document).encode())
    assert (found.number, found.kind, found.puk) == ("8932030000000000001", "esim", "")
    assert (found.activation_code, found.valid_until) == ("1$a$B", None)


def test_a_cancellation_as_other_servers_write_it() -> None:
    assert parse_cancellation(b'{"state":"Done","errorMessage":null}').cancelled is True
    late = parse_cancellation(
        b'{"state":"TERMINATED_WITH_ERROR","errorMessage":[{"code":7,"reason":"Late"}]}'
    )
    assert (late.cancelled, late.code, late.message) == (False, "7", "Late")


def test_an_event() -> None:
    event = {
        "eventId": "V1",
        "eventTime": "2026-11-21T12:00:00.250Z",
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order()},
    }
    change = parse_event(json.dumps(event).encode())
    assert change.event_id == "V1"
    assert change.at == change.updates[0].at == datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (change.updates[0].external_id, change.updates[0].carrier_order_id) == ("E1", "C1")
    naive = parse_event(json.dumps(event | {"eventTime": "2026-11-21T12:00:00"}).encode())
    assert naive.at.tzinfo is UTC


def test_an_event_without_a_time_happened_when_it_was_received() -> None:
    received = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for said in ({}, {"eventTime": None}, {"eventTime": ""}):
        body = json.dumps({"eventId": 7, "event": {"serviceOrder": order()}} | said).encode()
        assert parse_event(body, received).at == received
        envelope = parse_envelope(body)
        assert (envelope.event_id, envelope.external_id) == ("7", "E1")
        with pytest.raises(MalformedError):
            parse_event(body)


@pytest.mark.parametrize(
    "change", [{"eventType": "ServiceOrderDeleteEvent"}, {"eventId": "x" * 201}, {"event": 7}]
)
def test_other_events_are_refused(change: dict[str, Any]) -> None:
    event = {
        "eventId": "V1",
        "eventTime": "2026-11-21T12:00:00Z",
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order()},
    }
    with pytest.raises(MalformedError):
        parse_envelope(json.dumps(event | change).encode())


def test_a_refusal_has_a_code_and_a_reason() -> None:
    assert parse_refusal(b'{"code":"20","reason":"No","message":"Not this one."}') == ("20", "Not this one.")
    assert parse_refusal(b'{"code":"20","reason":"No"}') == ("20", "No")
    assert parse_refusal(b'{"detail":"Not Found"}') is None
    assert parse_refusal(b"<html>404</html>") is None


SERVICE = {"productType": "voice_data", "billingAccount": "1", "plan": "p"}


def service(
    number: Any = "+32470123456", *, state: Any = "active", start: Any = None, **values: Any
) -> dict[str, Any]:
    told = [{"name": name, "value": value} for name, value in (SERVICE | values).items()]
    return {"id": number, "state": state, "startDate": start, "serviceCharacteristic": told}


def test_one_service_that_cannot_be_read_does_not_fail_the_page() -> None:
    page = [
        {"id": "+32470123450", "state": "active"},
        service("+32470123451"),
        service("+32470123452", options=5, puk="87654321"),
        7,
        service({"number": "+32470123453"}),
        service("+32470123454", state="Inactive", options=None, roamingCapCents=None, companionSim=None),
        service("+32470123455", state="unheardOf"),
        service("+32470123456", status="Pending Release"),
    ]
    lines, unreadable = parse_inventory(json.dumps(page).encode())
    assert [(line.msisdn, line.status) for line in lines] == [
        ("+32470123451", "active"),
        ("+32470123454", "suspended"),
        ("+32470123456", "pending_release"),
    ]
    assert [one.msisdn for one in unreadable] == ["+32470123450", "+32470123452", "", "", "+32470123455"]
    assert "has no productType" in unreadable[0].why
    assert "'options'" in unreadable[1].why
    assert not any("87654321" in one.body for one in unreadable)
    with pytest.raises(MalformedError, match="not a list"):
        parse_inventory(b'{"services":[]}')


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2026-10-31T23:00:00Z", date(2026, 11, 1)),
        ("2026-10-31T23:00Z", date(2026, 11, 1)),
        ("2026-10-31T22:59:59Z", date(2026, 10, 31)),
        ("2026-11-01", date(2026, 11, 1)),
        ("2026-11-01T00:30:00+01:00", date(2026, 11, 1)),
        (None, None),
        ("", None),
    ],
)
def test_an_instant_is_its_day_in_belgium(start: Any, day: date | None) -> None:
    [line], _ = parse_inventory(json.dumps([service(start=start)]).encode())
    assert line.activated_on == day


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
    [line], _ = parse_inventory(json.dumps([service]).encode())
    assert (line.status, line.activated_on) == (status, None)


@given(st.binary())
def test_no_bytes_break_a_parser(body: bytes) -> None:
    for parser in (parse_order, parse_event, parse_envelope, parse_resource, parse_cancellation):
        with pytest.raises(MalformedError):
            parser(body)
    for empty in (parse_inventory, lambda said: parse_found(said, "E1")):
        try:
            # An empty list is the only thing that random bytes may say
            assert empty(body) in (([], []), None)
        except MalformedError:
            continue
    assert parse_refusal(body) is None


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 10**4200, 2**63, -(2**63)])
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["id", "externalId", "state", "errorMessage", "serviceOrderItem"]
VALUES = [
    "options",
    "plan",
    "msisdn",
    "activatedOn",
    "agreedAt",
    "roamingCapCents",
    "status",
    "simKind",
    "esimState",
    # A name that we do not know
    "note",
]


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES),
    st.dictionaries(st.sampled_from(VALUES), JSON_VALUES),
)
def test_whatever_a_field_holds_a_message_is_read_or_refused(
    fields: dict[str, Any], values: dict[str, Any]
) -> None:
    told = [{"name": name, "value": value} for name, value in values.items()]
    items = [{"service": {"serviceCharacteristic": told}}]
    try:
        update = parse_order(json.dumps(order(serviceOrderItem=items) | fields).encode())
    except MalformedError:
        return
    for name in set(VALUES) & set(update.reported) - {"options", "roamingCapCents", "note"}:
        assert isinstance(update.reported[name], str)
    assert all(isinstance(code, str) for code in update.reported.get("options", []))
    assert len(update.code) <= LONGEST_CODE


@given(st.dictionaries(st.sampled_from(["id", "state", "serviceCharacteristic"]), JSON_VALUES), JSON_VALUES)
def test_one_bad_service_leaves_the_others_of_its_page(fields: dict[str, Any], value: Any) -> None:
    told = [{"name": name, "value": value} for name in VALUES]
    bad = {"id": "+32470000009", "state": "active", "serviceCharacteristic": told} | fields
    good = {"id": "+32470000001", "state": "active", "serviceCharacteristic": []}
    lines, unreadable = parse_inventory(json.dumps([bad, good]).encode())
    assert len(lines) + len(unreadable) == 2
    assert "+32470000001" in {line.msisdn for line in lines} | {one.msisdn for one in unreadable}
