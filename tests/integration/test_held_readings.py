"""A reading of the inventory that would end more than a few lines: held, asked about, and what people decide."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from backend.core import clock
from backend.core.errors import Conflict, Forbidden
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.lines.intake.held_reading import decide_held_reading, operator_held_reading
from backend.lines.intake.inventory_reading import must_ask
from backend.lines.intake.inventory_sync import request_sync, sync_status
from backend.lines.schemas import HeldLine, HeldReading, LineRow, SyncStatus
from backend.lines.service import get_line, line_history
from backend.members.operators import operator_actor
from backend.orders.operator.carrier_messages import carrier_messages
from backend.settings import Settings
from frontend.html import to_html
from frontend.i18n import translator_for
from frontend.pages.fleet.inventory_notices import inventory_notices
from tenants.scope import Reach
from tests.integration.test_operator import http, staff  # noqa: F401 - a fixture
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member, next_msisdn
from tests.support.jobs import drain
from tests.support.stub_carrier import StubCarrier, stub_carrier, told_service

CARRIERS = ["mandarine", "lynx"]


@pytest.fixture
async def stub() -> AsyncIterator[StubCarrier]:
    async with stub_carrier() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, stub: StubCarrier) -> Settings:
    return replace(settings, carrier_urls=dict.fromkeys(CARRIERS, stub.url))


def listed(line: LineRow, **more: Any) -> dict[str, Any]:
    return told_service(
        line.msisdn, line.billing_account, plan=line.plan.code, simNumber=line.sim_number, **more
    )


async def read(customer: Customer, database: TestDatabase, *, twice: bool = False) -> SyncStatus:
    """Read the inventory of the stub now."""
    async with job_scope(customer.system) as scope:
        await scope.execute("UPDATE inventory_sync SET started_at = started_at - interval '2 minutes'")
    await request_sync(customer.manager)
    assert set(await drain(database, twice=twice)) == {"lines.sync_inventory"}
    return await sync_status(customer.manager)


async def states(customer: Customer) -> list[str]:
    async with job_scope(customer.system) as scope:
        return [
            row["status"] for row in await scope.connection.fetch("SELECT status FROM line ORDER BY msisdn")
        ]


@pytest.mark.parametrize(
    ("ending", "alive", "read_services", "asked"),
    [
        (0, 5, 0, False),
        (1, 1, 0, True),
        (5, 5, 0, True),
        (1, 1, 1, False),
        (1, 2, 1, False),
        (2, 4, 2, True),
        (2, 5, 3, False),
        (3, 12, 9, False),
        (3, 6, 3, True),
        (4, 12, 8, True),
        (4, 199, 195, True),
        (4, 200, 196, False),
        (160, 8000, 7840, False),
        (161, 8000, 7839, True),
        (8000, 8000, 1, True),
    ],
)
def test_more_than_a_few_lines_are_asked_about(
    ending: int, alive: int, read_services: int, asked: bool
) -> None:
    assert must_ask(ending=ending, alive=alive, read=read_services) is asked


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_an_empty_inventory_ends_nothing_and_the_next_right_one_clears_it(
    database: TestDatabase, stub: StubCarrier, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=12)
    lines = await customer.lines()
    names = {line.msisdn: (line.id, line.name) for line in lines}
    stub.inventory([])
    status = await read(customer, database, twice=True)
    assert await states(customer) == ["active"] * 12
    assert status.held is not None
    assert (status.held.lines, status.held.alive, len(status.held.first)) == (12, 12, 12)
    first_since = status.held.since
    again = await read(customer, database)
    assert again.held is not None
    assert again.held.since == first_since
    stub.inventory([listed(line) for line in lines])
    assert (await read(customer, database)).held is None
    assert {line.msisdn: (line.id, line.name) for line in await customer.lines()} == names


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_what_else_a_held_reading_says_is_applied(
    database: TestDatabase, stub: StubCarrier, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=8)
    lines = await customer.lines()
    new = next_msisdn()
    stub.inventory(
        [
            listed(lines[0], state="inactive", start="2026-10-31T23:00:00Z"),
            listed(lines[1], status="terminated"),
            *(listed(line) for line in lines[2:4]),
            told_service(new, lines[0].billing_account, plan=lines[0].plan.code),
        ]
    )
    status = await read(customer, database)
    assert status.held is not None
    assert status.held.lines == 5
    assert {line.msisdn for line in status.held.first} == {line.msisdn for line in (lines[1], *lines[4:])}
    after = {line.msisdn: line for line in await customer.lines()}
    assert len(after) == 9
    assert after[lines[0].msisdn].status == "suspended"
    assert str((await get_line(customer.manager, lines[0].id)).activated_on) == "2026-11-01"
    assert after[lines[1].msisdn].status == "active"


async def test_a_few_lines_end_without_a_question(database: TestDatabase, stub: StubCarrier) -> None:
    customer = await make_customer(lines=12)
    lines = await customer.lines()
    stub.inventory([listed(line) for line in lines[3:]])
    status = await read(customer, database)
    assert status.held is None
    assert sorted(await states(customer)) == ["active"] * 9 + ["terminated"] * 3
    async with job_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT count(*) FROM held_line_end") == 0


async def held_customer(database: TestDatabase, stub: StubCarrier) -> tuple[Customer, list[LineRow]]:
    """Eight lines of which the carrier lists two."""
    customer = await make_customer(lines=8)
    lines = await customer.lines()
    stub.inventory([listed(line) for line in lines[:2]])
    assert (await read(customer, database)).held
    return customer, lines


async def test_a_fleet_manager_ends_them_or_keeps_them(database: TestDatabase, stub: StubCarrier) -> None:
    customer, lines = await held_customer(database, stub)
    assert await decide_held_reading(customer.manager, end_lines=False, lines=6) == 0
    assert await states(customer) == ["active"] * 8
    assert (await sync_status(customer.manager)).held is None
    with pytest.raises(Conflict) as nothing:
        await decide_held_reading(customer.manager, end_lines=True, lines=6)
    assert nothing.value.code == "reading_decided"
    # The next reading asks again
    assert (await read(customer, database)).held
    with pytest.raises(Conflict) as other:
        await decide_held_reading(customer.manager, end_lines=True, lines=5)
    assert other.value.code == "reading_changed"
    assert await decide_held_reading(customer.manager, end_lines=True, lines=6) == 6
    assert [line.msisdn for line in await customer.lines()] == [line.msisdn for line in lines[:2]]
    assert (await line_history(customer.manager, lines[5].id))[0].code == "line.gone_at_carrier"
    # What was ended by mistake comes back whole
    stub.inventory([listed(line) for line in lines])
    await read(customer, database)
    assert {line.id: line.name for line in await customer.lines()} == {line.id: line.name for line in lines}
    async with job_scope(customer.system) as scope:
        audited = await scope.connection.fetch("SELECT action FROM audit_event ORDER BY at")
    actions = [row["action"] for row in audited]
    assert actions.count("fleet.reading_held") == 2
    assert {"fleet.reading_dismissed", "fleet.reading_confirmed"} <= set(actions)


async def test_a_line_that_changed_since_the_reading_is_not_ended(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer, lines = await held_customer(database, stub)
    async with job_scope(customer.system) as scope:
        await scope.execute("UPDATE line SET confirmed_at = now() WHERE id = $1", lines[7].id)
        await scope.execute("UPDATE line SET status_requested = true WHERE id = $1", lines[6].id)
    assert await decide_held_reading(customer.manager, end_lines=True, lines=6) == 4
    assert {line.id for line in await customer.lines()} == {lines[at].id for at in (0, 1, 6, 7)}


async def test_who_sees_a_part_of_the_fleet_neither_reads_nor_decides(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer, _ = await held_customer(database, stub)
    reach = Reach(billing_accounts=frozenset(list(customer.accounts.values())[:1]))
    part = await make_member(customer.tenant_id, reach=reach)
    assert (await sync_status(part)).held is None
    with pytest.raises(Forbidden):
        await decide_held_reading(part, end_lines=True, lines=6)
    stranger, staff_member = await make_customer(lines=1), await operator_actor("Nadia", customer.slug)
    assert await operator_held_reading(await operator_actor("Nadia", stranger.slug)) is None
    found = await operator_held_reading(staff_member)
    assert found is not None
    assert found.lines == 6


async def test_the_operators_staff_decide_over_rest(
    http: httpx.AsyncClient,  # noqa: F811
    database: TestDatabase,
    stub: StubCarrier,
) -> None:
    customer, lines = await held_customer(database, stub)
    base, headers = f"/api/operator/v1/tenants/{customer.slug}/held-reading", await staff()
    held = (await http.get(base, headers=headers)).json()["held"]
    assert (held["lines"], held["alive"]) == (6, 8)
    assert {one["msisdn"] for one in held["first"]} == {line.msisdn for line in lines[2:]}
    wrong = await http.post(f"{base}/decision", headers=headers, json={"end_lines": True, "lines": 8})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "reading_changed")
    done = await http.post(f"{base}/decision", headers=headers, json={"end_lines": True, "lines": 6})
    assert done.json() == {"ended": 6}
    assert (await http.get(base, headers=headers)).json() == {"held": None}
    assert len(await customer.lines()) == 2


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_one_bad_service_is_set_aside_and_its_line_is_not_ended(
    database: TestDatabase, stub: StubCarrier, carrier: str
) -> None:
    customer, elsewhere = (
        await make_customer(carrier=carrier, lines=6),
        await make_customer(carrier=carrier, lines=1),
    )
    lines, foreign = await customer.lines(), (await elsewhere.lines())[0]
    stub.inventory(
        [
            listed(lines[0], state="inactive"),
            listed(lines[1], options=5, puk="87654321"),
            listed(lines[2], productType="hovercraft"),
            listed(lines[3], status="on the moon"),
            *(listed(line) for line in lines[4:5]),
            told_service(foreign.msisdn, lines[0].billing_account),
        ]
    )
    status = await read(customer, database, twice=True)
    assert (status.held, status.failed, status.unreadable) == (None, False, 4)
    after = {line.msisdn: line.status for line in await customer.lines()}
    assert after == {line.msisdn: "active" for line in lines[1:5]} | {lines[0].msisdn: "suspended"}
    nadia = await operator_actor("Nadia", customer.slug)
    found = {one.subject: one for one in await carrier_messages(nadia)}
    assert set(found) == {line.msisdn for line in lines[1:4]} | {foreign.msisdn}
    assert {one.source for one in found.values()} == {SetAsideSource.INVENTORY}
    assert found[foreign.msisdn].why == "the number is live on another line"
    assert elsewhere.slug not in str(found)
    # They are closed once they can be read
    stub.inventory([listed(line) for line in lines])
    assert (await read(customer, database)).unreadable == 0
    assert await carrier_messages(nadia) == []
    assert len(await carrier_messages(nadia, closed=True)) == 4


async def test_a_service_without_a_readable_number_might_be_any_line(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer(lines=4)
    lines = await customer.lines()
    stub.inventory([*(listed(line) for line in lines[:3]), listed(lines[3]) | {"id": {"number": "x"}}])
    status = await read(customer, database)
    assert (status.held, status.unreadable) == (None, 1)
    assert await states(customer) == ["active"] * 4


async def test_a_list_that_says_a_line_twice_is_not_known_to_be_whole(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer(lines=4)
    lines = await customer.lines()
    stub.inventory([listed(lines[0]), *(listed(line) for line in lines[:3])])
    await read(customer, database)
    assert await states(customer) == ["active"] * 4
    stub.inventory([listed(line) for line in lines[:3]])
    await read(customer, database)
    assert sorted(await states(customer)) == ["active"] * 3 + ["terminated"]


@pytest.mark.parametrize(
    ("total", "failed", "gone"), [(0, False, 1), (5, True, 0), (3, False, 1), (2, False, 1)]
)
async def test_a_wrong_total_never_ends_lines_that_are_listed(
    database: TestDatabase, stub: StubCarrier, total: int, gone: int, *, failed: bool
) -> None:
    customer = await make_customer(lines=4)
    lines = await customer.lines()
    stub.inventory([listed(line) for line in lines[:3]], total=total)
    assert (await read(customer, database)).failed is failed
    assert (await states(customer)).count("terminated") == gone


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"services": []}', b"null"])
async def test_a_page_that_is_no_list_changes_nothing(
    database: TestDatabase, stub: StubCarrier, body: bytes
) -> None:
    customer = await make_customer(lines=3)
    stub.inventory([])
    stub.say("GET", "/service?", body)
    status = await read(customer, database)
    assert (status.failed, status.held) == (True, None)
    assert await states(customer) == ["active"] * 3
    messages = await carrier_messages(await operator_actor("Nadia", customer.slug))
    # A proxy's page is an outage
    assert len(messages) == (0 if body.startswith(b"<") else 1)


async def test_the_operator_reads_the_inventory_anew(
    http: httpx.AsyncClient,  # noqa: F811
    database: TestDatabase,
    stub: StubCarrier,
) -> None:
    customer = await make_customer(lines=2)
    lines = await customer.lines()
    stub.inventory([listed(lines[0]), listed(lines[1], options=7)])
    await read(customer, database)
    base, headers = f"/api/operator/v1/tenants/{customer.slug}/carrier-messages", await staff()
    [message] = (await http.get(base, headers=headers)).json()
    early = await http.post(f"{base}/{message['id']}/retry", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "too_soon")
    async with job_scope(customer.system) as scope:
        await scope.execute("UPDATE inventory_sync SET started_at = started_at - interval '2 minutes'")
    stub.inventory([listed(line) for line in lines])
    asked = await http.post(f"{base}/{message['id']}/retry", headers=headers)
    assert asked.json() == {"done": False}
    await drain(database)
    assert (await http.get(base, headers=headers)).json() == []


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de"])
async def test_the_fleet_page_says_what_is_held_and_asks_who_may_decide(language: str) -> None:
    text = translator_for(language)
    since = clock.now()
    line = HeldLine(new_id(), "+32470100001", "Peeters, An", "terminated")
    held = HeldReading(since=since, lines=1234, alive=2000, first=[line])
    status = SyncStatus(refreshed_at=since, held=held, unreadable=2)
    seen = _drawn(text, status, may=True)
    assert text.number(1234) in seen
    assert "0470 10 00 01" in seen
    assert "keep-lines:1234" in seen
    assert "end-lines:1234" in seen
    if language != "en":
        assert "Nothing was ended" not in seen
        assert "could not be read" not in seen
    assert "end-lines" not in _drawn(text, status, may=False)
    assert _drawn(text, SyncStatus(refreshed_at=since), may=True) == ""


def _drawn(text: Any, status: SyncStatus, *, may: bool) -> str:
    page: Any = SimpleNamespace(
        text=text, may=lambda _: may, actor=SimpleNamespace(reach=SimpleNamespace(everything=True))
    )
    return "".join(to_html(one) for one in inventory_notices(page, status))
