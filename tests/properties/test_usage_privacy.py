"""Two worlds that differ only in what employees pay look the same, byte for byte, to everybody but the employee."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import runtime
from backend.app import create_api
from backend.core.messaging.jobs import job_scope
from backend.lines.service import line_history
from backend.members.tokens import create_token
from backend.settings import Settings
from backend.usage import service as usage
from backend.usage.alerts import check_lines
from backend.usage.caps import raise_for_period
from backend.usage.export import export_usage
from backend.usage.lifecycle import (
    CapState,
    cap_of_period,
    cap_state,
    month_before,
    period_from,
    reached,
)
from backend.usage.loading import load_file
from backend.usage.organisation import most_used_lines
from backend.usage.records import UsageFileKind
from backend.usage.schemas import Grouping, Measure
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.usage import bucket, buckets_of, file_of, record

WORLDS = 25
AT = "2026-11-{:02d}T{:02d}:00:00+01:00"


@dataclass
class Employer:
    """A company with one line whose bill is split and one whose is not, and a way to ask over REST."""

    customer: Customer
    lines: list[tuple[UUID, str]]
    http: httpx.AsyncClient
    headers: dict[str, str]


def shared(chance: random.Random, phones: Sequence[str]) -> list[dict[str, str]]:
    """Records in which the employer has a part: the same in both worlds but for the employee's cents."""
    rows = []
    for n in range(chance.randint(1, 12)):
        service, unit = chance.choice((("data", "bytes"), ("voice", "seconds"), ("sms", "pieces")))
        bundled = chance.random() < 0.5
        rows.append(
            record(
                f"s{n}",
                chance.choice(phones),
                started_at=AT.format(chance.randint(1, 20), chance.randint(0, 23)),
                service=service,
                unit=unit,
                amount=chance.randint(0, 5000),
                roaming=chance.randint(0, 1),
                bucket=service if bundled else "",
                employer_cents=chance.randint(0 if bundled else 1, 900),
            )
        )
    return rows


def world(
    chance: random.Random, rows: Sequence[dict[str, str]], phones: Sequence[str]
) -> list[dict[str, str]]:
    """The shared records with other employee's cents, among records that are the employee's alone."""
    mixed = [row | {"employee_cents": str(chance.choice((0, chance.randint(1, 9000))))} for row in rows]
    alone = [
        record(
            f"e{n}",
            chance.choice(phones),
            started_at=AT.format(chance.randint(1, 20), chance.randint(0, 23)),
            service="data",
            unit="bytes",
            amount=chance.randint(0, 10**9),
            roaming=chance.randint(0, 1),
            bucket="",
            employer_cents=0,
            employee_cents=chance.randint(0, 9000),
        )
        for n in range(chance.randint(0, 8))
    ]
    every = mixed + alone
    chance.shuffle(every)
    return every


async def seen(employer: Employer) -> dict[str, bytes]:
    """Everything that the employer's people can see of usage."""
    who, found = employer.customer.manager, dict[str, bytes]()

    def keep(name: str, value: Any) -> None:
        found[name] = msgspec.json.encode(value)

    for line_id, msisdn in employer.lines:
        for month in (None, date(2026, 10, 1)):
            keep(f"line {msisdn} {month}", await usage.line_usage(who, line_id, month))
        detail = await usage.line_detail(who, line_id, reason="A reason to look")
        keep(f"detail {msisdn}", detail)
        keep(f"looks {msisdn}", [look.reason for look in await usage.detail_accesses(who, line_id)])
        keep(f"history {msisdn}", [(e.code, e.params) for e in await line_history(who, line_id)])
        answer = await employer.http.get(f"/api/v1/lines/{line_id}/usage", headers=employer.headers)
        assert answer.status_code == 200
        found[f"rest {msisdn}"] = answer.content
    for grouping in Grouping:
        keep(f"organisation {grouping}", await usage.organisation_usage(who, grouping=grouping))
        path = f"/api/v1/usage?grouping={grouping}"
        found[f"rest {grouping}"] = (await employer.http.get(path, headers=employer.headers)).content
        path = f"/api/v1/usage/months?grouping={grouping}"
        found[f"rest months {grouping}"] = (await employer.http.get(path, headers=employer.headers)).content
    for measure in Measure:
        keep(f"lines {measure}", await most_used_lines(who, measure=measure))
    alerts = await usage.open_alerts(who)
    keep("alerts", [(a.msisdn, a.kind, a.subject, a.threshold) for a in alerts])
    with await export_usage(who) as file:
        found["export"] = file.read()
    async with open_scope(employer.customer.system, read_only=True) as scope:
        audit = await scope.connection.fetch(
            "SELECT actor_name, action, subject, detail FROM audit_event ORDER BY id"
        )
        timeline = await scope.connection.fetch(
            "SELECT subject_kind, actor_name, code, params FROM timeline_entry ORDER BY id"
        )
    keep("audit", [tuple(row) for row in audit if row["action"].startswith("usage.")])
    keep("timeline", [tuple(row) for row in timeline])
    return found


TABLES = (
    "usage_record",
    "usage_month",
    "usage_bucket",
    "alert_check_queue",
    "usage_alert",
    "audit_event",
    "timeline_entry",
)


async def live(
    employer: Employer, rows: Sequence[dict[str, str]], database: TestDatabase
) -> dict[str, bytes]:
    """Load one world into an empty company, look at it, and empty it again."""
    system = employer.customer.system
    assert (await load_file(system, file_of(rows), kind=UsageFileKind.RECORDS)).rejected == 0
    buckets = [bucket(phone, 900, measured_at=AT.format(3, 3)) for _, phone in employer.lines]
    await load_file(system, buckets_of(buckets), kind=UsageFileKind.BUCKETS)
    async with job_scope(system) as scope:
        await check_lines(scope, [line_id for line_id, _ in employer.lines])
    found = await seen(employer)
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "SET session_replication_role = replica;"
        + "".join(f"DELETE FROM {table};" for table in (*TABLES, "outbox"))
    )
    await connection.close()
    return found


@pytest.fixture
async def employer(settings: Settings) -> Any:
    runtime.use_settings(settings)
    customer = await make_customer(lines=2)
    lines = [(line.id, line.msisdn) for line in await customer.lines()]
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET roaming_cap_cents = 1000")
        await scope.connection.execute(
            "UPDATE line SET split_profile = 'fixed-20' WHERE id = $1", lines[0][0]
        )
    assert customer.manager.member_id
    token = await create_token(customer.system, customer.manager.member_id)
    transport = httpx.ASGITransport(app=create_api(settings))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield Employer(customer, lines, client, {"authorization": f"Bearer {token}"})


async def test_the_employer_cannot_tell_worlds_apart_that_differ_in_the_employees_part(
    employer: Employer, database: TestDatabase
) -> None:
    """Worlds are drawn from seeds, so that a failing pair can be drawn again."""
    phones = [phone for _, phone in employer.lines]
    for seed in range(WORLDS):
        rows = shared(random.Random(seed), phones)
        one = await live(employer, world(random.Random(seed + 1000), rows, phones), database)
        other = await live(employer, world(random.Random(seed + 2000), rows, phones), database)
        assert one.keys() == other.keys()
        for name, answer in one.items():
            assert answer == other[name], f"world {seed}: {name} differs"


@given(
    standing=st.none() | st.integers(0, 20_000),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("spend"), st.integers(0, 6_000)),
            st.tuples(st.just("raise"), st.none() | st.integers(0, 40_000)),
        ),
        max_size=12,
    ),
)
def test_the_cap_moves_as_the_domain_says(standing: int | None, steps: list[tuple[str, int | None]]) -> None:
    """Spending only goes up; only a raised cap leads back; a new period starts from the standing cap."""
    spent, raised, chosen = 0, False, None
    state = cap_state(0, standing)
    assert (state is CapState.BLOCKED) == (standing == 0)
    for what, value in steps:
        before = state
        if what == "spend":
            spent += value or 0
        else:
            raised, chosen = True, value
        state = cap_state(spent, cap_of_period(standing, raised=raised, raised_cents=chosen))
        if what == "spend":
            order = list(CapState)
            assert order.index(state) >= order.index(before)


@given(used=st.integers(0, 10**15), ceiling=st.integers(0, 10**15))
def test_thresholds_are_exact_whole_number_shares(used: int, ceiling: int) -> None:
    met = reached(used, ceiling)
    assert (80 in met) == (used * 5 >= ceiling * 4)
    assert (100 in met) == (used >= ceiling)


@given(year=st.integers(1, 9999), month=st.integers(1, 12), back=st.integers(0, 36))
def test_months_are_counted_back_over_years(year: int, month: int, back: int) -> None:
    first = date(year, month, 1)
    assert period_from(f"{first:%Y}".rjust(4, "0") + f"-{month:02d}") == first
    if year > 4:
        found = month_before(first, back)
        assert (year * 12 + month) - (found.year * 12 + found.month) == back


@given(text=st.text(max_size=9))
def test_a_month_is_read_from_its_own_form_only(text: str) -> None:
    found = period_from(text)
    assert found is None or f"{found:%m}" == text[5:]


async def test_a_raised_cap_for_another_month_changes_nothing_now(employer: Employer) -> None:
    line_id = employer.lines[0][0]
    async with job_scope(employer.customer.system) as scope:
        await raise_for_period(scope, line_id, date(2026, 9, 30), 99)
    assert (await usage.line_usage(employer.customer.manager, line_id)).cap.cap_cents == 1000
    september = await usage.line_usage(employer.customer.manager, line_id, date(2026, 9, 1))
    assert (september.cap.cap_cents, september.cap.raised) == (99, True)
