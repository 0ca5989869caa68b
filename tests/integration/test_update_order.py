"""Callbacks that overtake each other, come twice or come late: the end is the same, and nothing goes backwards."""

import random
from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import orjson
import pytest

from backend.core import clock
from backend.integrations.network import OrderAccepted, OrderUpdate, OrderUpdateState
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.answers import to_update
from backend.orders.fulfilment.dispatch import SubmittedItem, to_service_order
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.kinds.request_esim import RequestEsim
from backend.orders.placement.place import place_order
from backend.orders.schemas import OrderRequest
from backend.runtime import clients
from tenants.scope import Scope
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, sim_for
from tests.support.jobs import drain, make_jobs_due
from tests.support.listener import Listener, eventually, listening
from tests.support.new_lines import CARRIERS, add_esim_line_request, add_line_request, port_in_request
from tests.support.order_steps import load_lines_at_carrier
from tests.support.sandbox import Sandbox

MOST = 40  # orders of events that are tried, where there are more
KNOWN = "id, state, reason, reported, reported_at, carrier_order_id, batch_id"
RANK = {"sent": 0, "in_progress": 1, "held": 1, "done": 2}
Message = tuple[OrderUpdate, bool]  # whether it is an answer: it bears no date

ESIM = {"email": "an@user.example", "language": "nl", "reason": "new_device", "confirmed": True}
SCENARIOS: dict[str, dict[str, Any]] = {
    "add_line": {},
    "add_line by eSIM": {},
    "port_in": {},
    "port_in corrected": {"port_rejection": "account_mismatch"},
    "request_esim": {},
    "request_esim expired": {"esim_trouble": "expired"},
    "replace_sim": {},
}


@pytest.fixture
async def listener(sandbox: Sandbox) -> AsyncIterator[Listener]:
    """Hears what the product does not."""
    async with listening() as found:
        for carrier in CARRIERS:
            sandbox.call_back(carrier, found.url)
        yield found
        for carrier in CARRIERS:
            sandbox.call_back(carrier, "")


async def asked_for(customer: Customer, sandbox: Sandbox, scenario: str) -> OrderRequest:
    match scenario.split(maxsplit=1):
        case ["add_line"]:
            return add_line_request(customer)
        case ["add_line", _]:
            return add_esim_line_request(customer)
        case ["port_in", *_]:
            return port_in_request(customer)
    [line] = await load_lines_at_carrier(customer, sandbox)
    if scenario == "replace_sim":
        return ReplaceSim(
            line_ids=(line.id,), sim_number=sim_for(customer.carrier, 870_001), reason="defective"
        )
    return RequestEsim(line_ids=(line.id,), **ESIM)


async def told_by_the_carrier(
    customer: Customer, database: TestDatabase, sandbox: Sandbox, listener: Listener, scenario: str
) -> list[Message]:
    """Have the carrier carry a request out of which the product has heard nothing yet; its answer and its events."""
    sandbox.behave(customer.carrier, delay_ms=60, **SCENARIOS[scenario])
    await place_order(customer.manager, await asked_for(customer, sandbox, scenario))
    await make_jobs_due(database)
    for name in ("orders.end_grace", "orders.split_submission"):
        await drain(database, only=name)
    async with open_scope(customer.system) as scope:
        item = await scope.fetch_one(
            SubmittedItem,
            "UPDATE change_order_item SET state = 'sent', sent_at = now(), last_contact_at = now()"
            f" RETURNING {KNOWN}, msisdn, kind, change, 'reference' AS reference",
        )
    assert item is not None
    order = to_service_order(customer.slug, item)
    answer = await clients().network.submit(customer.carrier, order)
    assert isinstance(answer, OrderAccepted)
    mine = [answer.carrier_order_id]

    def heard() -> list[OrderUpdate]:
        return [each.updates[0] for each in listener.heard if each.updates[0].carrier_order_id in mine]

    async def amend(**values: str) -> None:
        said = await clients().network.amend(customer.carrier, mine[0], values)
        assert isinstance(said, OrderAccepted)

    if SCENARIOS[scenario]:
        if customer.carrier == "lynx" and "esim" in scenario:
            await eventually(lambda: any(one.reported.get("esimState") == "released" for one in heard()))
            await amend(esimConfirmedAt=clock.now().isoformat())
        await eventually(lambda: any(one.state is OrderUpdateState.HELD for one in heard()))
        await amend(**({"donorAccount": "88-1"} if "port" in scenario else {"goOn": "true"}))
    elif customer.carrier == "lynx" and "esim" in scenario.lower():
        await eventually(lambda: any(one.reported.get("esimState") == "released" for one in heard()))
        await amend(esimConfirmedAt=clock.now().isoformat())
    await eventually(lambda: any(one.state.final for one in heard()), 20)
    assert next(one for one in heard() if one.state.final).state is OrderUpdateState.DONE
    return [(to_update(str(item.id), answer), True), *((one, False) for one in heard())]


async def as_it_is(scope: Scope) -> dict[str, list[dict[str, Any]]]:
    """Everything that a request leaves behind, except when."""
    sql = {
        "order": "SELECT state, ended_at IS NULL AS open FROM change_order",
        "item": "SELECT state, reason, detail, reported::jsonb, carrier_order_id, msisdn FROM change_order_item",
        "line": "SELECT status, msisdn, sim_number, sim_kind, plan, options, companion_sim FROM line",
        "card": "SELECT number, state, line_id FROM sim_card ORDER BY number",
        "profile": "SELECT iccid, state FROM esim_profile WHERE state NOT IN ('revoked', 'expired')",
        "port": "SELECT state, agreed_at, completed_at IS NULL AS open FROM port_in_case",
        "last move": "SELECT to_state FROM timeline_entry WHERE subject_kind = 'order' ORDER BY id DESC LIMIT 1",
    }
    return {name: [dict(row) for row in await scope.connection.fetch(one)] for name, one in sql.items()}


async def hear(scope: Scope, order: list[Message], *, at_once: bool) -> None:
    known = await scope.fetch_all(KnownItem, f"SELECT {KNOWN} FROM change_order_item")
    if at_once:
        await apply_updates(scope, [news for news, _ in order], known=known)
        return
    latest: OrderUpdate | None = None
    rank = 0
    for news, answer in order:
        await apply_updates(scope, [news], known=known if answer else ())
        if not answer and (latest is None or _later(news, latest)):
            latest = news
        [item] = (await as_it_is(scope))["item"]
        assert RANK[item["state"]] >= rank, "backwards"
        rank = RANK[item["state"]]
        if latest is not None:
            assert item["state"] == str(latest.state)
            reported = orjson.loads(item["reported"])
            assert {name: reported[name] for name in latest.reported} == latest.reported


def _later(one: OrderUpdate, other: OrderUpdate) -> bool:
    assert one.at
    assert other.at
    return (one.state.final, one.at) >= (other.state.final, other.at)


def orders_of(messages: list[Message]) -> list[list[Message]]:
    """All orders where they are few; else a repeatable choice, with the reverse; and everything twice."""
    if len(messages) <= 4:
        found = [list(one) for one in permutations(messages)]
    else:
        choice = random.Random(7)
        found = [list(reversed(messages))]
        found += [choice.sample(messages, len(messages)) for _ in range(MOST)]
    return [
        *found,
        [*messages, *messages],
        [one for one in messages for _ in range(2)],
        [*found[-1], *messages],
    ]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_in_whatever_order_news_comes_the_end_is_the_same(
    database: TestDatabase, sandbox: Sandbox, listener: Listener, scenario: str, carrier: str
) -> None:
    new = not scenario.startswith(("request", "replace"))
    customer = await make_customer(carrier=carrier, lines=0 if new else 1)
    messages = await told_by_the_carrier(customer, database, sandbox, listener, scenario)
    assert len(messages) >= 3
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("SAVEPOINT nothing_heard")
        await hear(scope, messages, at_once=False)
        expected = await as_it_is(scope)
        assert expected["order"] == [{"state": "completed", "open": False}]
        for index, order in enumerate(orders_of(messages)):
            await scope.connection.execute("ROLLBACK TO SAVEPOINT nothing_heard")
            await hear(scope, order, at_once=index % 3 == 2)
            assert await as_it_is(scope) == expected, [(one.state, one.reported) for one, _ in order]


async def test_an_answer_that_was_overtaken_changes_nothing(database: TestDatabase, sandbox: Sandbox) -> None:
    """Asked before it was held, answered afterwards: it stays held."""
    customer = await make_customer(lines=1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave(customer.carrier, outcome="held")
    placed = await place_order(
        customer.manager,
        ReplaceSim(line_ids=(line.id,), reason="defective", sim_number=sim_for("mandarine", 870_002)),
    )
    await make_jobs_due(database)
    await drain(database)
    item = str(placed.items[0].id)

    def said(state: OrderUpdateState, **more: Any) -> OrderUpdate:
        return OrderUpdate(external_id=item, carrier_order_id="c", state=state, **more)

    async with open_scope(customer.system) as scope:
        known = await scope.fetch_all(KnownItem, f"SELECT {KNOWN} FROM change_order_item")
        held = said(OrderUpdateState.HELD, code="sim_mismatch", at=clock.now(), reported={"step": "two"})
        await apply_updates(scope, [held])
        await apply_updates(
            scope,
            [said(OrderUpdateState.IN_PROGRESS, reported={"step": "one"})],
            known=known,
        )
        [found] = (await as_it_is(scope))["item"]
        assert (found["state"], found["reason"]) == ("held", "sim_mismatch")
        assert '"two"' in found["reported"]
        # An answer to what was asked since then counts: here it went on.
        known = await scope.fetch_all(KnownItem, f"SELECT {KNOWN} FROM change_order_item")
        await apply_updates(scope, [said(OrderUpdateState.IN_PROGRESS)], known=known)
        assert (await as_it_is(scope))["item"][0]["state"] == "in_progress"
