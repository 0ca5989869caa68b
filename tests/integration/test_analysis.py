"""Analysis of spend: months, groups, numbers, movers, idle lines and the file, within the reach and of the company's part."""

import csv
import io
from datetime import date

import pytest

from backend.billing.analysis import service
from backend.billing.analysis.export import export_spend
from backend.billing.analysis.schemas import SpendBy
from backend.billing.differences.causes import CauseKind
from backend.billing.differences.service import difference_of
from backend.core import clock
from backend.core.errors import Forbidden
from backend.usage.lifecycle import month_before, period_of
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Reach
from tenants.transaction import open_scope
from tests.support.charges import CENTS, PLAN, by_number, charge_line, credited, invoiced, last_day
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_cost_centre, make_customer, make_lines, make_member
from tests.support.usage import abroad, file_of

NOW = period_of(clock.now())
BEFORE = month_before(NOW, 1)
READER = frozenset({"invoice_reader"})


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    """Two customer numbers; two months of the first, one of the second, and a credit note."""
    made = await make_customer()
    first, second = made.accounts
    await make_lines(made, 3, plan=PLAN, account=first)
    await make_lines(made, 1, plan="pro-flex-20", account=second)
    one, two, three, other = sorted(line.msisdn for line in await made.lines())
    await invoiced(
        made, [charge_line(one, month=BEFORE), charge_line(two, month=BEFORE)], "A-1", month=BEFORE
    )
    lines = [
        charge_line(one, 2066, code="pro-flex-20", month=NOW, centre="BRU"),
        charge_line(one, 900, code="", kind="usage", month=NOW, centre="BRU"),
        charge_line(three, month=NOW, centre="LIE"),
        charge_line("", 500, code="", kind="other", month=NOW, name="Rental"),
    ]
    await invoiced(made, lines, "A-2", month=NOW)
    await invoiced(
        made, [charge_line(other, 2066, code="pro-flex-20", month=NOW)], "B-2", month=NOW, account=second
    )
    await credited(
        made, "A-2", [charge_line("", 200, code="", kind="other", month=NOW, name="Rental")], "C-2",
        period_start=NOW, period_end=last_day(NOW),
    )  # fmt: skip
    return made


async def test_months_and_groups_are_sums_of_charges_and_credits_count_as_less(customer: Customer) -> None:
    who = customer.manager
    year = await service.spend_months(who)
    assert (year.month, year.months) == (NOW, [NOW, BEFORE])
    assert [(one.month, one.cents) for one in year.items] == [
        (BEFORE, 2 * CENTS),
        (NOW, 2066 + 900 + CENTS + 300 + 2066),
    ]
    assert (year.items[1].usage_cents, year.items[1].other_cents) == (900, 300)
    total = year.items[1].cents
    first, second = customer.accounts
    for grouping, wanted in (
        (SpendBy.ACCOUNT, {first: (4506, 2480), second: (2066, 0)}),
        (SpendBy.PLAN, {"pro-flex-20": (2966 + 2066, 0), PLAN: (CENTS, 2480), "": (300, 0)}),
        (SpendBy.COST_CENTRE, {"BRU": (2966, 0), "LIE": (CENTS, 0), "": (2366, 2480)}),
    ):
        found = await service.spend_groups(who, NOW, grouping)
        assert {row.key: (row.cents, row.before_cents) for row in found.rows} == wanted
        assert (found.cents, found.before_cents) == (total, 2 * CENTS)
    plans = await service.spend_groups(who, NOW, SpendBy.PLAN)
    assert plans.rows[0].name == "Pro Flex 20 GB"
    assert plans.rows[0].numbers == 2
    # The months of one group, and its numbers
    of_plan = await service.spend_months(who, NOW, grouping=SpendBy.PLAN, group=PLAN)
    assert [(one.month, one.cents) for one in of_plan.items] == [(BEFORE, 2480), (NOW, CENTS)]
    numbers = await service.spend_numbers(who, NOW, grouping=SpendBy.COST_CENTRE, group="BRU")
    assert [(one.cents, one.plan, one.total) for one in numbers] == [(2966, "Pro Flex 20 GB", 1)]
    assert (await service.spend_months(who, date(2020, 1, 1))).items == []


async def test_movers_are_the_greatest_changes(customer: Customer) -> None:
    moved = await service.top_movers(customer.manager, NOW)
    changes = [one.cents - one.before_cents for one in moved]
    assert [abs(one) for one in changes] == [2066, 2966 - CENTS, CENTS, CENTS]
    assert sum(changes) == 2066 + 2966 - CENTS


async def test_the_causes_of_a_difference_are_words_and_add_up(customer: Customer) -> None:
    now = await by_number(customer, "A-2")
    found = await difference_of(customer.manager, now.id)
    assert found is not None
    assert found.before is not None
    assert found.before.number == "A-1"
    assert sum(group.cents for group in found.groups) == found.difference_cents
    kinds = {group.kind: group.cents for group in found.groups}
    assert kinds[CauseKind.PLAN_CHANGE] == 2066 - CENTS
    assert kinds[CauseKind.MORE_USE] == 900
    assert (kinds[CauseKind.LINE_ADDED], kinds[CauseKind.LINE_LEFT]) == (CENTS, -CENTS)
    change = next(one for one in found.causes if one.kind is CauseKind.PLAN_CHANGE)
    assert (change.before, change.now) == (PLAN, "pro-flex-20")
    only = await difference_of(customer.manager, now.id, kind=CauseKind.MORE_USE)
    assert only is not None
    assert [one.cents for one in only.causes] == [900]
    first = await difference_of(customer.manager, found.before.id)
    assert first is not None
    assert [group.kind for group in first.groups] == [CauseKind.FIRST_BILL]
    note = await by_number(customer, "C-2")
    assert await difference_of(customer.manager, note.id) is None


async def test_a_reach_sees_its_customer_numbers_and_the_charges_of_its_cost_centres(
    customer: Customer,
) -> None:
    _, second = customer.accounts.values()
    narrow = await make_member(customer.tenant_id, roles=READER, reach=Reach(frozenset({second})))
    assert (await service.spend_months(narrow)).items[0].cents == 2066
    centre = await make_cost_centre(customer, "BRU")
    by_centre = await make_member(customer.tenant_id, roles=READER, reach=Reach(None, frozenset({centre})))
    assert [one.cents for one in (await service.spend_months(by_centre)).items] == [2966]
    [group] = (await service.spend_groups(by_centre, NOW, SpendBy.COST_CENTRE)).rows
    assert (group.key, group.cents) == ("BRU", 2966)
    assert [one.cents for one in await service.spend_numbers(by_centre, NOW)] == [2966]
    manager = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"}))
    with pytest.raises(Forbidden):
        await service.spend_months(manager)
    other = await make_customer()
    assert (await service.spend_months(other.manager)).month is None


async def test_lines_that_nobody_uses_are_known_only_where_use_comes_in(customer: Customer) -> None:
    who = customer.manager
    assert await service.idle_lines(who, NOW) == [], "no use of anybody came in: nothing is known"
    lines = sorted(await customer.lines(), key=lambda line: line.msisdn)
    await load_file(customer.system, file_of([abroad("r1", lines[0].msisdn, 1)]), kind=UsageFileKind.RECORDS)
    idle = await service.idle_lines(who, NOW)
    first = next(iter(customer.accounts))
    wanted = {line.msisdn for line in lines[1:] if line.billing_account == first}
    assert {one.msisdn for one in idle} == wanted
    assert (idle[0].cents, idle[0].total, idle[0].total_cents) == (CENTS, 2, CENTS)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE line SET split_profile = 'executive-20' WHERE id = $1", lines[1].id
        )
    assert [one.msisdn for one in await service.idle_lines(who, NOW)] == [lines[2].msisdn]


async def test_the_file_has_every_number_with_the_figures_of_the_page(customer: Customer) -> None:
    with await export_spend(customer.manager, NOW) as file:
        rows = list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig")), delimiter=";"))
    shown = await service.spend_numbers(customer.manager, NOW)
    assert len(rows) == len(shown) == 5
    assert [round(float(row["excl_vat"]) * 100) for row in rows] == [one.cents for one in shown]
    assert rows[0]["month"] == f"{NOW:%Y-%m}"
