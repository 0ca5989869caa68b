"""Messages between product and carrier against the published TMF641 4.1, both ways."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from backend.integrations.network import HttpCarrierNetwork, OrderAccepted, OrderUpdateState
from backend.integrations.tmf641 import STATES, amendment_body, cancellation_body, order_body
from backend.sandbox.carrier.behaviour import Outcome
from backend.sandbox.carrier.order_types import ORDER_TYPES
from tests.support.listener import listening
from tests.support.orders import KINDS, LINE, a_line, asking, asking_to_port
from tests.support.sandbox import options_order, running_sandbox

FOLDER = os.environ.get("FLEETLINE_TMF_SPECS", "")
FILES = sorted(Path(FOLDER).glob("TMF641*.json")) if FOLDER else []
pytestmark = pytest.mark.skipif(
    not FILES, reason="FLEETLINE_TMF_SPECS names no folder with the TMF641 4.1 specification"
)
ORDER = options_order(
    "+32470100001", external_id="7d1f", reference="MND-2611211200-KXTR", add=("sms-unlimited",)
)


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILES[0].read_text("utf-8"))["definitions"]
    return found


def validate(message: Any, name: str, definitions: dict[str, Any]) -> None:
    """Check a message, and that it uses no property that the definition does not know."""
    schema = {"definitions": definitions, "$ref": f"#/definitions/{name}"}
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    jsonschema.Draft4Validator(schema, format_checker=checker).validate(message)
    unknown = set(message) - set(definitions[name]["properties"])
    assert not unknown, f"{name} has no {unknown}"


def test_the_specification_is_the_one_we_speak() -> None:
    document = json.loads(FILES[0].read_text("utf-8"))
    assert document["info"]["version"].startswith("4.1")
    assert document["basePath"].rstrip("/") == "/tmf-api/serviceOrdering/v4"
    assert "/listener/serviceOrderStateChangeEvent" in document["paths"]


def test_an_order_that_we_send(definitions: dict[str, Any]) -> None:
    body = order_body(ORDER)
    validate(body, "ServiceOrder_Create", definitions)
    validate(body["serviceOrderItem"][0], "ServiceOrderItem", definitions)
    validate(body["serviceOrderItem"][0]["service"], "ServiceRefOrValue", definitions)
    for each in body["serviceOrderItem"][0]["service"]["serviceCharacteristic"]:
        validate(each, "Characteristic", definitions)


def test_every_published_state_is_understood(definitions: dict[str, Any]) -> None:
    for name in ("ServiceOrderStateType", "ServiceOrderItemStateType"):
        assert {word.strip() for word in definitions[name]["enum"]} <= set(STATES)


def test_a_wrong_message_would_be_found(definitions: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate({"externalId": "1"}, "ServiceOrder_Create", definitions)
    with pytest.raises(jsonschema.ValidationError):
        validate({"state": "aborted "}, "ServiceOrder", definitions)
    with pytest.raises(AssertionError):
        validate({"stat": "held"}, "ServiceOrder", definitions)


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_what_the_sandbox_answers_and_tells(
    definitions: dict[str, Any], tmp_path: Path, outcome: Outcome
) -> None:
    with running_sandbox(tmp_path) as sandbox:
        line = {
            "msisdn": ORDER.msisdn,
            "billingAccount": "1",
            "productType": "voice_data",
            "plan": "pro-flex-20",
        }
        sandbox.load("mandarine", "delta", [line])
        sandbox.behave("mandarine", delay_ms=100, outcome=outcome)
        async with listening() as listener, HttpCarrierNetwork(sandbox.carrier_urls) as network:
            sandbox.call_back("mandarine", listener.url)
            accepted = await network.submit("mandarine", ORDER)
            assert isinstance(accepted, OrderAccepted)
            await listener.wait_for(2)
            bodies = [json.loads(body) for body in listener.bodies]
        path = f"{sandbox.url}/mandarine/tmf-api/serviceOrdering/v4/serviceOrder"
        async with httpx.AsyncClient() as client:
            one, many, missing = await asyncio.gather(
                client.get(f"{path}/{accepted.carrier_order_id}"), client.get(path), client.get(f"{path}/0")
            )
    for event in bodies:
        validate(event, "ServiceOrderStateChangeEvent", definitions)
        validate(event["event"], "ServiceOrderStateChangeEventPayload", definitions)
        validate(event["event"]["serviceOrder"], "ServiceOrder", definitions)
    assert bodies[-1]["event"]["serviceOrder"]["state"] == outcome
    for document in (one.json(), *many.json()):
        validate(document, "ServiceOrder", definitions)
        validate(document["serviceOrderItem"][0], "ServiceOrderItem", definitions)
    validate(missing.json(), "Error", definitions)


@pytest.mark.parametrize("category", sorted(ORDER_TYPES))
async def test_each_category_both_ways(definitions: dict[str, Any], tmp_path: Path, category: str) -> None:
    carrier = "lynx"  # its eSIMs wait for their user, so that an amendment is part of the talk
    request = next((dict(row[1]) for row in KINDS if row[0] == category), {"simKind": "esim"})
    number = LINE if not ORDER_TYPES[category].new else ""
    order = (
        asking_to_port(carrier, simKind="esim")
        if category == "portIn"
        else asking(carrier, category, msisdn=number, **request)
    )
    sent = order_body(order)
    validate(sent, "ServiceOrder_Create", definitions)
    amendment = amendment_body({"esimConfirmedAt": "2026-11-21T10:00:00Z"})
    validate(amendment, "ServiceOrder_Update", definitions)
    cancellation = cancellation_body("1", "Not needed")
    validate(cancellation, "CancelServiceOrder_Create", definitions)
    with running_sandbox(tmp_path) as sandbox:
        status = "suspended" if category == "reactivate" else "active"
        sandbox.load(carrier, "delta", [a_line(carrier, status=status)])
        async with listening() as listener, httpx.AsyncClient(base_url=sandbox.url) as client:
            sandbox.call_back(carrier, listener.url)
            base = f"/{carrier}/tmf-api/serviceOrdering/v4"
            taken = (await client.post(f"{base}/serviceOrder", json=sent)).json()
            await listener.wait_for(1)
            if listener.heard[-1].updates[0].state is OrderUpdateState.IN_PROGRESS:
                amended = await client.patch(f"{base}/serviceOrder/{taken['id']}", json=amendment)
                validate(amended.json(), "ServiceOrder", definitions)
                await listener.wait_for(2)
            task = {"serviceOrder": {"id": taken["id"]}, "cancellationReason": "Too late"}
            cancelled = (await client.post(f"{base}/cancelServiceOrder", json=task)).json()
            bodies = [json.loads(body) for body in listener.bodies]
    validate(taken, "ServiceOrder", definitions)
    validate(cancelled, "CancelServiceOrder", definitions)
    assert cancelled["state"] == "terminatedWithError"
    for event in bodies:
        validate(event, "ServiceOrderStateChangeEvent", definitions)
        validate(event["event"]["serviceOrder"], "ServiceOrder", definitions)
        for each in event["event"]["serviceOrder"]["serviceOrderItem"][0]["service"]["serviceCharacteristic"]:
            validate(each, "Characteristic", definitions)
    assert listener.heard[-1].updates[0].state is OrderUpdateState.DONE
