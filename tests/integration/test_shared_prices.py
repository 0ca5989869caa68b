"""What a request costs on a line whose bill is shared: the company's part, at both carriers, and never the user's."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.catalog.profiles import profile
from backend.core import clock
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.change_plan import ChangePlan
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.kinds.terminate import Terminate
from backend.orders.placement.place import place_order, preview_order
from backend.orders.placement.shared_price import company_part
from backend.orders.schemas import OrderPreview, OrderRequest
from backend.orders.service import get_order
from tenants.transaction import open_scope
from tests.support.factories import Customer, make_customer, make_lines
from tests.support.new_lines import add_line_request, store_contract

# 12,40 and 28,93 a month; 9,92 and 25,62
PLANS = {"mandarine": ("pro-flex-2", "pro-flex-60"), "lynx": ("trail-s", "trail-l")}
FIXED = {"mandarine": "executive-20", "lynx": "direction-20"}
SMS, EUROPE = "sms-unlimited", "europe-plus"  # 2,07 and 24,79 a month


async def shared_line(carrier: str, split: str, *, options: tuple[str, ...] = ()) -> tuple[Customer, UUID]:
    customer = await make_customer(carrier=carrier)
    await make_lines(customer, 1, plan=PLANS[carrier][0], options=options)
    (line,) = await customer.lines()
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET split_profile = $1", split)
    return customer, line.id


async def previewed(customer: Customer, request: OrderRequest) -> OrderPreview:
    return await preview_order(customer.manager, request)


# Carrier, split profile, what is asked, the company's part a month before and after
CASES: list[tuple[str, str, dict[str, Any], int, int]] = [
    # At most 20,00: the plan of 12,40 is all the company's, of 28,93 the user pays the rest
    ("mandarine", "executive-20", {"plan": 1}, 1240, 2000),
    ("lynx", "direction-20", {"plan": 1}, 992, 2000),
    ("mandarine", "executive-20", {"add": (SMS,)}, 1240, 1447),
    ("mandarine", "executive-20", {"add": (EUROPE,)}, 1240, 2000),
    ("lynx", "direction-20", {"add": (EUROPE,)}, 992, 2000),
    # 70 % of 12,40, 28,93 and 37,19; of 9,92 and 25,62
    ("mandarine", "shared-70", {"plan": 1}, 868, 2025),
    ("mandarine", "shared-70", {"add": (EUROPE,)}, 868, 2603),
    ("lynx", "shared-70", {"plan": 1}, 694, 1793),
    # Fees up to 30,00
    ("mandarine", "field-team", {"add": (EUROPE,)}, 1240, 3000),
    ("lynx", "road", {"plan": 1}, 992, 2562),
]


@pytest.mark.parametrize(("carrier", "split", "asked", "before", "after"), CASES)
async def test_a_price_is_the_companys_part(
    carrier: str, split: str, asked: dict[str, Any], before: int, after: int
) -> None:
    customer, line = await shared_line(carrier, split)
    request: OrderRequest = (
        ChangePlan(line_ids=(line,), plan=PLANS[carrier][1], request_key="k")
        if "plan" in asked
        else ChangeOptions(line_ids=(line,), request_key="k", **asked)
    )
    shown = await previewed(customer, request)
    [item] = shown.items
    assert (item.monthly_before, item.monthly_after) == (before, after)
    assert (shown.monthly_before, shown.monthly_after) == (before, after)
    assert shown.price.monthly_difference == after - before
    assert shown.price.shared_by == [split]
    assert 0 <= item.pro_rata <= after - before
    placed = await place_order(
        customer.manager, msgspec.structs.replace(request, fingerprint=shown.fingerprint)
    )
    assert placed.price == shown.price == (await get_order(customer.manager, placed.reference)).price


async def test_the_part_of_this_month_is_what_the_month_costs_more() -> None:
    """The company pays 12,40 of its 20,00 already: of what comes on top this month at most 7,60."""
    customer, line = await shared_line("mandarine", "executive-20")
    shown = await previewed(customer, ChangeOptions(line_ids=(line,), add=(EUROPE,)))
    days, left = shown.price.days_in_month, shown.price.days_left
    full = (2479 * left * 2 + days) // (2 * days)
    assert shown.items[0].pro_rata == min(full, 760)
    assert shown.price.pro_rata == shown.items[0].pro_rata


@pytest.mark.parametrize("carrier", PLANS)
async def test_a_new_line_with_shared_billing_costs_the_companys_part(carrier: str) -> None:
    customer = await make_customer(carrier=carrier)
    request = add_line_request(
        customer,
        plan=PLANS[carrier][1],
        options=(EUROPE,),
        split_profile=FIXED[carrier],
        document_id=await store_contract(customer),
        billing_street="Rue du Canal 18",
        billing_postcode="1070",
        billing_town="Anderlecht",
    )
    shown = await previewed(customer, request)
    assert (shown.price.monthly_difference, shown.price.shared_by) == (2000, [FIXED[carrier]])
    alone = await previewed(
        customer, msgspec.structs.replace(request, split_profile="", document_id=None, on=clock.today())
    )
    assert alone.price.shared_by == []
    plan = profile(carrier).plan(PLANS[carrier][1])
    assert plan
    assert alone.price.monthly_difference == plan.monthly_cents + 2479


async def test_a_line_that_another_person_gets_is_the_companys_alone_again() -> None:
    customer, line = await shared_line("mandarine", "executive-20", options=(EUROPE,))
    request = ChangeUser(
        line_ids=(line,), given_name="Lou", family_name="Maes", language="nl", another_person=True
    )
    shown = await previewed(customer, request)
    assert (shown.monthly_before, shown.monthly_after) == (2000, 1240 + 2479)
    corrected = await previewed(customer, msgspec.structs.replace(request, another_person=False))
    assert corrected.price.monthly_difference == 0


async def test_the_fee_of_a_termination_is_the_companys() -> None:
    customer, line = await shared_line("lynx", "direction-20")
    shown = await previewed(customer, Terminate(line_ids=(line,), confirmed=True))
    assert (shown.monthly_before, shown.monthly_after) == (992, 0)
    assert shown.price.one_off == profile("lynx").termination_fee_cents


async def test_nothing_of_what_the_user_pays_can_be_told_from_a_price() -> None:
    """Two dear options that the user pays: the company's price is the same, to the cent."""
    answers = []
    for options in ((EUROPE,), (EUROPE, SMS)):
        customer, line = await shared_line("mandarine", "executive-20", options=options)
        shown = await previewed(customer, ChangeOptions(line_ids=(line,), add=("voicemail-text",)))
        answers.append((shown.price, shown.monthly_before, shown.monthly_after))
    assert answers[0] == answers[1]


def test_all_is_the_companys_where_nothing_is_shared() -> None:
    known = profile("mandarine").split_profile("executive-20")
    assert [company_part(None, 2893), company_part(known, 2893), company_part(known, -5)] == [2893, 2000, -5]
