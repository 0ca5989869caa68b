"""Transferring a number, in its four cases, at both carriers (F-084 to F-097; domain 3.3, 4.2)."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backend.catalog.lead_times import working_day
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.clock import midnight
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.orders.changes.cancellation import cancel_order, undo_order
from backend.orders.changes.corrections import correct_item
from backend.orders.effects import port_in
from backend.orders.effects.port_in import MOST_REFUSED
from backend.orders.kinds.port_in import AUTHORISATION
from backend.orders.kinds.port_in_corrections import CORRECTIONS
from backend.orders.lifecycle import OrderState
from backend.orders.placement.place import place_order, preview_order
from backend.orders.port_ins import port_in_of
from backend.orders.service import get_order
from backend.sandbox.carrier.behaviour import PortRejection
from frontend.components.tasks import needing_me
from tenants.directory import find_lines
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member, next_msisdn
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import CARRIERS, DONOR, plan_of, port_in_request, rows, store_contract
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox

CORRECTED = {
    "donor_sim_number": "8932010000000000012",
    "donor_account": "88-1",
    "vat_number": "0403170701",
    "authorised_by": "An Peeters",
}


@pytest.fixture(params=CARRIERS)
async def customer(request: pytest.FixtureRequest, sandbox: Sandbox) -> Customer:
    return await make_customer(carrier=request.param)


def a_working_day(customer: Customer, *, after: int = 3) -> Any:
    day = clock.today() + timedelta(days=after)
    while not working_day(day, profile(customer.carrier).holidays):
        day += timedelta(days=1)
    return day


async def refused(customer: Customer, case: str = "professional_other", **more: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refusal:
        await preview_order(customer.manager, port_in_request(customer, case, **more))
    return dict(refusal.value.fields)


@pytest.mark.parametrize("case", DONOR)
async def test_each_case_brings_the_number_in(
    customer: Customer, database: TestDatabase, sandbox: Sandbox, case: str
) -> None:
    request = port_in_request(customer, case)
    placed = await place_order(customer.manager, request)
    assert placed.items[0].msisdn == request.number
    [port] = await rows(customer, "SELECT * FROM port_in_case")
    assert (port["port_case"], port["state"], port["authorised_by"]) == (case, "submitted", "Luc Maes")
    assert port["authorisation_version"] == AUTHORISATION
    assert abs(clock.now() - port["authorised_at"]) < timedelta(minutes=1)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    [line] = await rows(customer, "SELECT status, msisdn FROM line")
    assert line == {"status": "active", "msisdn": request.number}
    [view] = await port_in_of(customer.manager, placed.reference)
    assert (view.state, view.compensation_days) == ("completed", 0)
    assert view.agreed_at
    assert view.completed_at
    order = sandbox.order(customer.carrier, str(done.items[0].id))
    assert order
    text = str(order)
    assert case in text
    assert "2026" in text or str(clock.today().year) in text


@pytest.mark.parametrize(
    ("case", "needed"),
    [
        ("prepaid_other", {"donor_operator", "donor_sim_number"}),
        ("private_other", {"donor_operator", "donor_sim_number"}),
        ("professional_other", {"donor_operator", "donor_account", "vat_number", "contact_person"}),
        ("same_carrier", {"donor_sim_number"}),
    ],
)
async def test_each_case_asks_exactly_what_the_donor_checks(
    customer: Customer, case: str, needed: set[str]
) -> None:
    nothing = dict.fromkeys(
        (
            "donor_operator",
            "donor_sim_number",
            "donor_account",
            "vat_number",
            "contact_person",
            "company_name",
        ),
        "",
    )
    assert set(await refused(customer, case, **nothing)) == needed
    assert set(await refused(customer, case, authorised=False, authorised_by="")) == {
        "authorised",
        "authorised_by",
    }


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("donor_sim_number", "8932030000000000019"),
        ("donor_sim_number", "123"),
        ("donor_sim_number", "８９３２０３００００００００００１８"),
        ("donor_account", "-"),
        ("donor_account", "x" * 41),
        ("donor_account", "77\n12"),
        ("vat_number", "BE0123456700"),
        ("vat_number", "0123456749 0123456749"),
        ("vat_number", "BE٠١٢٣٤٥٦٧٤٩"),
        ("contact_person", "x" * 81),
        ("company_name", " "),
        ("donor_operator", "\u0000"),
        ("number", "0212345678"),
        ("number", "+33612345678"),
        ("number", "04 123 45 67"),
        ("number", "0470 12 34 56 0470 12 34 57"),
        ("number", "٠٤٧٠١٢٣٤٥٦"),
        ("number", ""),
        ("operator", "nobody"),
        ("card", "credit"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(customer: Customer, field: str, typed: str) -> None:
    wrong = await refused(customer, **{field: typed})
    assert set(wrong) == {field}
    assert wrong[field].endswith(".")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("8932010000000000013", "last digit does not fit"),
        ("9932010000000000012", "begins with 89"),
        ("123", "13 to 20 digits"),
    ],
)
async def test_what_is_wrong_with_the_present_sim_number_is_said(
    customer: Customer, typed: str, said: str
) -> None:
    assert said in (await refused(customer, donor_sim_number=typed))["donor_sim_number"]


async def test_spaces_and_other_spellings_are_taken(customer: Customer) -> None:
    number = next_msisdn()
    spelled = f" 0{number[3:6]}/{number[6:8]}.{number[8:10]} {number[10:]} "
    preview = await preview_order(
        customer.manager, port_in_request(customer, number=spelled, vat_number="be 0123 456 749")
    )
    assert preview.items[0].msisdn == number
    assert preview.items[0].change["vat_number"] == "0123456749"


async def test_a_number_of_the_fleet_says_so(customer: Customer) -> None:
    await make_lines(customer, 1)
    [mine] = await customer.lines()
    assert "already in the fleet" in (await refused(customer, number=mine.msisdn))["number"]


async def test_the_promise_follows_operator_card_plan_and_shared_billing(customer: Customer) -> None:
    contract = await store_contract(customer)
    split = {
        "split_profile": profile(customer.carrier).split_profiles[0].code,
        "document_id": contract,
        "billing_street": "Rue Haute 1",
        "billing_postcode": "1000",
        "billing_town": "Bruxelles",
    }
    data = {"plan": plan_of(customer, product_type="data_only", main=False)}
    for case, more, code in (
        ("prepaid_other", {}, "port_private"),
        ("private_other", {}, "port_private"),
        ("professional_other", {}, "port_professional"),
        ("same_carrier", {}, "takeover_subscription"),
        ("same_carrier", {"card": "professional"}, "takeover_subscription"),
        ("same_carrier", {"card": "prepaid"}, "new_line_main"),
        ("same_carrier", {"card": "prepaid"} | data, "new_line_other"),
        ("same_carrier", {"card": "prepaid"} | split, "new_line_other"),
    ):
        placed = await place_order(
            customer.manager, port_in_request(customer, case, key=f"{case}{more}", **more)
        )
        promise = profile(customer.carrier).promises[code]
        assert placed.promise.code == promise.code, (case, more)
        assert placed.promise.due_at
        if promise.minutes:
            assert abs(placed.promise.due_at - clock.now() - timedelta(minutes=promise.minutes)) < timedelta(
                minutes=1
            )
        [stored] = await rows(
            customer, "SELECT promise_due_at FROM change_order WHERE reference = $1", placed.reference
        )
        assert stored["promise_due_at"] == placed.promise.due_at


async def test_a_chosen_day_is_a_working_day_and_the_promise_ends_with_it(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    day = a_working_day(customer)
    saturday = clock.today() + timedelta(days=(5 - clock.today().weekday()) % 7 + 7)
    holiday = next(
        datetime.fromisoformat(text).date()
        for text in profile(customer.carrier).holidays
        if datetime.fromisoformat(text).date() > clock.today() and datetime.fromisoformat(text).weekday() < 5
    )
    for wrong in (clock.today() - timedelta(days=1), saturday, holiday, clock.today() + timedelta(days=300)):
        assert set(await refused(customer, port_on=wrong)) == {"port_on"}
    placed = await place_order(customer.manager, port_in_request(customer, port_on=day))
    assert placed.promise.due_at == midnight(day + timedelta(days=1))
    done = await carry_out(customer, database, placed.reference)
    [view] = await port_in_of(customer.manager, placed.reference)
    assert view.requested_on == day
    assert view.agreed_at
    assert clock.local(view.agreed_at).date() == day
    assert done.state is OrderState.COMPLETED


@pytest.mark.parametrize("reason", [reason for reason in PortRejection if reason.value in CORRECTIONS])
async def test_what_can_be_corrected_is_held_with_its_words_and_goes_on(
    customer: Customer, database: TestDatabase, sandbox: Sandbox, reason: PortRejection
) -> None:
    sandbox.behave(customer.carrier, port_rejection=reason.value)
    placed = await place_order(
        customer.manager,
        port_in_request(customer, "professional_other", donor_sim_number="8932010000000000004"),
    )
    held = await carry_out(customer, database, placed.reference, rounds=5)
    assert held.state is OrderState.HELD
    assert (held.outcome.code, held.outcome.waits_for) == ("waits", "customer")
    assert [one.reference for one in await needing_me(customer.manager)] == [placed.reference]
    told = [mail for mail in sandbox.mails(customer.manager.email) if "waits for you" in mail["text"]]
    assert len(told) == 1
    [view] = await port_in_of(customer.manager, placed.reference)
    assert view.why in told[0]["text"]
    field = CORRECTIONS[reason.value]
    assert (view.state, view.correct) == ("info_required", field)
    assert view.why
    assert view.fix
    assert view.correct_label
    value = CORRECTED.get(field) or a_working_day(customer).isoformat()
    item = held.items[0].id
    for bad in ({}, {field: "\u0000"}, {"plan": "gone"}):
        with pytest.raises(ValidationFailed):
            await correct_item(customer.manager, placed.reference, item, fields=bad)
    corrected = await correct_item(customer.manager, placed.reference, item, fields={field: f" {value} "})
    if field != "port_on":
        asked = {row.field: row.value for row in corrected.asked}
        # A SIM number is written in groups
        assert "".join(asked[field]).replace(" ", "") == value.replace(" ", ""), (
            "the page shows what was corrected"
        )
    await drain(database)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    [port] = await rows(customer, "SELECT * FROM port_in_case")
    assert port["attempts"] == 2
    if field == "authorised_by":
        assert port["authorised_by"] == value
    with pytest.raises(Conflict):
        await correct_item(customer.manager, placed.reference, item, fields={field: value})


@pytest.mark.parametrize("reason", [reason for reason in PortRejection if reason.value not in CORRECTIONS])
async def test_a_final_rejection_says_why_and_what_to_do(
    customer: Customer, database: TestDatabase, sandbox: Sandbox, reason: PortRejection
) -> None:
    sandbox.behave(customer.carrier, port_rejection=reason.value)
    request = port_in_request(customer)
    placed = await place_order(customer.manager, request)
    ended = await carry_out(customer, database, placed.reference)
    assert ended.state is OrderState.FAILED
    [view] = await port_in_of(customer.manager, placed.reference)
    assert view.state == "rejected"
    assert view.why
    assert view.why != "Refused by the carrier"
    assert view.fix
    assert ended.items[0].why == view.why
    [line] = await rows(customer, "SELECT status FROM line")
    assert line["status"] == "aborted"
    sandbox.behave_normally(customer.carrier)
    again = await place_order(customer.manager, port_in_request(customer, number=request.number, key="again"))
    assert (await carry_out(customer, database, again.reference)).state is OrderState.COMPLETED


async def test_it_is_called_back_in_the_eligibility_phase_and_not_afterwards(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    sandbox.behave(customer.carrier, port_by_hand=True)
    placed = await place_order(customer.manager, port_in_request(customer))
    waiting = await carry_out(customer, database, placed.reference, rounds=3)
    assert waiting.may_cancel
    await cancel_order(customer.manager, placed.reference)
    cancelled = await carry_out(customer, database, placed.reference, rounds=5)
    assert cancelled.state is OrderState.CANCELLED
    [view] = await port_in_of(customer.manager, placed.reference)
    assert view.state == "cancelled"
    sandbox.behave(customer.carrier, port_on_date=True)
    late = await place_order(
        customer.manager, port_in_request(customer, key="late", port_on=a_working_day(customer))
    )
    accepted = await carry_out(customer, database, late.reference, rounds=4)
    assert accepted.items[0].reported["portState"] == "accepted"
    assert not accepted.may_cancel
    with pytest.raises(Conflict) as refusal:
        await cancel_order(customer.manager, late.reference)
    assert refusal.value.code == "cancel_too_late"


async def test_a_late_transfer_shows_its_days(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    sandbox.behave(customer.carrier, port_late_days=10)
    placed = await place_order(customer.manager, port_in_request(customer))
    await carry_out(customer, database, placed.reference)
    [view] = await port_in_of(customer.manager, placed.reference)
    assert view.late_days == view.compensation_days
    assert 5 <= view.late_days <= 8


async def test_undone_it_leaves_the_number_with_its_operator(
    customer: Customer, database: TestDatabase
) -> None:
    request = port_in_request(customer)
    placed = await place_order(customer.manager, request)
    await undo_order(customer.manager, placed.reference)
    [port] = await rows(customer, "SELECT state FROM port_in_case")
    assert port["state"] == "cancelled"
    again = await place_order(customer.manager, port_in_request(customer, number=request.number, key="again"))
    await make_jobs_due(database)
    await drain(database, twice=True)
    assert (await carry_out(customer, database, again.reference)).state is OrderState.COMPLETED


async def test_fees_at_the_old_operator_are_warned_of(customer: Customer) -> None:
    warned = await preview_order(customer.manager, port_in_request(customer, "private_other"))
    assert any("termination fees" in warning for warning in warned.warnings)
    prepaid = await preview_order(customer.manager, port_in_request(customer, "prepaid_other"))
    assert prepaid.warnings == []
    facts = {fact.name: fact.value for fact in warned.asked}
    assert facts["Transfer"] == ["From another operator", "Private subscription"]
    assert facts["Day of the transfer"] == ["As soon as possible"]


async def test_only_fleet_managers_transfer_and_nobody_sees_another_tenants(sandbox: Sandbox) -> None:
    customer, other = await make_customer(), await make_customer()
    for role in ("owner", "invoice_reader", "approver", "auditor", "end_user"):
        member = await make_member(customer.tenant_id, roles=frozenset({role}))
        with pytest.raises(Forbidden):
            await place_order(member, port_in_request(customer))
    placed = await place_order(customer.manager, port_in_request(customer))
    for reference in (placed.reference, "MND-2611201405-KXTR"):
        with pytest.raises(NotFound):
            await port_in_of(other.manager, reference)
        with pytest.raises(NotFound):
            await correct_item(other.manager, reference, uuid4(), fields={"vat_number": "0403170701"})
    assert (await get_order(customer.manager, placed.reference)).reference == placed.reference


async def other_company(customer: Customer, sandbox: Sandbox) -> tuple[Customer, Any]:
    """Another company with the same carrier, and its line."""
    other = await make_customer(carrier=customer.carrier, lines=1)
    [line] = await load_lines_at_carrier(other, sandbox)
    return other, line


@pytest.mark.parametrize("case", DONOR)
async def test_a_preview_says_the_same_whether_another_company_has_the_number_or_nobody(
    customer: Customer, sandbox: Sandbox, case: str
) -> None:
    _, line = await other_company(customer, sandbox)
    answers = []
    for number in (line.msisdn, next_msisdn()):
        preview = await preview_order(customer.manager, port_in_request(customer, case, number=number))
        answers.append((preview.changing, preview.skipped, preview.price, preview.warnings))
        with pytest.raises(ValidationFailed) as refusal:
            request = port_in_request(customer, case, number=number, authorised=False)
            await preview_order(customer.manager, request)
        answers[-1] += (tuple(refusal.value.fields.items()),)
    assert answers[0] == answers[1]


async def test_a_transfer_between_two_companies_of_the_platform_moves_the_number(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    other, line = await other_company(customer, sandbox)
    request = port_in_request(
        customer, "same_carrier", number=line.msisdn, donor_account=line.billing_account
    )
    placed = await place_order(customer.manager, request)
    states = "SELECT status FROM line WHERE msisdn = $1"
    assert [row["status"] for row in await rows(customer, states, line.msisdn)] == ["ordered"]
    assert [row["status"] for row in await rows(other, states, line.msisdn)] == ["active"]
    # Usage is that of whoever has the number, until it has moved
    assert (await find_lines([line.msisdn]))[line.msisdn].tenant_id == other.tenant_id
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert (await find_lines([line.msisdn]))[line.msisdn].tenant_id == customer.tenant_id
    await drain(database)
    assert [row["status"] for row in await rows(customer, states, line.msisdn)] == ["active"]
    assert [row["status"] for row in await rows(other, states, line.msisdn)] == ["terminated"]


async def test_without_the_holders_proof_a_number_of_another_company_stays(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    other, line = await other_company(customer, sandbox)
    for case, state in (("same_carrier", OrderState.HELD), ("professional_other", OrderState.FAILED)):
        request = port_in_request(customer, case, number=line.msisdn, key=case)
        placed = await place_order(customer.manager, request)
        ended = await carry_out(customer, database, placed.reference, rounds=5)
        assert ended.state is state
        if ended.state is OrderState.HELD:
            await cancel_order(customer.manager, placed.reference)
            await drain(database)
            await carry_out(customer, database, placed.reference)
    [kept] = await rows(other, "SELECT status FROM line WHERE msisdn = $1", line.msisdn)
    assert kept["status"] == "active"


async def test_a_member_whose_proofs_are_refused_asks_for_no_more_transfers(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    sandbox.behave(customer.carrier, port_rejection=PortRejection.ACCOUNT_MISMATCH.value)
    placed = await place_order(customer.manager, port_in_request(customer))
    held = await carry_out(customer, database, placed.reference, rounds=5)
    assert held.state is OrderState.HELD
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE port_in_case SET attempts = $1", MOST_REFUSED)
    with pytest.raises(Conflict) as refusal:
        await preview_order(customer.manager, port_in_request(customer, key="next"))
    assert refusal.value.code == "too_many_transfers"
    with pytest.raises(Conflict) as refusal:
        fields = {"donor_account": "88-1"}
        await correct_item(customer.manager, placed.reference, held.items[0].id, fields=fields)
    assert refusal.value.code == "too_many_transfers"
    colleague = replace(await make_member(customer.tenant_id), carrier=customer.carrier)
    await preview_order(colleague, port_in_request(customer, key="colleague"))
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE port_in_case SET created_at = now() - interval '2 days'")
    await preview_order(customer.manager, port_in_request(customer, key="later"))


async def test_transfers_that_nobody_has_looked_at_yet_are_bounded_too(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_in, "MOST_UNANSWERED", 3)
    requests = [port_in_request(customer, key=f"try-{index}") for index in range(8)]
    # At the same moment: no more get in than one after the other
    answers = await asyncio.gather(
        *(place_order(customer.manager, one) for one in requests), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, Conflict)]
    assert [one.code for one in refused] == ["many_transfers_open"] * 5, answers
    colleague = replace(await make_member(customer.tenant_id), carrier=customer.carrier)
    await preview_order(colleague, port_in_request(customer, key="colleague"))
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE port_in_case SET state = 'accepted'")
    await preview_order(customer.manager, port_in_request(customer, key="answered"))
