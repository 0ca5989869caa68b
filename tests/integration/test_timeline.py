"""The timeline itself: what is written is read, the newest first, by its own tenant only, and never changed."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from backend.core import clock
from backend.lines.timeline_codes import LineTimelineCode
from backend.orders.fulfilment.timeouts import HELD_ORDERS
from backend.orders.lifecycle import OrderState
from backend.orders.timeline_codes import OrderTimelineCode
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from backend.usage.timeline_codes import UsageTimelineCode
from tenants.scope import Scope
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer

LINE, ORDER = TimelineSubject.LINE, TimelineSubject.ORDER


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


@pytest.fixture
async def scope(customer: Customer) -> AsyncIterator[Scope]:
    """A transaction of the manager."""
    async with open_scope(customer.manager) as opened:
        yield opened


async def test_an_entry_is_read_as_it_was_written(scope: Scope) -> None:
    subject, before = uuid4(), clock.now()
    await timeline.record(
        scope,
        ORDER,
        subject,
        OrderTimelineCode.STATE_CHANGED,
        from_state="grace",
        to_state="submitted",
        why="« é »",
    )
    [entry] = await timeline.entries(scope, ORDER, subject)
    assert before <= entry.at <= clock.now()
    assert (entry.actor_id, entry.actor_name) == (scope.actor.member_id, scope.actor.name)
    assert (entry.code, entry.from_state, entry.to_state) == ("order.state_changed", "grace", "submitted")
    assert entry.params == {"why": "« é »"}
    assert await timeline.entries(scope, LINE, subject) == []
    assert await timeline.entries(scope, ORDER, uuid4()) == []


async def test_the_product_has_no_name(customer: Customer) -> None:
    async with open_scope(customer.system) as scope:
        subject = uuid4()
        await timeline.record(scope, LINE, subject, LineTimelineCode.GONE_AT_CARRIER)
        [entry] = await timeline.entries(scope, LINE, subject)
        assert (entry.actor_id, entry.actor_name, entry.params) == (None, "", {})


async def test_entries_of_the_same_time_stay_in_the_order_of_writing(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, subject = clock.now(), uuid4()
    monkeypatch.setattr(clock, "now", lambda: now)
    for n in range(20):
        await timeline.record(scope, LINE, subject, LineTimelineCode.PUK_SHOWN, n=str(n))
    await timeline.record_many(
        scope, LINE, LineTimelineCode.ESIM_CODE_SHOWN, [(subject, {"n": str(n)}) for n in range(20, 300)]
    )
    found = await timeline.entries(scope, LINE, subject)
    assert [entry.params["n"] for entry in found] == [str(n) for n in reversed(range(300))]
    assert {entry.at for entry in found} == {now}


async def test_pages_follow_one_another(scope: Scope) -> None:
    subject = uuid4()
    for n in range(7):
        await timeline.record(scope, LINE, subject, LineTimelineCode.PUK_SHOWN, n=str(n))
    seen: list[str] = []
    page = await timeline.entries(scope, LINE, subject, limit=3)
    while page:
        assert len(page) <= 3
        seen += [entry.params["n"] for entry in page]
        page = await timeline.entries(scope, LINE, subject, limit=3, before=page[-1].key)
    assert seen == [str(n) for n in reversed(range(7))]


async def test_only_some_codes(scope: Scope) -> None:
    subject = uuid4()
    codes = (LineTimelineCode.PUK_SHOWN, UsageTimelineCode.DETAIL_SHOWN, LineTimelineCode.ESIM_CONFIRMED)
    for code in codes:
        await timeline.record(scope, LINE, subject, code)
    wanted = codes[1:]
    found = await timeline.entries(scope, LINE, subject, codes=wanted)
    assert [entry.code for entry in found] == [*reversed(wanted)]


class Counting:
    """A connection that counts statements."""

    def __init__(self, inner: object) -> None:
        self.inner, self.statements = inner, 0

    async def execute(self, query: str, *args: object) -> str:
        self.statements += 1
        return await self.inner.execute(query, *args)  # type: ignore[attr-defined, no-any-return]


async def test_thousands_are_written_in_a_few_statements(scope: Scope) -> None:
    subjects = [uuid4() for _ in range(5000)]
    lent = scope.connection
    counting = Counting(lent)
    scope.connection = counting  # type: ignore[assignment]
    try:
        await timeline.record_many(
            scope,
            LINE,
            OrderTimelineCode.DONE,
            [(one, {"reference": f"R{n}"}) for n, one in enumerate(subjects)],
        )
        assert counting.statements == 3
        await timeline.record_many(scope, LINE, OrderTimelineCode.DONE, [])
        assert counting.statements == 3
    finally:
        scope.connection = lent
    assert await scope.fetch_value(int, "SELECT count(*) FROM timeline_entry") == 5000
    [last] = await timeline.entries(scope, LINE, subjects[-1])
    assert last.params == {"reference": "R4999"}


async def test_a_list_is_never_longer_than_the_most(scope: Scope) -> None:
    subject = uuid4()
    await timeline.record_many(scope, LINE, LineTimelineCode.PUK_SHOWN, [(subject, {})] * 600)
    assert len(await timeline.entries(scope, LINE, subject, limit=10**6)) == timeline.MOST_ENTRIES


async def test_no_company_reads_or_writes_the_timeline_of_another(customer: Customer) -> None:
    other, subject = await make_customer(), uuid4()
    async with open_scope(customer.manager) as scope:
        await timeline.record(scope, LINE, subject, LineTimelineCode.PUK_SHOWN)
    async with open_scope(other.manager) as scope:
        assert await timeline.entries(scope, LINE, subject) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with open_scope(other.manager) as scope:
            await scope.execute(
                timeline.INSERT, customer.tenant_id, LINE, subject, clock.now(), None, "", "x", "", "", "{}"
            )


@pytest.mark.parametrize("statement", ["UPDATE timeline_entry SET code = 'x'", "DELETE FROM timeline_entry"])
async def test_what_was_written_stays(customer: Customer, statement: str) -> None:
    async with open_scope(customer.manager) as scope:
        await timeline.record(scope, LINE, uuid4(), LineTimelineCode.PUK_SHOWN)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with open_scope(customer.manager) as scope:
            await scope.execute(statement)


async def plan_of(scope: Scope, statement: str, *values: object) -> str:
    return "\n".join(row[0] for row in await scope.connection.fetch(f"EXPLAIN {statement}", *values))


async def test_one_subject_is_one_index_lookup(customer: Customer, database: TestDatabase) -> None:
    """Also in the order in which it is read: nothing is sorted."""
    async with open_scope(customer.system) as scope:
        many = [(uuid4(), dict[str, str]()) for _ in range(5000)]
        await timeline.record_many(scope, LINE, LineTimelineCode.PUK_SHOWN, many)
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("ANALYZE timeline_entry")
    await connection.close()
    async with open_scope(customer.system) as scope:
        page = await plan_of(scope, timeline.ENTRIES, LINE, many[7][0], None, None, None, 100)
        held = await plan_of(scope, HELD_ORDERS, OrderState.HELD, ORDER)
    for plan in (page, held):
        assert "timeline_by_subject" in plan
        assert "Sort" not in plan, plan
