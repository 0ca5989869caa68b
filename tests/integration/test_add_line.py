"""Adding a line with a new number, at both carriers (F-054 to F-083)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from backend.bulk.service import get_upload, start_upload
from backend.catalog.identifiers import MSISDN, format_msisdn, with_luhn
from backend.catalog.pricing import BillingMonth
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.core.formats import format_sim
from backend.documents.service import store_document
from backend.lines.service import get_line, line_history
from backend.lines.sims.cards import add_stock
from backend.orders.changes.cancellation import cancel_order, undo_order
from backend.orders.changes.scheduling import reschedule_order
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.drafts import (
    get_draft,
    preview_draft,
    save_draft,
    save_draft_choices,
    start_draft,
    submit_draft,
)
from backend.orders.placement.place import place_order, preview_order
from backend.orders.service import get_order, list_orders
from backend.runtime import clients
from tenants.scope import Reach
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import (
    Customer,
    make_account,
    make_cost_centre,
    make_customer,
    make_lines,
    make_member,
    sim_for,
)
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import (
    CARRIERS,
    add_esim_line_request,
    add_line_request,
    plan_of,
    reserve,
    rows,
    store_contract,
    unused_sim_number,
)
from tests.support.order_steps import carry_out
from tests.support.sandbox import Sandbox

SMS, ROAMING = "sms-unlimited", "europe-plus"


@pytest.fixture(params=CARRIERS)
async def customer(request: pytest.FixtureRequest, sandbox: Sandbox) -> Customer:
    return await make_customer(carrier=request.param)


async def refused(customer: Customer, **more: Any) -> dict[str, str]:
    """The fields that are refused, with their sentences."""
    with pytest.raises(ValidationFailed) as refusal:
        await preview_order(customer.manager, add_line_request(customer, **more))
    return dict(refusal.value.fields)


async def the_line(customer: Customer) -> dict[str, Any]:
    [line] = await rows(customer, "SELECT * FROM line")
    return line


async def user_agrees(customer: Customer) -> None:
    """The end user confirms the eSIM."""
    [item] = await rows(customer, "SELECT carrier_order_id FROM change_order_item")
    agreed = {"esimConfirmedAt": clock.now().isoformat()}
    await clients().network.amend(customer.carrier, item["carrier_order_id"], agreed)


async def test_a_line_with_a_new_number_goes_live(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    card, centre = unused_sim_number(customer), await make_cost_centre(customer, "CC-7")
    request = add_line_request(
        customer, sim_number=f" {card[:4]} {card[4:]} ", options=(SMS,), cost_centre="CC-7", cap_cents=0
    )
    placed = await place_order(customer.manager, request)
    line = await the_line(customer)
    assert (line["status"], line["msisdn"], line["sim_number"]) == ("ordered", "", card)
    assert (line["cost_centre_id"], line["roaming_cap_cents"], line["name"]) == (centre, 0, "Peeters, An")
    assert placed.items[0].msisdn == ""
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    now = await get_line(customer.manager, line["id"])
    assert MSISDN.fullmatch(now.msisdn)
    assert done.items[0].msisdn == now.msisdn
    assert (now.status, now.sim_number, now.options) == ("active", card, [SMS])
    assert now.activated_on == clock.today()
    history = await line_history(customer.manager, line["id"])
    assert [entry.code for entry in history] == ["order.done", "order.placed"]
    assert {entry.params["kind"] for entry in history} == {"add_line"}
    [held] = await rows(customer, "SELECT state, line_id FROM sim_card WHERE number = $1", card)
    assert held == {"state": "active", "line_id": line["id"]}
    reported = sandbox.order(customer.carrier, str(done.items[0].id))
    assert reported
    subjects = [mail["subject"] for mail in sandbox.mails(customer.manager.email)]
    about = "Your request in the portal - Add a line"
    assert subjects == [f"{about}: completed", f"{about}: received"]
    mail = sandbox.mails(customer.manager.email)[0]["html"]
    assert done.reference in mail
    found = [line.msisdn for line in await customer.lines()]
    assert found == [now.msisdn]


async def test_the_price_is_the_plan_and_its_options_for_the_days_left(customer: Customer) -> None:
    plan, options = plan_of(customer), (SMS, "world-3gb" if customer.carrier == "lynx" else SMS)
    preview = await preview_order(
        customer.manager, add_line_request(customer, plan=plan, options=tuple(set(options)))
    )
    catalogue = profile(customer.carrier)
    chosen = [option for option in catalogue.options if option.code in options]
    found = catalogue.plan(plan)
    assert found
    monthly = [found.monthly_cents, *(option.price_cents for option in chosen if option.charge == "monthly")]
    month = BillingMonth.of(clock.today())
    assert preview.monthly_before == 0
    assert preview.price.monthly_difference == sum(monthly)
    assert preview.price.pro_rata == sum(month.part(cents) for cents in monthly)
    assert preview.price.one_off == sum(option.price_cents for option in chosen if option.charge == "one_off")


async def test_the_promise_follows_plan_family_and_shared_billing(customer: Customer) -> None:
    contract = await store_contract(customer)
    shared: dict[str, Any] = {
        "split_profile": profile(customer.carrier).split_profiles[0].code,
        "document_id": contract,
    }
    where = {"billing_street": "Rue Haute 1", "billing_postcode": "1000", "billing_town": "Bruxelles"}
    for more, code in (
        ({}, "new_line_main"),
        ({"plan": plan_of(customer, product_type="data_only", main=False)}, "new_line_other"),
        (shared | where, "new_line_other"),
    ):
        preview = await preview_order(customer.manager, add_line_request(customer, **more))
        assert preview.promise.code == profile(customer.carrier).promises[code].code


async def test_an_esim_is_assigned_by_the_carrier_and_confirmed_where_it_asks(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    placed = await place_order(customer.manager, add_esim_line_request(customer, qr_copy=True))
    line = await the_line(customer)
    [found] = await rows(customer, "SELECT * FROM esim_profile")
    assert (found["state"], found["email"], found["language"]) == ("requested", "an@user.example", "nl")
    assert found["copy_to"] == customer.manager.email
    assert (found["line_id"], found["item_id"]) == (line["id"], placed.items[0].id)
    detail = await carry_out(customer, database, placed.reference, rounds=6)
    confirmed = profile(customer.carrier).esim_confirmation
    assert detail.state is (OrderState.IN_PROGRESS if confirmed else OrderState.COMPLETED)
    if confirmed:
        waiting = await the_line(customer)
        assert waiting["status"] == "pending_active"
        assert waiting["msisdn"], "the number is written as soon as the carrier tells it"
        assert waiting["sim_number"] == detail.items[0].reported["simNumber"]
        assert detail.items[0].msisdn == waiting["msisdn"]
        await user_agrees(customer)
        detail = await carry_out(customer, database, placed.reference)
    assert detail.state is OrderState.COMPLETED
    live = await get_line(customer.manager, line["id"])
    assert (live.status, live.sim_kind, live.sim_number) == (
        "active",
        "esim",
        detail.items[0].reported["simNumber"],
    )
    assert f"eSIM number: {format_sim(live.sim_number)}" in detail.items[0].words


async def test_the_companion_sim_comes_with_the_plans_that_have_one(
    customer: Customer, database: TestDatabase
) -> None:
    plan = plan_of(
        customer,
        companion=True,
        main=any(p.main_family and p.companion_sim for p in profile(customer.carrier).plans),
    )
    placed = await place_order(customer.manager, add_line_request(customer, plan=plan, companion_sim=True))
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED
    assert (await the_line(customer))["companion_sim"]
    assert set(await refused(customer, companion_sim=True)) == {"companion_sim"}


@pytest.mark.parametrize(
    ("typed", "mandarine", "lynx"),
    [
        ("", "number printed", "number printed"),
        ("910000012345", "not a SIM number", "not a SIM number"),
        ("9100000123455", "typing error", "not a SIM number"),
        ("8932030000000000019", "not a SIM number", "typing error"),
        ("8932030000000000018 9", "not a SIM number", "not a SIM number"),
        ("９１００００0123454", "not a SIM number", "not a SIM number"),
        ("٩١٠٠٠٠٠١٢٣٤٥٤", "not a SIM number", "not a SIM number"),
        ("<script>", "not a SIM number", "not a SIM number"),
        ("91000001234541150000678906", "not a SIM number", "not a SIM number"),
    ],
)
async def test_a_sim_number_that_cannot_be_says_why(
    customer: Customer, typed: str, mandarine: str, lynx: str
) -> None:
    said = (await refused(customer, sim_number=typed))["sim_number"]
    assert (mandarine if customer.carrier == "mandarine" else lynx) in said


async def test_a_card_is_taken_once_here_or_anywhere(customer: Customer) -> None:
    other = await make_customer(carrier=customer.carrier)
    theirs = unused_sim_number(customer)
    await place_order(other.manager, add_line_request(other, sim_number=theirs))
    stock = unused_sim_number(customer)
    async with open_scope(other.system) as scope:
        await add_stock(scope, [stock])
    fleet = await make_customer(carrier=customer.carrier, lines=1)
    [live] = await fleet.lines()
    mine = unused_sim_number(customer)
    await place_order(customer.manager, add_line_request(customer, sim_number=mine))
    answers = [
        (await refused(customer, sim_number=card))["sim_number"]
        for card in (theirs, live.sim_number, mine, stock)
    ]
    assert len(set(answers)) == 1, "ours, theirs, on order and in another customer's stock: one answer"
    with pytest.raises(ValidationFailed) as refusal:
        await place_order(customer.manager, add_line_request(customer, sim_number=stock, key="x"))
    assert refusal.value.fields["sim_number"] == answers[0]
    placed = await place_order(other.manager, add_line_request(other, sim_number=stock, key="x"))
    assert placed.items[0].state is ItemState.WAITING


async def test_a_card_of_the_stock_is_held_and_given_back(customer: Customer, database: TestDatabase) -> None:
    card = unused_sim_number(customer)
    async with open_scope(customer.system) as scope:
        await add_stock(scope, [card])
    placed = await place_order(customer.manager, add_line_request(customer, sim_number=card))
    assert (await rows(customer, "SELECT state FROM sim_card"))[0]["state"] == "assigned"
    await undo_order(customer.manager, placed.reference)
    assert (await rows(customer, "SELECT state, line_id FROM sim_card"))[0] == {
        "state": "stock",
        "line_id": None,
    }
    line = await the_line(customer)
    assert (line["status"], line["end_user_id"]) == ("aborted", None)
    assert await rows(customer, "SELECT id FROM end_user") == []
    assert await customer.lines() == []
    again = await place_order(customer.manager, add_line_request(customer, sim_number=card, key="again"))
    assert (await carry_out(customer, database, again.reference)).state is OrderState.COMPLETED


async def test_a_reserved_number_is_the_tenants_own_and_free_again_after_a_refusal(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    [number] = await reserve(customer)
    other = await make_customer(carrier=customer.carrier)
    [foreign] = await reserve(other)
    answers = {
        (await refused(customer, number=bad))["number"] for bad in (foreign, "+32470999998", "12", "abc")
    }
    assert len(answers) == 1, "another tenant's number is one that is not reserved"
    spelled = f"0{number[3:6]} {number[6:8]}.{number[8:]}"
    sandbox.behave(customer.carrier, outcome="failed", message="No capacity")
    placed = await place_order(customer.manager, add_line_request(customer, number=spelled))
    assert placed.items[0].msisdn == number
    assert set(await refused(customer, number=number)) == {"number"}
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.FAILED
    assert (await the_line(customer))["status"] == "aborted"
    sandbox.behave_normally(customer.carrier)
    again = await place_order(customer.manager, add_line_request(customer, number=number, key="again"))
    done = await carry_out(customer, database, again.reference)
    assert done.items[0].reported["msisdn"] == number
    assert set(await refused(customer, number=number)) == {"number"}


async def test_two_at_once_for_one_number_or_card_leave_one(customer: Customer) -> None:
    [number] = await reserve(customer)
    card = unused_sim_number(customer)
    for more in ({"number": number}, {"sim_number": card}):
        answers = await asyncio.gather(
            *(
                place_order(customer.manager, add_line_request(customer, key=f"{key}{sorted(more)}", **more))
                for key in range(4)
            ),
            return_exceptions=True,
        )
        lost = [answer for answer in answers if isinstance(answer, BaseException)]
        assert len(lost) == 3
        assert all(isinstance(answer, (Conflict, ValidationFailed)) for answer in lost), lost


async def test_options_are_copied_and_those_left_out_are_named(customer: Customer) -> None:
    await make_lines(customer, 1, options=(SMS, ROAMING))
    [source] = await customer.lines()
    data = plan_of(customer, product_type="data_only", main=False)
    for typed in (str(source.id), source.msisdn, f"0{source.msisdn[3:]}"):
        preview = await preview_order(customer.manager, add_line_request(customer, copy_options_from=typed))
        assert preview.items[0].change["options"] == [SMS, ROAMING]
        limited = await preview_order(
            customer.manager, add_line_request(customer, plan=data, copy_options_from=typed)
        )
        assert limited.items[0].change["options"] == []
        assert limited.items[0].notes == {SMS: "option_not_on_plan", ROAMING: "option_not_on_plan"}
        assert len(limited.items[0].noted) == 2
    other = await make_customer(carrier=customer.carrier, lines=1)
    [foreign] = await other.lines()
    answers = {
        (await refused(customer, copy_options_from=bad))["copy_options_from"]
        for bad in (str(foreign.id), foreign.msisdn, str(uuid4()), "0499 99 99 99", "'; --")
    }
    assert len(answers) == 1


async def test_an_option_that_conflicts_with_a_chosen_one_is_not_copied(customer: Customer) -> None:
    offered = profile(customer.carrier).options
    clash = next(option for option in offered if option.conflicts and not option.is_cap)
    await make_lines(customer, 1, options=(clash.code,))
    [source] = await customer.lines()
    request = add_line_request(customer, options=(clash.conflicts[0],), copy_options_from=str(source.id))
    preview = await preview_order(customer.manager, request)
    assert preview.items[0].change["options"] == [clash.conflicts[0]]
    assert preview.items[0].notes == {clash.code: "option_conflict"}
    assert set(await refused(customer, options=(clash.code, clash.conflicts[0]))) == {"options"}


async def test_the_cap_abroad_is_asked_once(customer: Customer) -> None:
    """An option that is a cap is neither offered nor taken, also not from a copied line: the field decides."""
    caps = [option.code for option in profile(customer.carrier).options if option.is_cap]
    assert caps
    await make_lines(customer, 1, options=(SMS, caps[0]))
    [source] = await customer.lines()
    request = {"plan": plan_of(customer), "cap_cents": 5000}
    draft = await start_draft(customer.manager, "add_line", kind_fields=request)
    choices = (await get_draft(customer.manager, draft)).choices
    assert choices.options
    assert not set(caps) & {offer.code for offer in choices.options}
    assert "choose the cap instead" in (await refused(customer, options=(caps[0],)))["options"]
    preview = await preview_order(
        customer.manager, add_line_request(customer, copy_options_from=str(source.id), cap_cents=5000)
    )
    assert preview.items[0].change["options"] == [SMS]
    assert preview.items[0].notes == {caps[0]: "option_is_cap"}
    assert "the cap abroad is chosen" in preview.items[0].noted[0]


async def test_every_field_that_cannot_be_is_named_at_once(customer: Customer) -> None:
    await make_account(customer, "69999999-09", kind="invoice_only")
    other = await make_customer(carrier=customer.carrier)
    wrong = await refused(
        customer,
        account="69999999-09",
        family_name=" ",
        given_name="An\n",
        cost_centre="none",
        sim_number="1",
        email="nobody",
        language="xx",
        plan="gone",
        cap_cents=None,
        split_profile="gone",
    )
    assert {"account", "family_name", "given_name", "cost_centre", "sim_number", "email", "language"} <= set(
        wrong
    )
    assert {"plan", "cap_cents", "split_profile", "document_id"} <= set(wrong)
    assert "invoicing only" in wrong["account"]
    foreign, missing = [
        (await refused(customer, account=number))["account"] for number in (next(iter(other.accounts)), "1-1")
    ]
    assert foreign == missing
    for more, field in (
        ({"plan": plan_of(customer), "product_type": "data_only"}, "plan"),
        ({"options": ("gone",)}, "options"),
        ({"options": (SMS,), "plan": plan_of(customer, product_type="data_only", main=False)}, "options"),
        ({"cap_cents": -1}, "cap_cents"),
        ({"cap_cents": 10**9}, "cap_cents"),
        ({"cap_cents": 100, "no_cap": True}, "cap_cents"),
        ({"sim_kind": "floppy"}, "sim_kind"),
        ({"sim_kind": "esim", "language": "nl"}, "email"),
        ({"sim_kind": "esim", "email": "an@user.example"}, "language"),
        ({"sim_kind": "esim", "email": "an@user.example", "language": "lb"}, "language"),
        ({"family_name": "x" * 81}, "family_name"),
    ):
        assert set(await refused(customer, **more)) == {field}, more
    no_cap = await preview_order(customer.manager, add_line_request(customer, cap_cents=None, no_cap=True))
    assert no_cap.items[0].change["cap_cents"] is None


async def test_shared_billing_needs_profile_contract_and_the_users_address_where_the_carrier_bills_them(
    customer: Customer, database: TestDatabase
) -> None:
    split = profile(customer.carrier).split_profiles[0].code
    contract, bills = await store_contract(customer), profile(customer.carrier).split_billing_data
    other = await make_customer(carrier=customer.carrier)
    where = {"billing_street": "Rue Haute 1", "billing_postcode": "1000", "billing_town": "Bruxelles"}
    for document in (None, uuid4(), await store_contract(other)):
        wrong = await refused(customer, split_profile=split, document_id=document, **where)
        assert set(wrong) == {"document_id"}
    missing = {"split_profile": split, "document_id": contract}
    if bills:
        assert set(await refused(customer, **missing)) == set(where)
    assert "given_name" in await refused(customer, given_name="", **missing)
    placed = await place_order(customer.manager, add_line_request(customer, **missing, **where))
    [agreement] = await rows(customer, "SELECT * FROM split_agreement")
    line = await the_line(customer)
    assert (agreement["profile"], agreement["document_id"], agreement["state"]) == (
        split,
        contract,
        "under_review",
    )
    assert (agreement["line_id"], agreement["end_user_id"]) == (line["id"], line["end_user_id"])
    await undo_order(customer.manager, placed.reference)
    [ended] = await rows(customer, "SELECT state, end_user_id FROM split_agreement")
    assert ended == {"state": "ended", "end_user_id": None}


async def test_jobs_twice_and_news_out_of_order_make_one_line(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    placed = await place_order(customer.manager, add_line_request(customer))
    await make_jobs_due(database)
    await drain(database, twice=True)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert sandbox.counts(customer.carrier)["by_external_id"] == {str(done.items[0].id): 1}
    assert len(await rows(customer, "SELECT id FROM line")) == 1
    assert len(await rows(customer, "SELECT id FROM end_user")) == 1


async def test_a_planned_line_keeps_its_card_and_number_until_its_day(
    customer: Customer, database: TestDatabase
) -> None:
    [number] = await reserve(customer)
    day = clock.today() + timedelta(days=5)
    request = msgspec.structs.replace(add_line_request(customer, number=number), on=day)
    placed = await place_order(customer.manager, request)
    assert placed.state is OrderState.SCHEDULED
    assert set(await refused(customer, sim_number=request.sim_number)) == {"sim_number"}
    await reschedule_order(customer.manager, placed.reference, on=clock.today() + timedelta(days=1))
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE change_order SET due_on = $1", clock.today())
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert done.items[0].state is ItemState.DONE
    assert (await the_line(customer))["msisdn"] == number


async def test_a_planned_line_that_is_cancelled_leaves_nothing_behind(customer: Customer) -> None:
    request = msgspec.structs.replace(add_esim_line_request(customer), on=clock.today() + timedelta(days=5))
    placed = await place_order(customer.manager, request)
    await cancel_order(customer.manager, placed.reference)
    assert (await the_line(customer))["status"] == "aborted"
    assert (await rows(customer, "SELECT state FROM esim_profile"))[0]["state"] == "revoked"


async def test_only_fleet_managers_add_lines_and_only_under_their_customer_numbers() -> None:
    customer = await make_customer()
    for role in ("owner", "invoice_reader", "approver", "auditor", "end_user"):
        member = await make_member(customer.tenant_id, roles=frozenset({role}))
        with pytest.raises(Forbidden):
            await place_order(member, add_line_request(customer))
    (first, account), (second, _) = customer.accounts.items()
    await make_lines(customer, 1, account=second, options=(SMS,))
    [out_of_reach] = await customer.lines()
    member = await make_member(customer.tenant_id, reach=Reach(billing_accounts=frozenset({account})))
    for more in ({"account": second}, {"copy_options_from": str(out_of_reach.id)}):
        with pytest.raises(ValidationFailed) as refusal:
            await place_order(member, add_line_request(customer, **{"account": first, **more}))
        assert set(refusal.value.fields) == set(more)
    assert (await place_order(member, add_line_request(customer, account=first))).state is OrderState.GRACE


async def test_a_draft_is_checked_page_by_page_and_keeps_what_was_given(customer: Customer) -> None:
    draft = await start_draft(customer.manager, "add_line")
    fields = msgspec.to_builtins(add_line_request(customer))
    with pytest.raises(ValidationFailed) as refusal:
        await save_draft(customer.manager, draft, {"account": "", "family_name": ""}, step="")
    assert set(refusal.value.fields) == {"account", "family_name"}
    for step, names in (
        ("", ("account", "family_name", "given_name")),
        ("sim", ("sim_kind", "sim_number", "plan")),
        ("choice", ("options",)),
        ("options", ("cap_cents", "no_cap")),
    ):
        await save_draft(customer.manager, draft, {name: fields[name] for name in names}, step=step)
    view = await get_draft(customer.manager, draft)
    assert view.asked.kind_fields["account"] == fields["account"]
    assert view.choices.plans["voice_data"]
    preview = await preview_draft(customer.manager, draft)
    placed = await submit_draft(customer.manager, draft, fingerprint=preview.fingerprint)
    assert placed.items_total == 1
    assert (await the_line(customer))["sim_number"] == fields["sim_number"]


async def test_a_draft_begins_with_what_is_known(customer: Customer) -> None:
    """The only customer number, the reader's language, the cap by law; then what was chosen the last time."""
    await make_account(customer, "60-78")
    first = await get_draft(customer.manager, await start_draft(customer.manager, "add_line"))
    assert first.asked.kind_fields["account"] == "", "there are several"
    assert (first.asked.kind_fields["cap_cents"], first.asked.kind_fields["language"]) == (5000, "en")
    plan = profile(customer.carrier).plans[1].code
    await place_order(
        customer.manager, add_line_request(customer, account="60-78", plan=plan, cap_cents=None, no_cap=True)
    )
    fields = (
        await get_draft(customer.manager, await start_draft(customer.manager, "port_in"))
    ).asked.kind_fields
    assert (fields["account"], fields["plan"], fields["no_cap"]) == ("60-78", plan, True)
    assert fields["family_name"] == fields["sim_number"] == ""


async def test_a_draft_becomes_one_of_the_other_kind_with_its_answers(customer: Customer) -> None:
    [number] = await reserve(customer)
    draft = await start_draft(customer.manager, "add_line")
    asked = {"family_name": "Maes", "number": number}
    await save_draft(customer.manager, draft, asked)
    moved = await save_draft(customer.manager, draft, {"kind": "port_in"})
    assert (moved.kind, moved.asked.kind_fields["family_name"]) == ("port_in", "Maes")
    assert moved.asked.kind_fields["number"] == "", "a reserved number is not transferred"
    assert (await get_draft(customer.manager, draft)).kind == "port_in"
    again = await save_draft(customer.manager, draft, {"kind": "add_line", "number": number})
    assert (again.kind, again.asked.kind_fields["number"]) == ("add_line", number)
    other = await save_draft(customer.manager, draft, {"kind": "suspend"})
    assert other.kind == "add_line", "only between new lines"


async def test_two_saves_of_one_draft_at_once_keep_both(customer: Customer) -> None:
    draft = await start_draft(customer.manager, "add_line")
    await asyncio.gather(
        *(
            save_draft_choices(customer.manager, draft, fields, complete=False)
            for fields in ({"family_name": "Maes"}, {"options": (SMS,)}, {"cap_cents": 2500}) * 3
        )
    )
    fields = (await get_draft(customer.manager, draft)).asked.kind_fields
    assert (fields["family_name"], fields["options"], fields["cap_cents"]) == ("Maes", (SMS,), 2500)


async def test_a_second_sim_is_asked_once_and_has_its_price(customer: Customer) -> None:
    """By its question or by its option: the same card, the same price; copied options leave it to the question."""
    known = profile(customer.carrier)
    plan = next(p.code for p in known.plans if p.companion_sim)
    second = known.companion_option
    assert second
    asked = [
        await preview_order(customer.manager, add_line_request(customer, plan=plan, **more))
        for more in ({"companion_sim": True}, {"options": (second.code,)}, {})
    ]
    by_question, by_option, without = (preview.items[0] for preview in asked)
    assert by_question.change["companion_sim"] is by_option.change["companion_sim"] is True
    assert by_question.change["options"] == by_option.change["options"] == [second.code]
    assert by_question.monthly_after == by_option.monthly_after == without.monthly_after + second.price_cents
    await make_lines(customer, 1, plan=plan, options=(second.code,), names=("Aerts|Copied",))
    [source] = [line.id for line in await customer.lines()]
    draft = await start_draft(customer.manager, "add_line")
    copied = await save_draft(customer.manager, draft, {"plan": plan, "copy_options_from": str(source)})
    assert copied.choices.copied == []
    assert second.code not in [offer.code for offer in copied.choices.options]
    assert [one.code for one in copied.choices.skipped] == [second.code]


async def test_the_check_repeats_every_answer(customer: Customer) -> None:
    preview = await preview_order(
        customer.manager,
        add_esim_line_request(customer, options=(SMS,), qr_copy=True, product_type="voice_data"),
    )
    facts = {fact.name: fact.value for fact in preview.asked}
    assert facts["Customer number"] == [next(iter(customer.accounts))]
    assert facts["Phone number"] == ["Chosen by the carrier"]
    assert facts["eSIM number"] == ["Assigned by the carrier"]
    assert facts["User’s e-mail"] == ["an@user.example"]
    assert facts["User’s language"] == ["Nederlands"]
    assert facts["Copy of the QR code to you"] == ["Yes"]
    assert facts["Type"] == ["Mobile (calls and data)"]
    assert {"Tariff plan", "Options to activate", "Cap on data abroad", "Companion data SIM"} <= set(facts)


async def test_the_check_lists_only_what_was_asked_and_the_contract_by_its_name(customer: Customer) -> None:
    preview = await preview_order(customer.manager, add_line_request(customer, language="fr"))
    assert "User’s language" not in {fact.name for fact in preview.asked}, "a card asks for none"
    contract = await store_contract(customer)
    where = {"billing_street": "Rue Haute 1", "billing_postcode": "1000", "billing_town": "Bruxelles"}
    split = profile(customer.carrier).split_profiles[0].code
    shared = add_line_request(customer, split_profile=split, document_id=contract, **where)
    facts = {fact.field: fact for fact in (await preview_order(customer.manager, shared)).asked}
    async with open_scope(customer.system) as scope:
        name = await scope.connection.fetchval("SELECT file_name FROM document WHERE id = $1", contract)
    assert facts["document_id"].value == [name]
    placed = await place_order(customer.manager, shared)
    assert {fact.field: fact.value for fact in placed.asked}["document_id"] == [name]


async def test_the_request_shows_the_number_once_the_carrier_has_chosen_it(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    placed = await place_order(customer.manager, add_line_request(customer))
    assert {fact.field: fact.value for fact in placed.asked}["number"] == ["Chosen by the carrier"]
    done = await carry_out(customer, database, placed.reference)
    assert {fact.field: fact.value for fact in done.asked}["number"] == [format_msisdn(done.items[0].msisdn)]


def test_cards_of_the_tests_follow_the_rule() -> None:
    assert sim_for("mandarine", 1) == with_luhn("910000000001")


async def test_a_planned_file_of_new_lines_keeps_each_rows_card_until_its_day(
    customer: Customer, database: TestDatabase
) -> None:
    account, plan, day = next(iter(customer.accounts)), plan_of(customer), clock.today() + timedelta(days=5)
    cards = {name: unused_sim_number(customer) for name in ("Aerts", "Baert", "Claes")}
    lines = "".join(f"{account},{name},{card},{plan},0\n" for name, card in cards.items())
    content = f"account,family_name,sim_number,plan,cap_cents\n{lines}".encode()
    stored = await store_document(customer.manager, purpose="bulk", file_name="lines.csv", content=content)
    upload = await start_upload(customer.manager, kind="add_line", document_id=stored.id)
    await drain(database, only="bulk.")
    checked = await get_upload(customer.manager, upload.id)
    assert (checked.state, checked.ok) == ("ready", 3)
    draft = await start_draft(customer.manager, "add_line", upload_id=upload.id)
    await save_draft(customer.manager, draft, {"on": day.isoformat()})
    preview = await preview_draft(customer.manager, draft)
    placed = await submit_draft(customer.manager, draft, fingerprint=preview.fingerprint)
    assert placed.state is OrderState.SCHEDULED
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE change_order SET due_on = $1", clock.today())
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    found = await rows(customer, "SELECT name, sim_number FROM line")
    assert {row["name"]: row["sim_number"] for row in found} == cards


async def test_a_request_of_which_nothing_is_left_is_shown_to_nobody_with_less_reach(
    customer: Customer, database: TestDatabase
) -> None:
    """On its day every new line is skipped and comes to nothing: whose reach it was stays as it was.

    An item always has its line (a key says so), aborted or not, so there is always a reach to ask.
    """
    (mine, account), (_, other) = list(customer.accounts.items())[:2]
    request = add_line_request(customer, account=mine, on=clock.today() + timedelta(days=3))
    placed = await place_order(customer.manager, request)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE change_order SET due_on = $1", clock.today())
        await scope.connection.execute("UPDATE line SET status = 'terminated'")
    await make_jobs_due(database)
    await drain(database)
    ended = await get_order(customer.manager, placed.reference)
    assert (ended.state, ended.counts) == (OrderState.CANCELLED, {"skipped": 1})
    for within, sees in ((account, True), (other, False)):
        member = await make_member(
            customer.tenant_id, reach=Reach(billing_accounts=frozenset({within}), cost_centres=frozenset())
        )
        assert [one.reference for one in await list_orders(member)] == [placed.reference] * sees
        if not sees:
            with pytest.raises(NotFound):
                await get_order(member, placed.reference)
    user = await make_member(customer.tenant_id, roles=frozenset({"end_user"}))
    with pytest.raises(Forbidden):
        await list_orders(user)
