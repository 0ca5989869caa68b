"""What an attacker with some rights tried, once each: beyond reach, without a fresh sign-in, into another person's usage."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import ReauthenticationRequired, ValidationFailed
from backend.lines.organisations import link_end_user
from backend.lines.schemas import Selection
from backend.orders.changes.scheduling import accept_price, requote_order, reschedule_order
from backend.orders.kinds.change_cost_centre import ChangeCostCentre
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.kinds.convert_to_prepaid import ConvertToPrepaid
from backend.orders.kinds.depart import Depart
from backend.orders.kinds.move_account import MoveAccount
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.kinds.request_esim import RequestEsim
from backend.orders.kinds.split_billing import SplitBilling
from backend.orders.kinds.terminate import Terminate
from backend.orders.lifecycle import OrderState
from backend.orders.placement.drafts import get_draft, start_draft
from backend.orders.placement.place import place_order, preview_order
from backend.orders.schemas import OrderRequest
from backend.usage import service as usage
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Actor, Reach
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import (
    Customer,
    make_account,
    make_cost_centre,
    make_customer,
    make_member,
    sim_for,
)
from tests.support.order_steps import carry_out
from tests.support.usage import bucket, buckets_of, file_of, moment, record

SOON, LATER = clock.today() + timedelta(days=2), clock.today() + timedelta(days=9)
REASON = "The bill of October looks wrong"


async def put(customer: Customer, column: str, value: object, ids: Sequence[UUID]) -> None:
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(f"UPDATE line SET {column} = $1 WHERE id = ANY($2)", value, ids)


def user(line_ids: tuple[UUID, ...], *, another: bool, key: str = "u") -> ChangeUser:
    return ChangeUser(
        line_ids=line_ids,
        given_name="Lou",
        family_name="Maes",
        email="lou@customer.example",
        language="nl",
        another_person=another,
        request_key=key,
    )


async def test_one_request_cannot_move_a_whole_fleet_to_one_esim_address() -> None:
    customer = await make_customer(lines=2)
    ids = tuple(line.id for line in await customer.lines())
    esim = RequestEsim(
        line_ids=ids, email="me@evil.example", language="fr", reason="lost", confirmed=True, request_key="a"
    )
    card = ReplaceSim(line_ids=ids, sim_number=sim_for("mandarine", 1), reason="lost", request_key="b")
    for request in (esim, card, user(ids, another=False)):
        with pytest.raises(ValidationFailed) as refused:
            await place_order(customer.manager, request)
        assert refused.value.code == "one_line_only"


@pytest.mark.parametrize(
    ("carrier", "make"),
    [
        ("mandarine", partial(Depart, knows_successor=False, confirmed=True)),
        ("mandarine", partial(ConvertToPrepaid, confirmed=True)),
        ("lynx", partial(Terminate, confirmed=True)),
    ],
)
async def test_who_gives_a_number_away_has_just_signed_in(
    carrier: str, make: Callable[..., OrderRequest]
) -> None:
    customer = await make_customer(lines=1, carrier=carrier)
    request = make(line_ids=((await customer.lines())[0].id,), on=LATER, request_key="t")
    stale = replace(customer.manager, signed_in_at=clock.now() - timedelta(hours=1))
    with pytest.raises(ReauthenticationRequired):
        await place_order(stale, request)
    assert (await place_order(customer.manager, request)).state == "scheduled"


async def test_another_day_for_a_termination_wants_a_fresh_sign_in() -> None:
    customer = await make_customer(lines=1, carrier="lynx")
    line = (await customer.lines())[0]
    request = Terminate(line_ids=(line.id,), on=LATER, confirmed=True, request_key="t")
    placed = await place_order(customer.manager, request)
    stale = replace(customer.manager, signed_in_at=clock.now() - timedelta(hours=1))
    with pytest.raises(ReauthenticationRequired):
        await reschedule_order(stale, placed.reference, on=SOON)
    with pytest.raises(ReauthenticationRequired):
        await accept_price(stale, placed.reference, fingerprint=placed.reference)
    assert (await reschedule_order(customer.manager, placed.reference, on=SOON)).due_on == SOON


async def test_lines_are_given_to_no_cost_centre_beyond_reach_and_planned_ones_move_without_it() -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    own, _ = await make_cost_centre(customer, "OWN"), await make_cost_centre(customer, "OTHER")
    await make_account(customer, "60-77")
    await put(customer, "cost_centre_id", own, [line.id])
    member = await make_member(customer.tenant_id, reach=Reach(cost_centres=frozenset({own})))
    draft = await start_draft(member, "change_cost_centre", Selection(line_ids=(line.id,)))
    assert [choice.code for choice in (await get_draft(member, draft)).choices] == ["OWN"]
    away = ChangeCostCentre(line_ids=(line.id,), cost_centre="OTHER", on=LATER, request_key="c")
    with pytest.raises(ValidationFailed) as refused:
        await place_order(member, away)
    assert set(refused.value.fields) == {"cost_centre"}
    moved = MoveAccount(line_ids=(line.id,), account="60-77", on=LATER, request_key="m")
    for request in (away, moved):  # a colleague with more reach asked; who sees the line may move the day
        placed = await place_order(customer.manager, request)
        assert (await requote_order(member, placed.reference)).changing == 1
        again = await reschedule_order(member, placed.reference, on=SOON)
        assert (again.state, again.counts) == (OrderState.SCHEDULED, {"waiting": 1})


async def test_a_correction_of_a_person_never_changes_lines_beyond_reach() -> None:
    customer = await make_customer(lines=2)
    mine, theirs = await customer.lines()
    centre = await make_cost_centre(customer, "OWN")
    await put(customer, "cost_centre_id", centre, [mine.id])
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE line SET end_user_id = (SELECT end_user_id FROM line WHERE id = $1) WHERE id = $2",
            mine.id,
            theirs.id,
        )
    member = await make_member(customer.tenant_id, reach=Reach(cost_centres=frozenset({centre})))
    shown = await preview_order(member, user((mine.id,), another=False))
    assert [(item.state, item.reason) for item in shown.items] == [("skipped", "person_elsewhere")]
    assert "outside your reach" in shown.items[0].why
    assert (await preview_order(member, user((mine.id,), another=True))).changing == 1
    assert (await preview_order(customer.manager, user((mine.id,), another=False))).changing == 1


async def test_no_line_is_handed_over_while_its_user_may_hold_the_code_of_an_esim() -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    request = RequestEsim(
        line_ids=(line.id,),
        email="an@user.example",
        language="fr",
        reason="lost",
        confirmed=True,
        request_key="e",
    )
    await place_order(customer.manager, request)
    shown = await preview_order(customer.manager, user((line.id,), another=True))
    assert [item.reason for item in shown.items] == ["open_order"]
    assert (await preview_order(customer.manager, user((line.id,), another=False))).changing == 1


async def test_stopping_shared_billing_opens_no_single_record_of_its_months(database: TestDatabase) -> None:
    for ending in ("stop", "hand-over"):
        customer = await make_customer(lines=1)
        line = (await customer.lines())[0]
        await put(customer, "split_profile", customer_profile(customer), [line.id])
        rows = [record(f"{ending}{n}", line.msisdn, employer_cents=5) for n in range(3)]
        await load_file(customer.system, file_of(rows), kind=UsageFileKind.RECORDS)
        assert (await usage.line_detail(customer.manager, line.id, reason=REASON)).by_day
        if ending == "stop":
            request = SplitBilling(line_ids=(line.id,), stop=True, request_key="s")
            placed = await place_order(customer.manager, request)
        else:
            placed = await place_order(customer.manager, user((line.id,), another=True))
        done = await carry_out(customer, database, placed.reference)
        assert done.state is OrderState.COMPLETED
        detail = await usage.line_detail(customer.manager, line.id, reason=REASON)
        assert detail.by_day
        assert len(detail.rows) == 1


def customer_profile(customer: Customer) -> str:
    return profile(customer.carrier).split_profiles[0].code


async def test_a_new_user_sees_nothing_of_who_had_the_line_before(database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    before = [
        record(
            "a", line.msisdn, employee_cents=700, employer_cents=3, started_at=moment(timedelta(minutes=5))
        )
    ]
    long_ago = record("b", line.msisdn, employee_cents=900, started_at=moment(timedelta(days=40)))
    await load_file(customer.system, file_of([*before, long_ago]), kind=UsageFileKind.RECORDS)
    await load_file(customer.system, buckets_of([bucket(line.msisdn, 10)]), kind=UsageFileKind.BUCKETS)
    await usage.line_detail(customer.manager, line.id, reason=REASON)
    placed = await place_order(customer.manager, user((line.id,), another=True))
    await carry_out(customer, database, placed.reference)
    person = await make_member(customer.tenant_id, roles=frozenset({"end_user"}))
    assert person.member_id
    await link_end_user(customer.system, member_id=person.member_id, msisdn=line.msisdn)
    async with open_scope(customer.system) as scope:
        user_id = await scope.connection.fetchval("SELECT end_user_id FROM line")
    person = Actor(person.tenant_id, member_id=person.member_id, roles=person.roles, end_user_id=user_id)
    found = (await usage.own_usage(person))[0]
    assert (found.usage.cents, found.usage.services, found.usage.history, found.looks) == (0, [], [], [])
    assert (await usage.own_detail(person, line.id)).rows == []
    month = (clock.today() - timedelta(days=40)).replace(day=1)
    assert (await usage.own_usage(person, month))[0].usage.cents == 0
    assert (await usage.own_detail(person, line.id, month)).rows == []
    await load_file(
        customer.system, file_of([record("c", line.msisdn, employee_cents=42)]), kind=UsageFileKind.RECORDS
    )
    found = (await usage.own_usage(person))[0]
    assert (found.usage.cents, [one.cents for one in found.usage.history]) == (42, [42])
    assert [row.cents for row in (await usage.own_detail(person, line.id)).rows] == [42]
    seen = await usage.line_usage(customer.manager, line.id)  # the employer's month is whole
    assert seen.cents == 3
