"""What somebody with a login, a token or a carrier's secret might try, found by attacking the product."""

import json
import time
from secrets import token_hex
from typing import Any
from uuid import uuid4

import httpx
import pytest

from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.lines.schemas import LineFilter
from backend.members import service as members
from backend.members import sessions
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.operator.carrier_messages import carrier_messages
from backend.orders.placement.place import preview_order
from backend.settings import Settings
from frontend.components.lines.fleet_view import View, read_view
from frontend.i18n import translator_for
from frontend.page_context import PageContext, Services
from frontend.pages.fleet.drawing import read_list
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.integration.test_api import SMS, Told, http, problem, sent_item  # noqa: F401 - a fixture
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.jobs import drain
from tests.support.sandbox import Sandbox


async def test_a_carriers_message_that_cannot_be_kept_does_not_hold_up_the_others(
    http: httpx.AsyncClient,  # noqa: F811
    database: TestDatabase,
    sandbox: Sandbox,
) -> None:
    customer = await make_customer(lines=1)
    item = await sent_item(customer, database, http, sandbox)
    early = Told(http, item.id, event_id="early")
    early.body["eventTime"] = "0001-01-01T00:00:00+14:00"
    assert (await early.send()).status_code == 201
    deep = json.dumps(Told(http, item.id, event_id="deep").body).encode()
    options = b'{"name":"options","value":' + b"[" * 20_000
    deep = deep.replace(
        b'"serviceOrderItem": []', b'"serviceOrderItem":[{"service":{"serviceCharacteristic":[' + options
    )
    problem(await early.send(body=deep), 400, "malformed")
    problem(await Told(http, item.id, event_id=token_hex(4000)).send(), 400, "malformed")
    long = Told(http, item.id, event_id="long")
    service = {"serviceCharacteristic": [{"name": "options", "value": [token_hex(8000)]}]}
    long.body["event"]["serviceOrder"]["serviceOrderItem"] = [{"service": service}]
    assert (await long.send()).status_code == 201
    assert (await Told(http, item.id).send()).status_code == 201
    assert await drain(database, only="orders.handle_callbacks") == ["orders.handle_callbacks"]
    assert (await customer.lines())[0].options == [SMS]
    messages = await carrier_messages(customer.system)
    assert {one.why.partition(":")[0] for one in messages} == {
        "the event's time is not an instant",
        "the carrier's 'options' is longer than 200 characters",
    }


async def test_a_character_that_cannot_be_stored_is_left_out_of_a_carriers_message(
    http: httpx.AsyncClient,  # noqa: F811
    database: TestDatabase,
    sandbox: Sandbox,
) -> None:
    customer = await make_customer(lines=1)
    item = await sent_item(customer, database, http, sandbox)
    failed = Told(http, item.id, event_id="nul")
    order: dict[str, Any] = failed.body["event"]["serviceOrder"]
    order |= {"state": "failed", "errorMessage": [{"code": "x", "reason": "y", "message": "a\0b"}]}
    assert (await failed.send()).status_code == 201
    await drain(database, only="orders.handle_callbacks")
    async with open_scope(customer.system) as scope:
        row = await scope.connection.fetchrow("SELECT state, detail FROM change_order_item")
    assert tuple(row) == ("failed", "ab")


def visit_of(settings: Settings, actor: Actor, profile: Any) -> PageContext:
    async def nobody(_: Any) -> Any:
        return None

    doors = Services(nobody, nobody, lambda *_: lambda: None)
    return PageContext(settings, doors, actor, profile, translator_for("en"))


async def opened(settings: Settings, customer: Customer) -> PageContext:
    """An open page of a new member who sees everything."""
    member = await make_member(customer.tenant_id)
    assert member.member_id
    session = await sessions.open_session(customer.system, member.member_id, clock.now())
    actor = await sessions.load_session(session.token)
    assert actor
    return visit_of(settings, actor, await members.profile(actor))


@pytest.mark.parametrize("narrowed_first", [True, False])
async def test_an_open_page_counts_within_the_reach_of_now(
    settings: Settings, database: TestDatabase, *, narrowed_first: bool
) -> None:
    customer = await make_customer(lines=4)
    narrowed, everything = await opened(settings, customer), await opened(settings, customer)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE member SET reach_billing_accounts = $2 WHERE id = $1",
            narrowed.actor.member_id,
            list(customer.accounts.values())[:1],
        )
    for visit in (narrowed, everything) if narrowed_first else (everything, narrowed):
        page, frame = await read_list(visit, View())
        expected = 2 if visit is narrowed else 4
        assert (page.total, frame.known.facets.total) == (expected, expected)


async def test_what_one_request_may_hold_is_bounded(database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    await make_lines(customer, 1)
    many = tuple(f"option-{number}" for number in range(1001))
    with pytest.raises(ValidationFailed) as refusal:
        await preview_order(
            customer.manager, ChangeOptions(filter=LineFilter(search="abc " * 100), add=(SMS,))
        )
    assert list(refusal.value.fields) == ["search"]
    for key in ("option", "plan"):
        with pytest.raises(ValidationFailed) as refusal:
            LineFilter(**{key: many})
        assert list(refusal.value.fields) == [key]


async def test_lines_taken_out_are_looked_up_once(database: TestDatabase) -> None:
    customer = await make_customer(lines=300)
    request = ChangeOptions(filter=LineFilter(), except_ids=tuple(uuid4() for _ in range(20_000)), add=(SMS,))
    began = time.process_time()
    preview = await preview_order(customer.manager, request, listed=1)
    assert preview.total_lines == 300
    assert time.process_time() - began < 0.5  # a set a line took seconds


async def test_more_lines_taken_out_than_can_be_chosen_are_refused(database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    request = ChangeOptions(
        filter=LineFilter(), except_ids=tuple(new_id() for _ in range(20_001)), add=(SMS,)
    )
    with pytest.raises(ValidationFailed):
        await preview_order(customer.manager, request)


def test_an_address_with_hundreds_of_keys_still_opens() -> None:
    view = read_view("&".join(f"plan=p{number}" for number in range(1000)))
    assert view.page == 1
