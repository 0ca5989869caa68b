import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.lines.schemas import LineFilter, Selection
from backend.lines.service import get_line, line_history
from backend.orders.changes.cancellation import cancel_order, undo_order
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.drafts import (
    drop_draft_line,
    get_draft,
    preview_draft,
    save_draft,
    start_draft,
    submit_draft,
)
from backend.orders.placement.place import place_order, preview_order
from backend.orders.service import get_order, list_orders
from backend.orders.timeline_codes import OrderTimelineCode
from tenants.scope import Reach
from tests.support.database import TestDatabase
from tests.support.factories import make_account, make_customer, make_lines, make_member
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox

SMS, DATA = "sms-unlimited", "data-5gb"


async def test_an_order_is_carried_out_once_and_confirmed(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=3)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    assert placed.state is OrderState.GRACE
    assert placed.may_undo
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert [step.action for step in done.history] == ["grace", "submitted", "in_progress", "completed"]
    assert sandbox.counts("mandarine")["by_external_id"] == {str(item.id): 1 for item in done.items}
    for line in lines:
        now = await get_line(customer.manager, line.id)
        assert now.options == [SMS]
        history = await line_history(customer.manager, line.id)
        assert [entry.code for entry in history] == [OrderTimelineCode.DONE, OrderTimelineCode.PLACED]
        assert [entry.actor_name for entry in history] == ["", customer.manager.name]
        told = {"reference": placed.reference, "kind": "change_options", "add": SMS}
        assert [entry.params for entry in history] == [told, told]
    subjects = [mail["subject"] for mail in sandbox.mails(customer.manager.email)]
    about = "Your request in the portal - Change options"
    assert subjects == [f"{about}: completed", f"{about}: received"]
    assert done.mailed_at


async def test_jobs_run_twice_change_nothing_more(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=2)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    await make_jobs_due(database)
    await drain(database, twice=True)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert len(sandbox.mails(customer.manager.email)) == 2
    assert set(sandbox.counts("mandarine")["by_line"].values()) == {1}


async def test_the_same_key_gives_the_same_order_even_at_once(sandbox: Sandbox) -> None:
    customer = await make_customer(lines=1)
    line = (await load_lines_at_carrier(customer, sandbox))[0]
    answers = await asyncio.gather(*(place(customer, [line.id], add=(SMS,)) for _ in range(6)))
    assert len({answer.reference for answer in answers}) == 1
    with pytest.raises(Conflict) as refusal:
        await place(customer, [line.id], add=(DATA,))
    assert refusal.value.code == "request_key_reused"


async def test_a_second_open_order_on_a_line_is_a_skipped_item_with_its_reason() -> None:
    customer = await make_customer(lines=2)
    lines = await customer.lines()
    await place(customer, [lines[0].id], add=(SMS,), key="a")
    second = await place(customer, [line.id for line in lines], add=(DATA,), key="b")
    states = {item.line_id: (item.state, item.reason) for item in second.items}
    assert states[lines[0].id] == (ItemState.SKIPPED, "open_order")
    assert states[lines[1].id] == (ItemState.WAITING, "")


async def test_simultaneous_orders_on_one_line_leave_one_open() -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    answers = await asyncio.gather(
        *(place(customer, [line.id], add=(SMS,), key=str(number)) for number in range(5)),
        return_exceptions=True,
    )
    assert sum(not isinstance(answer, ValidationFailed) for answer in answers) == 1
    assert all(
        answer.code == "nothing_to_change" for answer in answers if isinstance(answer, ValidationFailed)
    )


async def test_a_planned_order_that_is_cancelled_has_ended_and_mails_no_result(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    request = ChangeOptions(
        line_ids=(line.id,), add=(SMS,), on=clock.today() + timedelta(days=3), request_key="planned"
    )
    planned = await place_order(customer.manager, request)
    await drain(database)
    assert len(sandbox.mails(customer.manager.email)) == 1
    for _ in range(2):
        assert (await cancel_order(customer.manager, planned.reference)).state is OrderState.CANCELLED
    assert (await drain(database)).count("orders.mail_ended") == 1
    assert len(sandbox.mails(customer.manager.email)) == 1


async def test_undo_in_grace_reaches_nobody_and_mails_nothing(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [lines[0].id], add=(SMS,))
    colleague = await make_member(customer.tenant_id, name="Luc Maes")
    undone = await undo_order(colleague, placed.reference)
    assert undone.state is OrderState.CANCELLED
    assert (await undo_order(customer.manager, placed.reference)).state is OrderState.CANCELLED
    await make_jobs_due(database)
    # The fact `order.ended` is emitted once, and its job mails nothing.
    assert (await drain(database)).count("orders.mail_ended") == 1
    assert sandbox.counts("mandarine")["orders"] == 0
    assert sandbox.mails() == []
    assert (await place(customer, [lines[0].id], add=(SMS,), key="again")).state is OrderState.GRACE


async def test_undo_too_late_is_a_conflict(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [lines[0].id], add=(SMS,))
    await make_jobs_due(database)
    with pytest.raises(Conflict) as refusal:
        await undo_order(customer.manager, placed.reference)
    assert refusal.value.code == "undo_too_late"


async def test_no_grace_goes_straight_to_the_carrier(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=1, grace_seconds=0)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [lines[0].id], add=(SMS,))
    assert placed.state is OrderState.SUBMITTED
    assert not placed.may_undo
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED


async def test_refused_by_the_carrier_before_any_acceptance_is_rejected(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave("mandarine", refuse="optionNotAvailable", message="Not with this contract")
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.REJECTED
    assert {item.detail for item in done.items} == {"Not with this contract"}
    assert (await get_line(customer.manager, lines[0].id)).options == []


async def test_some_failed_is_partial_and_all_failed_is_failed(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave("mandarine", msisdns=[lines[0].msisdn], outcome="failed", message="Line busy")
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.PARTIAL
    again = await place(customer, [lines[0].id], add=(SMS,), key="again")
    assert (await carry_out(customer, database, again.reference)).state is OrderState.FAILED
    html = sandbox.mails(customer.manager.email)[0]["html"]
    assert "Line busy" in html


async def test_preview_says_per_line_what_happens_and_what_it_costs() -> None:
    customer = await make_customer()
    await make_lines(customer, 1)
    await make_lines(customer, 1, options=(SMS,))
    lines = await customer.lines()
    preview = await preview_order(
        customer.manager, ChangeOptions(line_ids=tuple(line.id for line in lines), add=(SMS,))
    )
    by_line = {item.line_id: item for item in preview.items}
    had = next(line for line in lines if SMS in line.options)
    assert by_line[had.id].reason == "nothing_to_change"
    assert by_line[had.id].notes == {SMS: "already_on"}
    assert preview.changing == 1
    changing = next(item for item in preview.items if item.state is ItemState.WAITING)
    difference = changing.monthly_after - changing.monthly_before
    assert preview.price.monthly_difference == difference > 0
    assert preview.price.total == preview.price.pro_rata + preview.price.vat[0].amount


async def test_mixed_selection_unknown_option_and_empty_request_are_refused() -> None:
    customer = await make_customer(lines=1)
    await make_lines(customer, 1, status="suspended")
    lines = tuple(line.id for line in await customer.lines())
    for request, code in (
        (ChangeOptions(line_ids=lines, add=(SMS,)), "mixed_selection"),
        (ChangeOptions(line_ids=lines[:1], add=("nope",)), "invalid"),
        (ChangeOptions(line_ids=lines[:1]), "invalid"),
        (ChangeOptions(line_ids=lines[:1], add=(SMS,), remove=(SMS,)), "invalid"),
        (ChangeOptions(line_ids=lines[:1], add=("data-5gb", "data-20gb")), "option_conflict"),
        (ChangeOptions(add=(SMS,)), "invalid"),
        (ChangeOptions(filter=LineFilter(search="nobody here"), add=(SMS,)), "nothing_selected"),
    ):
        with pytest.raises(ValidationFailed) as refusal:
            await preview_order(customer.manager, request)
        assert refusal.value.code == code


async def test_a_filter_selects_on_the_server() -> None:
    customer = await make_customer(lines=30)
    await make_lines(customer, 2, status="suspended")
    preview = await preview_order(
        customer.manager, ChangeOptions(filter=LineFilter(status=("active",)), add=(SMS,)), listed=5
    )
    assert preview.total_lines == 30
    assert len(preview.items) == 5
    assert preview.price.monthly_difference == 30 * (
        preview.items[0].monthly_after - preview.items[0].monthly_before
    )


async def test_another_tenants_lines_and_orders_are_missing_ones() -> None:
    ours, theirs = await make_customer(lines=1), await make_customer(lines=1)
    foreign = (await theirs.lines())[0]
    placed = await place(theirs, [foreign.id], add=(SMS,))
    for reference in (placed.reference, "MND-2611201405-KXTR"):
        for use_case in (get_order, undo_order):
            with pytest.raises(NotFound):
                await use_case(ours.manager, reference)
    for line_id in (foreign.id, uuid4()):
        with pytest.raises(NotFound):
            await place(ours, [(await ours.lines())[0].id, line_id], add=(SMS,))
    draft = await start_draft(theirs.manager, "change_options", Selection(line_ids=(foreign.id,)))
    for draft_id in (draft, uuid4()):
        with pytest.raises(NotFound):
            await get_draft(ours.manager, draft_id)


async def test_a_restricted_member_sees_orders_on_reachable_lines_only() -> None:
    customer = await make_customer()
    account = await make_account(customer, "6777777-03")
    other = next(iter(customer.accounts))
    await make_lines(customer, 1, account="6777777-03")
    await make_lines(customer, 1, account=other)
    lines = {line.billing_account: line.id for line in await customer.lines()}
    within = await place(customer, [lines["6777777-03"]], add=(SMS,), key="a")
    outside = await place(customer, [lines[other]], add=(SMS,), key="b")
    member = await make_member(customer.tenant_id, reach=Reach(billing_accounts=frozenset({account})))
    assert [order.reference for order in await list_orders(member)] == [within.reference]
    with pytest.raises(NotFound):
        await get_order(member, outside.reference)
    with pytest.raises(NotFound):
        await place(customer, [uuid4()], add=(SMS,), key="c")


async def test_only_fleet_managers_place_orders() -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    for role in ("owner", "invoice_reader", "approver", "auditor", "end_user"):
        member = await make_member(customer.tenant_id, roles=frozenset({role}))
        with pytest.raises(Forbidden):
            await place_order(member, ChangeOptions(line_ids=(line.id,), add=(SMS,), request_key="k"))


async def test_a_draft_is_filled_in_checked_and_sent_once() -> None:
    customer = await make_customer(lines=3)
    lines = await customer.lines()
    draft = await start_draft(
        customer.manager, "change_options", Selection(line_ids=tuple(line.id for line in lines))
    )
    view = await save_draft(customer.manager, draft, {"add": (SMS,), "remove": ()})
    assert {choice.code: choice.allowed_on for choice in view.choices}[SMS] == 3
    assert (await drop_draft_line(customer.manager, draft, lines[0].id)).total_lines == 2
    preview = await preview_draft(customer.manager, draft)
    with pytest.raises(Conflict) as refusal:
        await submit_draft(customer.manager, draft, fingerprint="stale")
    assert refusal.value.code == "price_changed"
    sent = await asyncio.gather(
        *(submit_draft(customer.manager, draft, fingerprint=preview.fingerprint) for _ in range(3))
    )
    assert len({order.reference for order in sent}) == 1
    assert sent[0].items_total == 2
    with pytest.raises(Conflict):
        await save_draft(customer.manager, draft, {"add": (), "remove": (SMS,)})
    colleague = await make_member(customer.tenant_id)
    with pytest.raises(NotFound):
        await get_draft(colleague, draft)


async def test_a_stale_fingerprint_is_a_conflict_and_the_right_one_is_taken() -> None:
    customer = await make_customer(lines=1)
    request = ChangeOptions(line_ids=((await customer.lines())[0].id,), add=(SMS,), request_key="k")
    shown = (await preview_order(customer.manager, request)).fingerprint
    with pytest.raises(Conflict) as refusal:
        await place_order(customer.manager, msgspec.structs.replace(request, fingerprint="other"))
    assert refusal.value.code == "price_changed"
    placed = await place_order(customer.manager, msgspec.structs.replace(request, fingerprint=shown))
    # The same request without its fingerprint is the same request.
    assert (await place_order(customer.manager, request)).reference == placed.reference


async def test_held_says_what_is_missing_and_goes_on(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave("mandarine", outcome="held", message="The contract is not signed")
    placed = await place(customer, [lines[0].id], add=(SMS,))
    held = await carry_out(customer, database, placed.reference, rounds=3)
    assert held.state is OrderState.HELD
    assert held.items[0].detail == "The contract is not signed"
    sandbox.act("mandarine", str(held.items[0].id), "complete")
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            "Nothing would change on these lines. A request is under way on this line. Nothing to change.",
        ),
        ("nl", "Er zou niets wijzigen op deze lijnen. "),
    ],
)
async def test_an_order_that_changes_nothing_is_refused_with_the_reasons_as_sentences(
    language: str, sentence: str
) -> None:
    customer = await make_customer(lines=2)
    customer.manager = replace(customer.manager, language=language)
    lines = await customer.lines()
    await place(customer, [lines[0].id], add=(DATA,), key="first")
    with pytest.raises(ValidationFailed) as refused:
        await place(customer, [line.id for line in lines], remove=(SMS,), key="second")
    assert refused.value.code == "nothing_to_change"
    assert refused.value.fields["line_ids"].startswith(sentence)
    assert "nothing_to_change" not in refused.value.message
    assert "open_order" not in refused.value.message
