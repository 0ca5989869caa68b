"""Shared billing from the request to the operator's word, with both carriers, and held cases decided."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from backend.app import create_api
from backend.catalog.profiles import profile
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.documents.service import read_document, store_document
from backend.lines.schemas import LineRow
from backend.lines.service import get_line, line_history
from backend.members.operators import create_operator_token
from backend.orders import contracts
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.fulfilment.timeouts import find_overdue
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.kinds.split_billing import SplitBilling
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.operator import contracts as operator_contracts
from backend.orders.placement.place import place_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.settings import Settings
from frontend.components.tasks import needing_me
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.support import files
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import add_line_request, store_contract
from tests.support.order_steps import carry_out
from tests.support.sandbox import Sandbox

BASE = "/api/operator/v1/tenants"
ADDRESS = {
    "billing_street": "Rue du Bac 1",
    "billing_postcode": "1000",
    "billing_town": "Bruxelles",
}


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    token = await create_operator_token("Nadia Operator")
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url=settings.public_url, headers=headers
    ) as client:
        yield client


def profiles(customer: Customer) -> list[str]:
    return [one.code for one in profile(customer.carrier).split_profiles]


async def share(customer: Customer, line: LineRow, **more: Any) -> OrderDetail:
    scan = await store_document(
        customer.manager, purpose="split_contract", file_name="scan.pdf", content=files.PDF
    )
    kind_fields = {
        "profile": profiles(customer)[0],
        "document_id": scan.id,
        "request_key": str(uuid4()),
    } | more
    if profile(customer.carrier).split_billing_data:
        kind_fields = ADDRESS | kind_fields
    return await place_order(customer.manager, SplitBilling(line_ids=(line.id,), **kind_fields))


async def run(customer: Customer, database: TestDatabase, reference: str) -> OrderDetail:
    await make_jobs_due(database)
    await drain(database, twice=True)
    return await get_order(customer.manager, reference)


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
async def test_a_contract_is_looked_at_and_then_in_force(
    http: httpx.AsyncClient, database: TestDatabase, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=1)
    line = (await customer.lines())[0]
    placed = await share(customer, line)
    held = await run(customer, database, placed.reference)
    assert held.state is OrderState.HELD
    assert held.items[0].reason == "contract_under_review"
    shown = await get_line(customer.manager, line.id)
    assert shown.split_profile == ""
    assert shown.agreement
    assert shown.agreement.state == "under_review"
    waiting = (await http.get(f"{BASE}/{customer.slug}/contracts")).json()
    assert len(waiting) == 1
    assert waiting[0]["reference"] == placed.reference
    assert waiting[0]["billing"] == (ADDRESS if carrier == "lynx" else {})
    path = f"{BASE}/{customer.slug}/contracts/{waiting[0]['id']}"
    scan = await http.get(f"{path}/document")
    assert scan.content == files.PDF
    assert "attachment" in scan.headers["content-disposition"]
    for status in (204, 409):
        answer = await http.post(f"{path}/decision", json={"accepted": True})
        assert answer.status_code == status, answer.text
    done = await run(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    now = await get_line(customer.manager, line.id)
    assert now.split_profile == profiles(customer)[0]
    assert now.agreement
    assert now.agreement.state == "active"
    trail = {(entry.code, entry.actor_name) for entry in await line_history(customer.manager, line.id)}
    assert {("contract.accepted", "Nadia Operator"), ("contract.looked_at", "Nadia Operator")} <= trail


async def test_a_refused_contract_is_sent_again(http: httpx.AsyncClient, database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    placed = await share(customer, line)
    await run(customer, database, placed.reference)
    waiting = (await http.get(f"{BASE}/{customer.slug}/contracts")).json()
    path = f"{BASE}/{customer.slug}/contracts/{waiting[0]['id']}/decision"
    assert (await http.post(path, json={"accepted": False, "reason": "  "})).status_code == 422
    why = "The signature is missing."
    assert (await http.post(path, json={"accepted": False, "reason": why})).status_code == 204
    failed = await run(customer, database, placed.reference)
    assert failed.items[0].state is ItemState.FAILED
    assert failed.items[0].why == f"The operator refused the contract: “{why}”"
    shown = await get_line(customer.manager, line.id)
    assert shown.agreement
    assert (shown.agreement.state, shown.agreement.reason) == ("document_pending", why)
    again = await share(customer, line)
    assert (await run(customer, database, again.reference)).state is OrderState.HELD


async def test_old_terms_hold_until_the_new_contract_is_accepted(
    http: httpx.AsyncClient, database: TestDatabase
) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    for code in profiles(customer)[:2]:
        before = (await get_line(customer.manager, line.id)).split_profile
        placed = await share(customer, line, profile=code)
        await run(customer, database, placed.reference)
        assert (await get_line(customer.manager, line.id)).split_profile == before
        waiting = (await http.get(f"{BASE}/{customer.slug}/contracts")).json()
        await http.post(
            f"{BASE}/{customer.slug}/contracts/{waiting[0]['id']}/decision", json={"accepted": True}
        )
        assert (await get_line(customer.manager, line.id)).split_profile == code
    async with open_scope(customer.system) as scope:
        states = await scope.connection.fetch("SELECT state FROM split_agreement ORDER BY created_at")
    assert [row["state"] for row in states] == ["ended", "active"]
    stopped = await place_order(customer.manager, SplitBilling(line_ids=(line.id,), stop=True))
    assert (await run(customer, database, stopped.reference)).state is OrderState.COMPLETED
    now = await get_line(customer.manager, line.id)
    assert (now.split_profile, now.agreement) == ("", None)


async def test_another_user_ends_it(http: httpx.AsyncClient, database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    placed = await share(customer, line)
    await run(customer, database, placed.reference)
    waiting = (await http.get(f"{BASE}/{customer.slug}/contracts")).json()
    await http.post(f"{BASE}/{customer.slug}/contracts/{waiting[0]['id']}/decision", json={"accepted": True})
    changed = ChangeUser(
        line_ids=(line.id,), given_name="Bo", family_name="Ray", language="en", another_person=True
    )
    await run(customer, database, (await place_order(customer.manager, changed)).reference)
    now = await get_line(customer.manager, line.id)
    assert (now.split_profile, now.agreement) == ("", None)


@pytest.mark.parametrize(
    ("kind_fields", "fields"),
    [
        ({"profile": ""}, {"profile"}),
        ({"profile": "'; DROP TABLE line"}, {"profile"}),
        ({"document_id": None}, {"document_id"}),
        ({"document_id": uuid4()}, {"document_id"}),
        ({"billing_town": "\u202e"}, {"billing_town"}),
        ({"billing_street": "x" * 81}, {"billing_street"}),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    kind_fields: dict[str, Any], fields: set[str]
) -> None:
    customer = await make_customer(carrier="lynx", lines=1)
    with pytest.raises(ValidationFailed) as refused:
        await share(customer, (await customer.lines())[0], **kind_fields)
    assert set(refused.value.fields) == fields


async def test_a_scan_of_another_company_or_purpose_is_none(http: httpx.AsyncClient) -> None:
    customer, other = await make_customer(lines=1), await make_customer(lines=1)
    line = (await customer.lines())[0]
    foreign = await store_document(
        other.manager, purpose="split_contract", file_name="a.pdf", content=files.PDF
    )
    table = await store_document(customer.manager, purpose="bulk", file_name="a.csv", content=b"number\n")
    for scan in (foreign, table):
        with pytest.raises(ValidationFailed) as refused:
            await share(customer, line, document_id=scan.id)
        assert set(refused.value.fields) == {"document_id"}
    placed = await share(other, (await other.lines())[0])
    contract = (await http.get(f"{BASE}/{other.slug}/contracts")).json()[0]["id"]
    wrong = f"{BASE}/{customer.slug}/contracts/{contract}"
    assert (await http.get(f"{wrong}/document")).status_code == 404
    assert (await http.post(f"{wrong}/decision", json={"accepted": True})).status_code == 404
    with pytest.raises(NotFound):
        await read_document(customer.manager, foreign.id)
    assert placed.reference


async def test_a_held_case_is_decided_with_its_reason(
    http: httpx.AsyncClient, database: TestDatabase
) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    placed = await share(customer, line)
    await run(customer, database, placed.reference)
    held = (await http.get(f"{BASE}/{customer.slug}/held-items")).json()
    assert [one["reference"] for one in held] == [placed.reference]
    path = f"{BASE}/{customer.slug}/held-items/{held[0]['id']}/decision"
    assert (await http.post(path, json={"completed": True, "reason": ""})).status_code == 422
    for status in (204, 409):
        answer = await http.post(path, json={"completed": True, "reason": "Signed on paper."})
        assert answer.status_code == status, answer.text
    assert (await get_order(customer.manager, placed.reference)).state is OrderState.COMPLETED
    assert (await get_line(customer.manager, line.id)).agreement
    missing = f"{BASE}/{customer.slug}/held-items/{uuid4()}/decision"
    assert (await http.post(missing, json={"completed": True, "reason": "x"})).status_code == 404


async def test_the_contract_is_printed_for_this_line_and_user(settings: Settings) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    made = await contracts.contract_for(customer.manager, line.id, profile=profiles(customer)[0])
    assert made.facts.user_name.startswith("An Peeters")
    assert made.facts.holder_number == "0123456749"
    with pytest.raises(NotFound):
        await contracts.contract_for(customer.manager, line.id, profile="none")
    staff = Actor(customer.tenant_id, operator="Nadia")
    with pytest.raises(Conflict):
        placed = await share(customer, line)
        waiting = await operator_contracts.contracts_under_review(staff)
        await operator_contracts.decide_contract(staff, waiting[0].id, accepted=True)
        await operator_contracts.decide_contract(staff, waiting[0].id, accepted=True)
    assert placed.reference
    assert settings


async def new_line_with_contract(
    customer: Customer, database: TestDatabase, http: httpx.AsyncClient
) -> tuple[OrderDetail, str]:
    """A line that is active and whose contract the operator has not decided on; with the path of the decision."""
    request = add_line_request(
        customer,
        split_profile=profiles(customer)[0],
        document_id=await store_contract(customer),
        **(ADDRESS if profile(customer.carrier).split_billing_data else {}),
    )
    placed = await place_order(customer.manager, request)
    await make_jobs_due(database)
    await drain(database)
    for _ in range(40):
        order = await get_order(customer.manager, placed.reference)
        if order.counts.get(ItemState.DONE):
            break
        await poll_stale_items(customer.system, -1)
        await drain(database)
    waiting = (await http.get(f"{BASE}/{customer.slug}/contracts")).json()
    return order, f"{BASE}/{customer.slug}/contracts/{waiting[0]['id']}/decision"


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
async def test_a_new_line_waits_for_its_contract_and_says_for_whom(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier)
    order, decision = await new_line_with_contract(customer, database, http)
    line = await get_line(customer.manager, order.items[0].line_id)
    assert (line.status, line.split_profile) == ("active", "")
    assert (order.state, order.outcome.code, order.outcome.waits_for) == (
        OrderState.HELD,
        "waits",
        "operator",
    )
    assert [(part.code, part.count, part.reason) for part in order.outcome.parts] == [
        ("waits", 1, "contract_under_review"),
    ]
    assert (order.items[0].waits_for, order.items[0].why) == (
        "operator",
        "The operator is looking at the contract",
    )
    await drain(database)
    mail = sandbox.mails(customer.manager.email)[0]
    assert "waits for the operator" in mail["text"]
    assert "has been carried out" not in mail["text"]
    assert "Waits for the operator: the operator is looking at the contract" in " ".join(mail["text"].split())
    assert "line done" not in mail["text"]
    assert not await needing_me(customer.manager)
    assert (await http.post(decision, json={"accepted": True})).status_code == 204
    await drain(database, twice=True)
    done = await get_order(customer.manager, order.reference)
    assert (done.state, done.outcome.complete) == (OrderState.COMPLETED, True)
    assert (await get_line(customer.manager, line.id)).split_profile == profiles(customer)[0]
    assert "everything you asked for" in sandbox.mails(customer.manager.email)[0]["text"]


async def test_a_refusal_reaches_the_requester_and_can_be_put_right(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    order, decision = await new_line_with_contract(customer, database, http)
    why = "The signature is missing."
    assert (await http.post(decision, json={"accepted": False, "reason": why})).status_code == 204
    await drain(database, twice=True)
    ended = await get_order(customer.manager, order.reference)
    assert (ended.state, ended.outcome.code, ended.outcome.missing) == (OrderState.PARTIAL, "partial", 1)
    assert ended.items[0].left_out == {"split_profile": "contract_refused"}
    assert why in ended.items[0].noted[0]
    mail = sandbox.mails(customer.manager.email)[0]
    assert "carried out in part" in mail["text"]
    assert why in mail["text"]
    assert [one.reference for one in await needing_me(customer.manager)] == [order.reference]
    line = (await customer.lines())[0]
    again = await share(customer, line)
    assert (await run(customer, database, again.reference)).outcome.waits_for == "operator"


async def test_a_contract_refused_before_the_line_is_there_makes_the_request_partial(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    request = add_line_request(
        customer, split_profile=profiles(customer)[0], document_id=await store_contract(customer)
    )
    placed = await place_order(customer.manager, request)
    waiting = (await http.get(f"{BASE}/{customer.slug}/contracts")).json()
    path = f"{BASE}/{customer.slug}/contracts/{waiting[0]['id']}/decision"
    await http.post(path, json={"accepted": False, "reason": "No."})
    ended = await carry_out(customer, database, placed.reference)
    assert (ended.state, ended.outcome.missing) == (OrderState.PARTIAL, 1)


async def test_a_contract_that_ends_undecided_moves_the_request_on(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    order, _ = await new_line_with_contract(customer, database, http)
    line = (await customer.lines())[0]
    changed = ChangeUser(
        line_ids=(line.id,), given_name="Bo", family_name="Ray", language="en", another_person=True
    )
    await run(customer, database, (await place_order(customer.manager, changed)).reference)
    ended = await get_order(customer.manager, order.reference)
    assert ended.state is OrderState.PARTIAL
    assert ended.items[0].left_out == {"split_profile": "contract_ended"}


async def test_a_contract_that_nobody_decides_does_not_hold_the_request_for_ever(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    order, _ = await new_line_with_contract(customer, database, http)
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE timeline_entry SET at = at - interval '40 days'")
    await connection.close()
    assert await find_overdue(customer.system) == 1
    await drain(database, twice=True)
    ended = await get_order(customer.manager, order.reference)
    assert (ended.state, ended.flag) == (OrderState.PARTIAL, "")
    assert (await get_line(customer.manager, order.items[0].line_id)).status == "active"
