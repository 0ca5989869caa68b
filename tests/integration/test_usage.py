"""Usage on a real database: loading, sums, caps, alerts, detail behind a reason, one's own usage, exports."""

import asyncio
import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import openpyxl
import pytest

from backend.core import clock
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.facts import CapRaised
from backend.core.messaging.jobs import job_scope
from backend.core.outbox import flush
from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineRow
from backend.lines.service import line_history
from backend.usage import organisation
from backend.usage import service as usage
from backend.usage.caps import raise_for_period
from backend.usage.export import export_usage
from backend.usage.importing import import_file, rejected_path
from backend.usage.lifecycle import CapState, employer_share, is_employer_paid, month_before, period_of
from backend.usage.loading import load_file, purge_records, upsert_rows
from backend.usage.records import ParsedRow, UsageFileKind, open_usage
from backend.usage.schemas import Grouping, Measure
from tenants.scope import Actor, Reach
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.jobs import drain
from tests.support.sandbox import Sandbox
from tests.support.usage import abroad, bucket, buckets_of, file_of, moment, record

RECORDS, BUCKETS = UsageFileKind.RECORDS, UsageFileKind.BUCKETS


async def rows_of(database: TestDatabase, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


SUMS = (
    "SELECT line_id, period, service, roaming, bundled, employer_amount, employer_cents, amount, employee_cents, until"
    " FROM usage_month ORDER BY 1, 2, 3, 4, 5"
)
COUNTED = (
    "SELECT line_id, period, service, roaming, bucket <> '', sum(employer_amount)::bigint, sum(employer_cents),"
    " sum(amount)::bigint, sum(employee_cents), max(started_at) FROM usage_record GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
)


async def set_line(customer: Customer, line_id: UUID, **values: object) -> None:
    async with open_scope(customer.system) as scope:
        for column, value in values.items():
            await scope.connection.execute(f"UPDATE line SET {column} = $2 WHERE id = $1", line_id, value)


async def one_line(carrier: str = "mandarine", **values: object) -> tuple[Customer, LineRow]:
    customer = await make_customer(lines=1, carrier=carrier)
    line = (await customer.lines())[0]
    if values:
        await set_line(customer, line.id, **values)
    return customer, line


async def test_a_file_twice_or_out_of_order_gives_the_same_sums(database: TestDatabase) -> None:
    customer = await make_customer(lines=3)
    phones = [line.msisdn for line in await customer.lines()]
    before = f"{month_before(period_of(clock.now())):%Y-%m}-15T10:00:00+01:00"
    rows = [
        record(f"r{n}", phones[n % 3], amount=n, employer_cents=n, employee_cents=n // 2) for n in range(30)
    ] + [record("old", phones[0], started_at=before), abroad("a", phones[1], 250, employee_cents=40)]
    first = await load_file(customer.system, file_of(rows), kind=RECORDS)
    assert (first.rows, first.taken, first.repeated, first.rejected) == (32, 32, 0, 0)
    sums = await rows_of(database, SUMS)
    assert sums == await rows_of(database, COUNTED)
    again = await load_file(customer.system, file_of(reversed(rows)), kind=RECORDS)
    assert (again.taken, again.repeated) == (0, 32)
    assert await rows_of(database, SUMS) == sums
    late = [*rows[:3], record("late", phones[0], started_at=before), record("late", phones[0], amount=999)]
    third = await load_file(customer.system, file_of(late), kind=RECORDS)
    assert (third.taken, third.repeated, third.rejected) == (1, 3, 1)
    assert [(one.row, one.column) for one in third.errors] == [(6, "record_id")]
    assert await rows_of(database, SUMS) == await rows_of(database, COUNTED)


async def test_a_known_record_with_other_content_is_a_conflict_and_changes_nothing(
    database: TestDatabase,
) -> None:
    customer = await make_customer(lines=2)
    one, two = [line.msisdn for line in await customer.lines()]
    first = abroad("Z-1", one, 10, amount=1000)
    assert (await load_file(customer.system, file_of([first]), kind=RECORDS)).taken == 1
    sums = await rows_of(database, SUMS)
    others = [
        first | {"msisdn": two},
        first | {"amount": "9000"},
        first | {"employer_cents": "90"},
        first | {"started_at": moment(timedelta(hours=1))},
    ]
    for other in others:
        done = await load_file(customer.system, file_of([first, other]), kind=RECORDS)
        assert (done.taken, done.repeated, done.rejected) == (0, 1, 1)
        assert [(problem.row, problem.column) for problem in done.errors] == [(3, "record_id")]
    assert await rows_of(database, SUMS) == sums


async def test_credits_load_and_a_service_is_counted_in_its_own_unit(database: TestDatabase) -> None:
    customer, line = await one_line()
    rows = [
        abroad("a", line.msisdn, 900),
        abroad("b", line.msisdn, -250, amount=0, employee_cents=-40),
        record("c", line.msisdn, unit="bytes"),
        record("d", line.msisdn, service="sms", unit="seconds"),
        record("e", line.msisdn, employer_cents="--5"),
        record("f", line.msisdn, employer_cents="-1.5"),
    ]
    done = await load_file(customer.system, file_of(rows), kind=RECORDS)
    assert (done.taken, done.rejected) == (2, 4)
    assert [(one.row, one.column) for one in done.errors] == [
        (4, "unit"), (5, "unit"), (6, "employer_cents"), (7, "employer_cents"),
    ]  # fmt: skip
    assert await rows_of(database, SUMS) == await rows_of(database, COUNTED)
    found = await usage.line_usage(customer.manager, line.id, period_of(clock.now()))
    assert sum(one.cents for one in found.services) == 650


async def test_two_imports_at_once_count_every_record_once(database: TestDatabase) -> None:
    customer = await make_customer(lines=4)
    phones = [line.msisdn for line in await customer.lines()]
    rows = [record(f"r{n}", phones[n % 4], amount=n) for n in range(200)]
    halves = (rows[:150], list(reversed(rows[50:])))
    done = await asyncio.gather(*(load_file(customer.system, file_of(half), kind=RECORDS) for half in halves))
    assert sum(one.taken for one in done) == 200
    assert await rows_of(database, SUMS) == await rows_of(database, COUNTED)


class Killed(Exception):
    pass


async def test_a_load_that_is_cut_off_leaves_nothing_and_may_be_repeated(database: TestDatabase) -> None:
    customer, line = await one_line()
    rows = [record(f"r{n}", line.msisdn) for n in range(10)]

    async def cut() -> None:
        async with open_scope(customer.system) as scope:
            values = [(line.id, number, tuple(_values(row))) for number, row in enumerate(rows)]
            assert (await upsert_rows(scope, RECORDS, values)).taken == 10
            await flush(scope)
            raise Killed

    with pytest.raises(Killed):
        await cut()
    for table in ("usage_record", "usage_month", "alert_check_queue"):
        assert await rows_of(database, f"SELECT 1 FROM {table}") == []
    assert (await load_file(customer.system, file_of(rows), kind=RECORDS)).taken == 10


def _values(row: dict[str, str]) -> tuple[object, ...]:
    checked = next(open_usage(file_of([row]))[1])
    assert isinstance(checked, ParsedRow)
    return checked.values


async def test_a_stream_that_breaks_half_way_rolls_the_whole_load_back(database: TestDatabase) -> None:
    customer, line = await one_line()

    def broken() -> object:
        yield from file_of([record(f"r{n}", line.msisdn) for n in range(20_500)])
        raise Killed

    with pytest.raises(Killed):
        await load_file(customer.system, broken(), kind=RECORDS)  # type: ignore[arg-type]
    assert await rows_of(database, "SELECT 1 FROM usage_record") == []


BAD = {
    "record_id": ("", "x" * 101, "a\tb"),
    "msisdn": ("02 123 45 67", "", "+33612345678", "٠٤٧٠١٢٣٤٥٦"),
    "started_at": (
        "",
        "yesterday",
        "2026-11-01T10:00:00",
        "2999-01-01T10:00:00+01:00",
        "1999-01-01T00:00:00Z",
    ),
    "service": ("", "fax"),
    "amount": ("", "-1", "1.5", "٣", "9" * 17),
    "unit": ("", "minutes"),
    "zone": ("a zone", "x" * 21),
    "roaming": ("", "2", "true"),
    "bucket": ("a bucket", "-x"),
    "employer_cents": ("", "-", "1e3"),
    "employee_cents": ("", "5-", "999999999"),
    "counterpart": ("x" * 41,),
}


@pytest.mark.parametrize(("column", "value"), [(c, v) for c, values in BAD.items() for v in values])
async def test_a_bad_cell_is_named_and_the_good_rows_come_in(column: str, value: str) -> None:
    customer, line = await one_line()
    rows = [record("good", line.msisdn), record("bad", line.msisdn) | {column: value}]
    done = await load_file(customer.system, file_of(rows), kind=RECORDS)
    assert done.taken == 1
    assert [(one.row, one.column) for one in done.errors] == [(3, column)]
    assert done.errors[0].message().endswith(".")


BAD_BUCKETS = {
    "bucket": ("", "a b"),
    "period": ("2026", "2026-13", "11/2026"),
    "allowance": ("-1", "many"),
    "used": ("", "-1"),
    "measured_at": ("", "2026-11-01T10:00:00"),
}


@pytest.mark.parametrize(("column", "value"), [(c, v) for c, values in BAD_BUCKETS.items() for v in values])
async def test_a_bad_bucket_is_named(column: str, value: str) -> None:
    customer, line = await one_line()
    rows = [bucket(line.msisdn, 1), bucket(line.msisdn, 2) | {column: value}]
    done = await load_file(customer.system, buckets_of(rows), kind=BUCKETS)
    assert (done.taken, [(one.row, one.column) for one in done.errors]) == (1, [(3, column)])


async def test_a_wrong_header_or_the_other_file_is_refused() -> None:
    customer, line = await one_line()
    for lines in ([], ["nonsense\n"], ["record_id,msisdn\n"], buckets_of([bucket(line.msisdn, 1)])):
        with pytest.raises(ValidationFailed):
            await load_file(customer.system, lines, kind=RECORDS)


async def test_rows_of_another_shape_do_no_harm() -> None:
    customer, line = await one_line()
    lines = file_of([record("a", line.msisdn)])
    odd = [lines[0].strip() + "\r\n", '"open,quotation\n', "\n", "x" * 5000 + "\n", "\0\0\n", lines[1]]
    done = await load_file(customer.system, odd, kind=RECORDS)
    assert (done.taken, done.rejected) == (1, 3)


async def test_a_usage_file_is_read_whatever_program_wrote_it(tmp_path: Path) -> None:
    _, line = await one_line()
    rows = [record(name, line.msisdn) for name in "abcd"]
    text = "".join(file_of(rows[:1]))
    semicolons = "sep=;\r\n" + "".join(file_of(rows[1:2])).replace(",", ";").replace("\n", "\r\n") + "\x1a"
    quoted = "".join(file_of([*rows[2:3], record('"open', line.msisdn), rows[3]]))
    file = tmp_path / "usage.csv"
    for content, taken, rejected in (
        (text.encode("utf-16"), 1, 0),
        (semicolons.encode("utf-8-sig"), 1, 0),
        (quoted.encode() + f"é,{line.msisdn},\n".encode("cp1252"), 2, 2),
    ):
        file.write_bytes(content)
        done = await import_file(file)
        assert (done.taken, done.rejected) == (taken, rejected), done.errors
    assert [(one.row, one.code) for one in done.errors] == [(3, "line_quotes"), (5, "cell_unreadable")]


async def test_another_tenants_number_is_an_unknown_number() -> None:
    ours, theirs = await make_customer(lines=1), await make_customer(lines=1)
    foreign = (await theirs.lines())[0]
    done = await load_file(
        ours.system, file_of([record("a", foreign.msisdn), record("b", "+32499999999")]), kind=RECORDS
    )
    assert done.taken == 0
    assert [(one.column, one.message()) for one in done.errors] == [
        ("msisdn", "No line has this number.")
    ] * 2


async def test_a_number_of_a_line_that_ended_still_takes_what_comes_late(database: TestDatabase) -> None:
    customer, line = await one_line(status="terminated")
    assert (await load_file(customer.system, file_of([record("a", line.msisdn)]), kind=RECORDS)).taken == 1


async def test_a_file_of_many_tenants_goes_to_each_and_bad_rows_to_a_file(
    tmp_path: Path, database: TestDatabase
) -> None:
    one, two = await make_customer(lines=2), await make_customer(lines=1)
    phones = [line.msisdn for line in [*await one.lines(), *await two.lines()]]
    rows = [record(f"r{n}", phones[n % 3]) for n in range(9)]
    rows += [record("x", "+32499999999"), record("y", phones[0], amount="many")]
    file = tmp_path / "usage.csv"
    file.write_text("".join(file_of(rows)))
    done = await import_file(file)
    assert (done.rows, done.taken, done.rejected) == (11, 9, 2)
    refused = list(csv.reader(rejected_path(file).read_text().splitlines()))
    assert refused[0] == ["row", "column", "reason"]
    assert sorted((row[0], row[1]) for row in refused[1:]) == [("11", "msisdn"), ("12", "amount")]
    counted = await rows_of(database, "SELECT tenant_id, count(*) FROM usage_record GROUP BY 1 ORDER BY 2")
    assert counted == [(two.tenant_id, 3), (one.tenant_id, 6)]
    again = await import_file(file, only=[two.tenant_id])
    assert (again.taken, again.repeated, again.rejected) == (0, 3, 8)
    good = tmp_path / "good.csv"
    good.write_text("".join(file_of(rows[:9])))
    rejected_path(good).write_text("of an earlier run")
    assert (await import_file(good)).rejected == 0
    assert not rejected_path(good).exists()
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b,c\n1,2,3\n")
    assert (await import_file(wrong)).rejected == 1
    assert rejected_path(wrong).read_text().splitlines()[1].startswith("1,")


async def test_the_latest_measurement_of_a_bucket_stays() -> None:
    customer, line = await one_line()
    early, late = ("2026-11-01T08:00:00+01:00", "2026-11-01T09:00:00+01:00")
    for used, at in ((500, late), (300, early), (500, late)):
        await load_file(
            customer.system, buckets_of([bucket(line.msisdn, used, measured_at=at)]), kind=BUCKETS
        )
    assert [one.used for one in (await usage.line_usage(customer.manager, line.id)).buckets] == [500]


async def test_the_months_of_a_line_are_those_of_brussels() -> None:
    customer, line = await one_line()
    rows = [
        record("july", line.msisdn, started_at="2026-07-31T21:59:59Z"),
        record("august", line.msisdn, started_at="2026-07-31T22:00:00Z"),
    ]
    await load_file(customer.system, file_of(rows), kind=RECORDS)
    for month, count in ((date(2026, 7, 1), 1), (date(2026, 8, 1), 1), (date(2026, 9, 1), 0)):
        found = await usage.line_usage(customer.manager, line.id, month)
        assert len(found.services) == count, month
    for wrong in (date(2999, 1, 1), date(1999, 1, 1)):
        with pytest.raises(ValidationFailed):
            await usage.line_usage(customer.manager, line.id, wrong)


async def test_the_database_and_the_rules_agree_whose_a_record_is(database: TestDatabase) -> None:
    for split in ("", "fixed-20"):
        customer, line = await one_line(split_profile=split)
        rows = [
            record(f"{name}{cents}{own}", line.msisdn, bucket=name, employer_cents=cents, employee_cents=own)
            for name in ("", "voice")
            for cents in (0, 7, -7)
            for own in (0, 9)
        ]
        await load_file(customer.system, file_of(rows), kind=RECORDS)
        async with open_scope(customer.system, read_only=True) as scope:
            found = await scope.connection.fetch("SELECT * FROM usage_record")
        for row in found:
            bundled = row["bucket"] != ""
            wanted = employer_share(
                60, employer_cents=row["employer_cents"], bundled=bundled, split=bool(split)
            )
            assert row["employer_amount"] == wanted
            assert wanted == 0 or is_employer_paid(employer_cents=row["employer_cents"], bundled=bundled)


async def open_alerts(customer: Customer) -> list[tuple[str, int]]:
    return [(one.kind, one.threshold) for one in await usage.open_alerts(customer.manager)]


async def test_the_fullest_come_first_and_all_are_counted(database: TestDatabase) -> None:
    customer = await make_customer()
    await make_lines(customer, 7)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET roaming_cap_cents = 1000")
    found = sorted(await customer.lines(), key=lambda line: line.msisdn)
    used = (810, 820, 990, 1200, 830, 2500, 850)
    rows = [
        abroad(str(n), line.msisdn, cents) for n, (line, cents) in enumerate(zip(found, used, strict=True))
    ]
    await load_file(customer.system, file_of(rows), kind=RECORDS)
    await drain(database, only="usage.check_alerts")
    page = await usage.alerts_page(customer.manager, limit=5)
    assert (page.total, [one.percent for one in page.alerts]) == (7, [250, 120, 99, 85, 83])
    rest = await usage.alerts_page(customer.manager, limit=5, offset=5)
    assert [one.percent for one in rest.alerts] == [82, 81]
    assert [one.percent for one in await usage.open_alerts(customer.manager, limit=2)] == [250, 120]


async def mails_to(sandbox: Sandbox, address: str) -> list[dict[str, object]]:
    return [mail for mail in sandbox.mails() if mail["to"] == address or address in str(mail["to"])]


async def test_an_alert_says_how_much_is_used_by_now(database: TestDatabase, sandbox: Sandbox) -> None:
    """The threshold is passed once; what is said follows the use."""
    customer, line = await one_line(roaming_cap_cents=1000)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE end_user SET email = 'an@customer.example', language = 'en'")
    for name, cents, percent in (("a", 870, 87), ("b", 100, 97)):
        await load_file(customer.system, file_of([abroad(name, line.msisdn, cents)]), kind=RECORDS)
        await drain(database, only="usage.", twice=True)
        [alert] = await usage.open_alerts(customer.manager)
        assert (alert.threshold, alert.percent) == (80, percent)
    [mail] = await mails_to(sandbox, "an@customer.example")
    assert "87%" in str(mail["subject"])


async def test_the_cap_warns_at_80_blocks_at_100_and_a_raise_for_this_month_reopens(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, line = await one_line(roaming_cap_cents=1000)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE end_user SET email = 'an@customer.example', language = 'fr'")

    async def state() -> tuple[CapState, int, bool]:
        cap = (await usage.line_usage(customer.manager, line.id)).cap
        return cap.state, cap.spent_cents, cap.raised

    async def spend(name: str, cents: int) -> None:
        await load_file(customer.system, file_of([abroad(name, line.msisdn, cents)]), kind=RECORDS)
        await drain(database, only="usage.", twice=True)

    assert await state() == (CapState.BELOW, 0, False)
    await spend("a", 799)
    assert (await state(), await open_alerts(customer)) == ((CapState.BELOW, 799, False), [])
    await spend("b", 1)
    assert (await state(), await open_alerts(customer)) == (
        (CapState.WARNED, 800, False),
        [("roaming_cap", 80)],
    )
    await spend("c", 200)
    assert (await state(), await open_alerts(customer)) == (
        (CapState.BLOCKED, 1000, False),
        [("roaming_cap", 100)],
    )
    mails = await mails_to(sandbox, "an@customer.example")
    assert len(mails) == 2
    assert {
        "80\N{NO-BREAK SPACE}% de votre plafond à l’étranger sont atteints",
        "Votre plafond à l’étranger est atteint",
    } == {mail["subject"] for mail in mails}
    async with job_scope(customer.system) as scope:
        await raise_for_period(scope, line.id, clock.today(), 2000)
    assert (await state(), await open_alerts(customer)) == ((CapState.BELOW, 1000, True), [])
    await spend("d", 600)
    assert (await state(), await open_alerts(customer)) == (
        (CapState.WARNED, 1600, True),
        [("roaming_cap", 80)],
    )
    assert len(await mails_to(sandbox, "an@customer.example")) == 3
    earlier = month_before(period_of(clock.now()))
    other = (await usage.line_usage(customer.manager, line.id, earlier)).cap
    assert (other.cap_cents, other.raised, other.state) == (1000, False, CapState.BELOW)


async def test_an_option_that_is_a_cap_counts_whatever_door_it_came_by(database: TestDatabase) -> None:
    """The rules of usage know the amount of the option, also where the line holds none."""
    customer, line = await one_line(options=["roaming-cap-50"])
    assert (await usage.line_usage(customer.manager, line.id)).cap.cap_cents == 5000
    await load_file(customer.system, file_of([abroad("a", line.msisdn, 4500)]), kind=RECORDS)
    await drain(database, only="usage.")
    assert (await usage.line_usage(customer.manager, line.id)).cap.state is CapState.WARNED
    assert await open_alerts(customer) == [("roaming_cap", 80)]


async def test_an_announced_raise_is_carried_out_once(database: TestDatabase) -> None:
    customer, line = await one_line(roaming_cap_cents=0)
    assert (await usage.line_usage(customer.manager, line.id)).cap.state is CapState.BLOCKED
    async with job_scope(customer.system) as scope:
        scope.emit(CapRaised(line_id=line.id, period=f"{clock.today():%Y-%m}", cents=500))
    await drain(database, only="usage.", twice=True)
    assert (await usage.line_usage(customer.manager, line.id)).cap.state is CapState.BELOW
    foreign = await make_customer(lines=1)
    with pytest.raises(NotFound):
        async with job_scope(foreign.system) as scope:
            await raise_for_period(scope, line.id, clock.today(), 1)


async def test_bundles_and_the_national_ceiling_alert_and_an_unlimited_bundle_never(
    database: TestDatabase,
) -> None:
    customer, line = await one_line()
    at = "2026-11-20T09:00:00+01:00"
    rows = [
        bucket(line.msisdn, 10**9, ""),
        bucket(line.msisdn, 799, bucket="voice", unit="seconds", measured_at=at),
    ]
    await load_file(customer.system, buckets_of(rows), kind=BUCKETS)
    await drain(database, only="usage.")
    assert await open_alerts(customer) == []
    await load_file(
        customer.system, buckets_of([bucket(line.msisdn, 1000, bucket="voice", unit="seconds")]), kind=BUCKETS
    )
    home = record("h", line.msisdn, bucket="", employer_cents=4132)  # 50.00 with VAT: not above
    await load_file(customer.system, file_of([home]), kind=RECORDS)
    await drain(database, only="usage.")
    assert await open_alerts(customer) == [("bucket", 100)]
    await load_file(
        customer.system, file_of([record("i", line.msisdn, bucket="", employer_cents=1)]), kind=RECORDS
    )
    await drain(database, only="usage.")
    assert sorted(await open_alerts(customer)) == [("bucket", 100), ("national_ceiling", 100)]


async def test_detail_wants_the_permission_and_a_reason_that_the_user_sees() -> None:
    customer, line = await one_line()
    person = await make_member(customer.tenant_id, roles=frozenset({"end_user"}), name="Karim Benali")
    assert person.member_id
    await link_end_user(customer.system, member_id=person.member_id, msisdn=line.msisdn)
    async with open_scope(customer.system) as scope:
        user_id = await scope.connection.fetchval("SELECT end_user_id FROM line")
    person = Actor(
        person.tenant_id,
        member_id=person.member_id,
        roles=person.roles,
        end_user_id=user_id,
        carrier="mandarine",
    )
    await load_file(customer.system, file_of([record("a", line.msisdn, employer_cents=12)]), kind=RECORDS)
    for reason in ("", "   ", "because", "x" * 501):
        with pytest.raises(ValidationFailed) as refusal:
            await usage.line_detail(customer.manager, line.id, reason=reason)
        assert set(refusal.value.fields) == {"reason"}
    owner = await make_member(customer.tenant_id, roles=frozenset({"owner"}))
    with pytest.raises(Forbidden):
        await usage.line_detail(owner, line.id, reason="Bill of October looks wrong")
    assert (await usage.own_usage(person))[0].looks == []
    found = await usage.line_detail(customer.manager, line.id, reason="Bill of  October\nlooks wrong")
    assert [(row.service, row.amount, row.cents, row.counterpart) for row in found.rows] == [
        ("voice", 60, 12, "")
    ]
    looks = (await usage.own_usage(person))[0].looks
    assert [(look.name, look.reason) for look in looks] == [("Sofie Claes", "Bill of October looks wrong")]
    assert looks == await usage.detail_accesses(customer.manager, line.id)
    assert [entry.code for entry in await line_history(customer.manager, line.id)] == ["usage.detail_shown"]
    async with open_scope(customer.system, read_only=True) as scope:
        audited = await scope.connection.fetch(
            "SELECT actor_name, detail->>'reason' AS reason FROM audit_event WHERE action = 'usage.detail_shown'"
        )
    assert [tuple(row) for row in audited] == [(look.name, look.reason) for look in looks]
    own = await usage.own_detail(person, line.id)
    assert [row.counterpart for row in own.rows] == ["+3247512••••"]
    other = (await make_customer(lines=1)).lines()
    with pytest.raises(NotFound):
        await usage.own_detail(person, (await other)[0].id)


async def test_with_a_split_bill_the_employer_gets_days_and_no_single_call() -> None:
    customer, line = await one_line(split_profile="fixed-20")
    day = "2026-11-02T0{}:00:00+01:00"
    rows = [record(f"r{n}", line.msisdn, started_at=day.format(n), employer_cents=n) for n in range(3)]
    await load_file(customer.system, file_of(rows), kind=RECORDS)
    found = await usage.line_detail(customer.manager, line.id, reason="A reason to look")
    assert found.by_day
    assert [(row.amount, row.cents, clock.local(row.at).hour) for row in found.rows] == [(180, 3, 0)]


async def test_reach_narrows_lines_totals_alerts_and_the_export(database: TestDatabase) -> None:
    customer = await make_customer()
    first, second = customer.accounts
    await make_lines(customer, 1, account=first, names=["Adam|Eva"])
    await make_lines(customer, 1, account=second, names=["=cmd|x"])
    lines = {line.billing_account: line for line in await customer.lines()}
    rows = [record(account, line.msisdn, employer_cents=100) for account, line in lines.items()]
    await load_file(customer.system, file_of(rows), kind=RECORDS)
    await load_file(
        customer.system, buckets_of([bucket(line.msisdn, 1000) for line in lines.values()]), kind=BUCKETS
    )
    await drain(database, only="usage.")
    limited = await make_member(
        customer.tenant_id, reach=Reach(billing_accounts=frozenset({customer.accounts[first]}))
    )
    found = await usage.organisation_usage(limited)
    assert [(row.key, row.lines, row.cents) for row in found.rows] == [(first, 1, 100)]
    assert found.total.cents == 100
    everything = await usage.organisation_usage(customer.manager)
    assert (len(everything.rows), everything.total.cents, everything.total.lines) == (2, 200, 2)
    for grouping in Grouping:
        grouped = await usage.organisation_usage(customer.manager, grouping=grouping)
        assert sum(row.cents for row in grouped.rows) == grouped.total.cents == 200
    assert len(await usage.open_alerts(limited)) == 1
    assert len(await usage.open_alerts(customer.manager)) == 2
    with pytest.raises(NotFound):
        await usage.line_usage(limited, lines[second].id)
    with await export_usage(limited) as file:
        cells = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in cells[1:]] == ["Adam, Eva"]
    with await export_usage(customer.manager, format="xlsx") as file:
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert sorted(str(row[0]) for row in values[1:]) == ["'=cmd, x", "Adam, Eva"]
    assert values[1][-1] == "1.00"


async def test_months_and_the_lines_that_use_most_are_of_what_is_within_reach(database: TestDatabase) -> None:
    customer = await make_customer()
    first, second = customer.accounts
    await make_lines(customer, 2, account=first)
    await make_lines(customer, 1, account=second)
    one, other, third = sorted(
        await customer.lines(), key=lambda line: (line.billing_account != first, line.msisdn)
    )
    before = f"{month_before(period_of(clock.now())):%Y-%m}-15T10:00:00+01:00"
    data = {"service": "data", "unit": "bytes", "bucket": "data"}
    rows = [
        record("a", one.msisdn, amount=10, **data),
        record("b", other.msisdn, amount=30, **data),
        record("c", third.msisdn, amount=20, **data),
        record("d", third.msisdn, employer_cents=700, bucket=""),
        record("e", one.msisdn, employee_cents=900, bucket=""),
        record("f", one.msisdn, amount=5, started_at=before, **data),
    ]
    assert (await load_file(customer.system, file_of(rows), kind=RECORDS)).rejected == 0
    reach = Reach(billing_accounts=frozenset({customer.accounts[first]}))
    limited = await make_member(customer.tenant_id, reach=reach)
    manager = customer.manager

    async def most(who: Actor, **wanted: Any) -> list[tuple[str, int, int]]:
        found = await organisation.most_used_lines(who, **wanted)
        return [(line.msisdn, line.data_bytes, line.cents) for line in found]

    assert await most(manager) == [(other.msisdn, 30, 0), (third.msisdn, 20, 700), (one.msisdn, 10, 0)]
    assert await most(manager, limit=1) == [(other.msisdn, 30, 0)]
    assert await most(manager, measure=Measure.COST) == [(third.msisdn, 20, 700)]
    assert await most(manager, group=second) == [(third.msisdn, 20, 700)]
    assert await most(limited) == [(other.msisdn, 30, 0), (one.msisdn, 10, 0)]
    assert await most(limited, group=second) == []
    assert await most(limited, measure=Measure.COST) == []

    async def months(who: Actor, **wanted: Any) -> list[tuple[int, int]]:
        found = await organisation.organisation_months(who, **wanted)
        assert [one.period for one in found] == sorted(one.period for one in found)
        return [(one.data_bytes, one.cents) for one in found]

    assert await months(manager) == [(5, 0), (60, 700)]
    assert await months(limited) == [(5, 0), (40, 0)]
    assert await months(manager, group=second) == [(20, 700)]
    assert await months(manager, grouping=Grouping.COST_CENTRE, group="") == [(5, 0), (60, 700)]
    assert await months(manager, period=month_before(period_of(clock.now()))) == [(5, 0)]
    stranger = await make_customer(lines=1)
    assert (await most(stranger.manager), await months(stranger.manager)) == ([], [])
    for group in ("x'; DROP TABLE line; --", "é" * 80, first + " "):
        assert await most(manager, group=group) == []


async def test_records_are_forgotten_after_the_time_to_dispute_and_sums_stay(database: TestDatabase) -> None:
    customer, line = await one_line()
    old = (clock.now() - timedelta(days=800)).isoformat()
    await load_file(
        customer.system,
        file_of([record("old", line.msisdn, started_at=old), record("new", line.msisdn)]),
        kind=RECORDS,
    )
    await purge_records(customer.system)
    assert await rows_of(database, "SELECT record_id FROM usage_record") == [("new",)]
    assert len(await rows_of(database, SUMS)) == 2
