"""Every order kind from request to carried out, at both carriers; refused where support does it; undone without a trace."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from backend.catalog.pricing import Price
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.lines.intake import inventory_sync as refreshing
from backend.lines.schemas import LineFilter, Selection
from backend.lines.service import get_line, line_history, list_lines
from backend.orders.changes.cancellation import cancel_order, undo_order
from backend.orders.changes.corrections import retry_order
from backend.orders.changes.scheduling import accept_price, requote_order, reschedule_order
from backend.orders.kinds import KINDS
from backend.orders.kinds.change_barrings import ChangeBarrings
from backend.orders.lifecycle import OrderState
from backend.orders.placement.drafts import get_draft, preview_draft, save_draft, start_draft, submit_draft
from backend.orders.placement.place import place_order, preview_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order, list_orders
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import (
    Customer,
    make_account,
    make_cost_centre,
    make_customer,
    make_lines,
    make_member,
)
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox

CARRIERS = ("mandarine", "lynx")
PLANS = {"mandarine": ("pro-flex-2", "pro-flex-60"), "lynx": ("trail-s", "trail-l")}

# Kind -> what is asked of lines that are active (or suspended), and what the line then is.
ASKED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "change_options": ("active", {"add": ["sms-unlimited"]}, {"options": ["sms-unlimited"]}),
    "change_plan": ("active", {"plan": 1}, {"plan": 1}),
    "change_barrings": ("active", {"add": ["roaming-data"]}, {"barrings": ["roaming-data"]}),
    "change_spend_cap": ("active", {"cap_cents": 2500}, {"roaming_cap_cents": 2500}),
    "suspend": ("active", {"reason": "absence"}, {"status": "suspended"}),
    "reactivate": ("suspended", {}, {"status": "active"}),
    "change_user": (
        "active",
        {"given_name": "Lou", "family_name": "Maes", "email": "lou@customer.example", "language": "nl"},
        {"name": "Maes, Lou", "email": "lou@customer.example"},
    ),
    "change_cost_centre": ("active", {"cost_centre": "OPS"}, {"cost_centre": "OPS"}),
    "move_account": ("active", {"account": "60-77"}, {"billing_account": "60-77"}),
    "convert_to_prepaid": ("active", {"confirmed": True}, {"status": "released_prepaid"}),
    "terminate": ("active", {"confirmed": True}, {"status": "terminated"}),
    "depart": ("active", {"knows_successor": False}, {"status": "released_prepaid"}),
}
# Kinds with a test file of their own: what they ask does not fit the table.
TRIED_ELSEWHERE = {
    "add_line": "test_add_line.py",
    "port_in": "test_port_in.py",
    "replace_sim": "test_sims.py",
    "request_esim": "test_sims.py",
    "resend_esim": "test_sims.py",
    "split_billing": "test_contracts.py",
}
THROUGH_SUPPORT = {("convert_to_prepaid", "lynx"), ("depart", "lynx"), ("terminate", "mandarine")}
HERE = [(kind, carrier) for kind in ASKED for carrier in CARRIERS if (kind, carrier) not in THROUGH_SUPPORT]
SENT_TO_THE_CARRIER = [(kind, carrier) for kind, carrier in HERE if KINDS[kind].to_carrier is not None]


def tomorrow() -> date:
    return clock.today() + timedelta(days=1)


async def fleet(sandbox: Sandbox, carrier: str, status: str = "active", lines: int = 1) -> Customer:
    customer = await make_customer(carrier=carrier)
    await make_account(customer, "60-77")
    await make_cost_centre(customer, "OPS")
    await make_lines(customer, lines, plan=PLANS[carrier][0], status=status)
    await load_lines_at_carrier(customer, sandbox)
    return customer


async def asked_for(customer: Customer, kind: str, **more: Any) -> Any:
    """The request of the table, for every line of the customer."""
    kind_fields = {**ASKED[kind][1], **more}
    if "plan" in kind_fields:
        kind_fields["plan"] = PLANS[customer.carrier][1]
    if kind == "depart":
        kind_fields.setdefault("on", clock.today().isoformat())
    ids = [line.id for line in await customer.lines()]
    return msgspec.convert(
        {"kind": kind, "line_ids": ids, "request_key": kind, **kind_fields}, KINDS[kind].request
    )


async def asked_and_placed(customer: Customer, kind: str, **more: Any) -> OrderDetail:
    return await place_order(customer.manager, await asked_for(customer, kind, **more))


async def line_of(customer: Customer, line_id: Any) -> dict[str, Any]:
    detail = await get_line(customer.manager, line_id)
    return {
        **{name: getattr(detail, name) for name in detail.__struct_fields__},
        "plan": detail.plan.code,
    }


def free(price: Price) -> Price:
    """The same price where nothing is charged."""
    nothing = [msgspec.structs.replace(vat, base=0, amount=0) for vat in price.vat]
    return msgspec.structs.replace(
        price, one_off=0, monthly_difference=0, pro_rata=0, vat=nothing, total=0, monthly_difference_incl=0
    )


def test_no_kind_is_left_out() -> None:
    assert {*ASKED, *TRIED_ELSEWHERE} == set(KINDS)
    assert all(Path(__file__).with_name(file).is_file() for file in TRIED_ELSEWHERE.values())


@pytest.mark.parametrize(("kind", "carrier"), HERE)
async def test_asked_carried_out_and_written_to_the_line(
    kind: str, carrier: str, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await fleet(sandbox, carrier, ASKED[kind][0])
    (line,) = await customer.lines()
    request = await asked_for(customer, kind)
    preview = await preview_order(customer.manager, request)
    assert preview.changing == 1
    assert preview.title != kind
    assert all(item.words for item in preview.items)
    placed = await place_order(customer.manager, request)
    assert placed.reference
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED, [(item.state, item.reason, item.detail) for item in done.items]
    expected = {**ASKED[kind][2]}
    if "plan" in expected:
        expected["plan"] = PLANS[carrier][1]
    found = await line_of(customer, line.id)
    assert {name: found[name] for name in expected} == expected
    written = {
        (entry.code, entry.params.get("kind")) for entry in await line_history(customer.manager, line.id)
    }
    assert {("order.placed", kind), ("order.done", kind)} <= written
    again = await drain(database, twice=True)
    assert not [name for name in again if name != "orders.handle_callbacks"]
    mails = [mail for mail in sandbox.mails(customer.manager.email) if placed.reference in mail["html"]]
    # Received and done; what costs nothing, or is done at once, is mailed once
    assert len(mails) == (1 if KINDS[kind].done_at_once or KINDS[kind].light else 2)
    assert len({mail["subject"] for mail in mails}) == len(mails)
    assert all(("a month excl. VAT" in mail["text"]) is KINDS[kind].priced for mail in mails)
    assert not KINDS[kind].light or preview.price == placed.price == free(preview.price)


@pytest.mark.parametrize(("kind", "carrier"), HERE)
async def test_every_kind_says_on_which_days_it_may_happen(kind: str, carrier: str, sandbox: Sandbox) -> None:
    """The earliest and the latest are taken; a day outside says which is the nearest."""
    customer = await fleet(sandbox, carrier, ASKED[kind][0])
    days = (await preview_order(customer.manager, await asked_for(customer, kind))).days
    assert days.earliest
    assert days.latest
    assert not days.why_not
    for day in (days.earliest, days.latest):
        planned = await preview_order(customer.manager, await asked_for(customer, kind, on=day.isoformat()))
        assert planned.on == day
    later = days.latest + timedelta(days=1)
    with pytest.raises(ValidationFailed) as refusal:
        await preview_order(customer.manager, await asked_for(customer, kind, on=later.isoformat()))
    assert refusal.value.code == "date_too_far"
    assert f"{days.latest:%d/%m/%Y}" in refusal.value.fields["on"]


@pytest.mark.parametrize(
    ("kind", "more", "why"),
    [
        ("suspend", {"reason": "stolen"}, "lost or stolen"),
        ("change_spend_cap", {"cap_cents": 9000, "period": "current"}, "this month only"),
    ],
)
async def test_what_cannot_wait_says_why(kind: str, more: dict[str, Any], why: str, sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine", ASKED[kind][0])
    preview = await preview_order(customer.manager, await asked_for(customer, kind, **more))
    assert (preview.days.earliest, preview.days.latest) == (None, None)
    assert why in preview.days.why_not
    with pytest.raises(ValidationFailed) as refusal:
        await preview_order(
            customer.manager, await asked_for(customer, kind, on=tomorrow().isoformat(), **more)
        )
    assert refusal.value.fields["on"] == preview.days.why_not


async def test_old_and_new_values_stand_on_previews_and_requests(sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine")
    [line] = await customer.lines()
    before = {
        "change_plan": "→ Pro Flex 60 GB",
        "change_user": f"{line.name} → Maes, Lou",
        "change_cost_centre": "None → OPS",
        "move_account": f"{line.billing_account} → 60-77",
        "change_spend_cap": "No cap → 25,00",
    }
    for kind, words in before.items():
        request = await asked_for(customer, kind)
        preview = await preview_order(customer.manager, request)
        assert words in " ".join(preview.items[0].words), kind
        placed = await place_order(customer.manager, request)
        shown = await get_order(customer.manager, placed.reference)
        assert shown.items[0].words == preview.items[0].words
        await undo_order(customer.manager, placed.reference)
    user = await preview_order(customer.manager, await asked_for(customer, "change_user"))
    assert any(word.startswith("E-mail: ") and "lou@customer.example" in word for word in user.items[0].words)


async def test_a_preview_counts_the_lines_that_stay_as_they_are_by_reason(
    sandbox: Sandbox,
) -> None:
    customer = await fleet(sandbox, "mandarine", lines=4)
    first, *_ = await customer.lines()
    await place_order(
        customer.manager,
        ChangeBarrings(line_ids=(first.id,), add=("roaming-data",), request_key="busy"),
    )
    asked = await asked_for(customer, "change_barrings")
    preview = await preview_order(customer.manager, asked)
    assert (preview.changing, preview.skipped, preview.missing) == (3, 1, 1)
    assert [(one.reason, one.lines, one.missing) for one in preview.skipped_by] == [("open_order", 1, True)]
    assert preview.skipped_by[0].why == "A request is under way on this line"


@pytest.mark.parametrize(("kind", "carrier"), sorted(THROUGH_SUPPORT))
async def test_what_the_carrier_does_through_support_leads_there(
    kind: str, carrier: str, sandbox: Sandbox
) -> None:
    customer = await fleet(sandbox, carrier)
    with pytest.raises(ValidationFailed) as refusal:
        await asked_and_placed(customer, kind)
    assert refusal.value.code == "through_support"
    assert "@" in refusal.value.fields["kind"]


@pytest.mark.parametrize(("kind", "carrier"), HERE)
async def test_undone_the_line_is_as_it_was(
    kind: str, carrier: str, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await fleet(sandbox, carrier, ASKED[kind][0])
    (line,) = await customer.lines()
    before = await line_of(customer, line.id)
    placed = await asked_and_placed(customer, kind)
    await undo_order(customer.manager, placed.reference)
    await make_jobs_due(database)
    await drain(database)
    after = await line_of(customer, line.id)
    assert after == before
    assert sandbox.counts(carrier)["by_line"].get(line.msisdn, 0) == 0
    assert not sandbox.mails(customer.manager.email)


@pytest.mark.parametrize(("kind", "carrier"), SENT_TO_THE_CARRIER)
async def test_refused_by_the_carrier_the_line_is_as_it_was(
    kind: str, carrier: str, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await fleet(sandbox, carrier, ASKED[kind][0])
    (line,) = await customer.lines()
    before = await line_of(customer, line.id)
    sandbox.behave(carrier, outcome="failed", message="Network says no")
    placed = await asked_and_placed(customer, kind)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.FAILED
    after = await line_of(customer, line.id)
    ignored = {"open_orders"}
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }


@pytest.mark.parametrize("kind", sorted(ASKED))
async def test_a_planned_request_waits_moves_and_is_cancelled(
    kind: str, database: TestDatabase, sandbox: Sandbox
) -> None:
    carrier = "lynx" if kind == "terminate" else "mandarine"
    customer = await fleet(sandbox, carrier, ASKED[kind][0])
    (line,) = await customer.lines()
    before = await line_of(customer, line.id)
    day = tomorrow()
    placed = await asked_and_placed(customer, kind, on=day.isoformat())
    assert placed.state is OrderState.SCHEDULED
    assert placed.due_on == day
    assert placed.may_cancel
    later = day + timedelta(days=5)
    moved = await reschedule_order(customer.manager, placed.reference, on=later)
    assert moved.due_on == later
    await make_jobs_due(database)
    await drain(database, twice=True)
    assert (await get_order(customer.manager, placed.reference)).state is OrderState.SCHEDULED
    cancelled = await cancel_order(customer.manager, placed.reference)
    assert cancelled.state is OrderState.CANCELLED
    assert (await cancel_order(customer.manager, placed.reference)).state is OrderState.CANCELLED
    assert await line_of(customer, line.id) == before
    assert sandbox.counts(carrier)["by_line"].get(line.msisdn, 0) == 0


async def test_a_longer_month_than_this_one_is_no_trouble(database: TestDatabase, sandbox: Sandbox) -> None:
    """Planned for any day of the year ahead: the price counts the days of that month, and the mail says until when."""
    customer = await fleet(sandbox, "mandarine", lines=1)
    for months in range(1, 12):
        day = (clock.today().replace(day=1) + timedelta(days=31 * months)).replace(day=1)
        shown = await preview_order(
            customer.manager,
            await asked_for(customer, "change_options", on=day.isoformat(), add=["data-5gb"]),
        )
        assert shown.price.from_day == day
        assert shown.price.pro_rata == shown.price.monthly_difference  # a whole month from its first day
    placed = await asked_and_placed(customer, "change_options", on=day.isoformat(), add=["data-5gb"])
    await drain(database)
    (mail,) = sandbox.mails(customer.manager.email)
    assert placed.reference in mail["html"]
    # The amount of the first month is about the planned month, whatever month the mail is of
    last = placed.price.last_day
    assert last is not None
    assert last.month == day.month
    assert f"from {day:%d/%m/%Y} until {last:%d/%m/%Y}" in mail["text"]
    assert "This month" not in mail["text"]


async def set_due_day(database: TestDatabase, reference: str, day: date) -> None:
    """Move a planned request to another day, and make its jobs due."""
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE change_order SET due_on = $2 WHERE reference = $1", reference, day)
    await connection.close()
    await make_jobs_due(database)


@pytest.mark.parametrize("kind", sorted(ASKED))
async def test_a_planned_request_is_carried_out_on_its_day(
    kind: str, database: TestDatabase, sandbox: Sandbox
) -> None:
    carrier = "lynx" if kind == "terminate" else "mandarine"
    customer = await fleet(sandbox, carrier, ASKED[kind][0])
    (line,) = await customer.lines()
    placed = await asked_and_placed(customer, kind, on=tomorrow().isoformat())
    await set_due_day(database, placed.reference, clock.today())
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED, [(item.state, item.reason, item.detail) for item in done.items]
    found = await line_of(customer, line.id)
    expected = {k: v for k, v in ASKED[kind][2].items() if k != "plan"}
    assert {name: found[name] for name in expected} == expected


async def test_a_price_that_is_other_on_the_day_waits_to_be_accepted(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await fleet(sandbox, "mandarine", lines=2)
    placed = await asked_and_placed(customer, "change_options", on=tomorrow().isoformat())
    async with open_scope(customer.system) as scope:  # as if the catalogue had cost something else then
        await scope.connection.execute("UPDATE change_order_item SET monthly_after = monthly_after - 100")
    await set_due_day(database, placed.reference, clock.today())
    await drain(database)
    waiting = await get_order(customer.manager, placed.reference)
    assert (waiting.state, waiting.flag) == (OrderState.SCHEDULED, "price_changed")
    assert any(
        "The price of your planned request" in mail["html"] for mail in sandbox.mails(customer.manager.email)
    )
    shown = await requote_order(customer.manager, placed.reference)
    with pytest.raises(Conflict):
        await accept_price(customer.manager, placed.reference, fingerprint="something else")
    await accept_price(customer.manager, placed.reference, fingerprint=shown.fingerprint)
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED


async def test_a_planned_request_with_nothing_left_ends(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine")
    placed = await asked_and_placed(customer, "suspend", on=tomorrow().isoformat())
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET status = 'suspended'")
    await set_due_day(database, placed.reference, clock.today())
    await drain(database)
    ended = await get_order(customer.manager, placed.reference)
    assert ended.state is OrderState.CANCELLED
    assert [item.reason for item in ended.items] == ["already_suspended"]


async def test_what_failed_can_be_tried_again(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine", lines=2)
    first, _ = await customer.lines()
    sandbox.behave("mandarine", msisdns=[first.msisdn], outcome="failed")
    placed = await asked_and_placed(customer, "change_barrings")
    ended = await carry_out(customer, database, placed.reference)
    assert ended.state is OrderState.PARTIAL
    assert ended.may_retry
    draft = await get_draft(customer.manager, await retry_order(customer.manager, placed.reference))
    assert [line.line_id for line in draft.lines] == [first.id]
    assert draft.asked.kind_fields["add"] == ("roaming-data",)
    with pytest.raises(Conflict):
        again = await asked_and_placed(customer, "suspend", reason="absence")
        await retry_order(customer.manager, again.reference)


async def test_lost_or_stolen_goes_at_once(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "lynx")
    for reason in ("lost", "stolen"):
        placed = await asked_and_placed(customer, "suspend", reason=reason, request_key=reason)
        assert placed.state is OrderState.SUBMITTED
        assert placed.grace_until is None
        assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED
        back = await asked_and_placed(customer, "reactivate", request_key=f"back {reason}")
        await carry_out(customer, database, back.reference)


async def test_what_is_lost_has_to_be_confirmed(sandbox: Sandbox) -> None:
    for kind, carrier in (("terminate", "lynx"), ("convert_to_prepaid", "mandarine")):
        customer = await fleet(sandbox, carrier)
        preview = await preview_order(customer.manager, await asked_for(customer, kind, confirmed=False))
        assert preview.must_confirm
        assert preview.warnings
        with pytest.raises(ValidationFailed) as refusal:
            await asked_and_placed(customer, kind, confirmed=False)
        assert refusal.value.code == "must_confirm"


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_an_option_that_is_a_cap_is_the_lines_cap(
    carrier: str, database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-113: one cap, whichever way it was asked for, and the carrier's books say the same."""
    customer = await fleet(sandbox, carrier)
    (line,) = await customer.lines()
    monkeypatch.setattr(refreshing, "NOT_MORE_OFTEN", timedelta(0))

    async def caps() -> tuple[list[str], int | None]:
        now = await line_of(customer, line.id)
        return now["options"], now["roaming_cap_cents"]

    for kind, more, expected in (
        ("change_options", {"add": ["roaming-cap-100"]}, (["roaming-cap-100"], 10000)),
        ("change_spend_cap", {"cap_cents": 7500}, ([], 7500)),
        ("change_options", {"add": ["roaming-cap-0"]}, (["roaming-cap-0"], 0)),
        ("change_options", {"add": [], "remove": ["roaming-cap-0"]}, ([], 0)),
    ):
        placed = await asked_and_placed(customer, kind, **more, request_key=f"{kind}-{more}")
        assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED
        assert await caps() == expected
        await refreshing.request_sync(customer.manager)
        await drain(database, only="lines.")
        assert await caps() == expected


async def test_a_plan_change_lists_the_options_that_go(sandbox: Sandbox) -> None:
    customer = await make_customer()
    await make_lines(customer, 1, plan="pro-flex-20", options=("data-5gb", "sms-unlimited"))
    await load_lines_at_carrier(customer, sandbox)
    (line,) = await customer.lines()
    draft = await start_draft(customer.manager, "change_plan", _only(line.id))
    view = await get_draft(customer.manager, draft)
    lost = {choice.code: choice.lost_options for choice in view.choices}
    assert lost["pro-max"]
    await save_draft(customer.manager, draft, {"plan": "pro-max"}, complete=True)
    shown = await preview_draft(customer.manager, draft)
    assert shown.items[0].change["remove"] == ["data-5gb"]
    assert shown.warnings
    placed = await submit_draft(customer.manager, draft, fingerprint=shown.fingerprint)
    assert placed.items[0].words[1:]


def _only(line_id: Any) -> Any:
    return Selection(line_ids=(line_id,))


@pytest.mark.parametrize("kind", sorted(ASKED))
async def test_refused_for_every_role_that_may_not_and_for_foreign_lines(kind: str, sandbox: Sandbox) -> None:
    carrier = "lynx" if kind == "terminate" else "mandarine"
    ours, theirs = (
        await fleet(sandbox, carrier, ASKED[kind][0]),
        await fleet(sandbox, carrier, ASKED[kind][0]),
    )
    request = await asked_for(ours, kind)
    for role in ("owner", "invoice_reader", "approver", "auditor", "end_user"):
        member = await make_member(ours.tenant_id, roles=frozenset({role}), carrier=carrier)
        with pytest.raises(Forbidden):
            await place_order(member, request)
        with pytest.raises(Forbidden):
            await start_draft(member, kind)
    with pytest.raises(NotFound):
        await place_order(theirs.manager, request)


async def test_an_unknown_kind_and_hostile_wishes_are_refused(sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine")
    (line,) = await customer.lines()
    with pytest.raises(NotFound):
        await start_draft(customer.manager, "make_coffee", _only(line.id))
    draft = await start_draft(customer.manager, "change_user", _only(line.id))
    for name, value in (
        ("given_name", ""),
        ("family_name", "x" * 81),
        ("family_name", "Ma\u202ees"),
        ("email", "nobody"),
        ("email", "a b@c.be"),
        ("language", "klingon"),
    ):
        good = {**ASKED["change_user"][1], name: value}
        with pytest.raises(ValidationFailed) as refusal:
            await save_draft(customer.manager, draft, good, complete=True)
        assert name in refusal.value.fields
    for kind, kind_fields, field in (
        ("suspend", {"reason": "fun"}, "reason"),
        ("change_plan", {"plan": ""}, "plan"),
        ("change_plan", {"plan": "no-such"}, "plan"),
        ("change_barrings", {}, "add"),
        ("change_spend_cap", {}, "cap_cents"),
        ("change_spend_cap", {"cap_cents": -1}, "cap_cents"),
        ("change_cost_centre", {"cost_centre": "NOWHERE"}, "cost_centre"),
        ("move_account", {"account": "99-99"}, "account"),
        ("depart", {"knows_successor": False}, "on"),
        ("depart", {"on": "2020-01-01", "knows_successor": False}, "on"),
        ("depart", {"on": tomorrow().isoformat(), "knows_successor": True}, "email"),
    ):
        draft = await start_draft(customer.manager, kind, _only(line.id))
        with pytest.raises(ValidationFailed) as refusal:
            await save_draft(customer.manager, draft, kind_fields, complete=True)
        assert field in refusal.value.fields, (kind, kind_fields)
    other = await make_customer()
    await make_account(other, "61-01")
    draft = await start_draft(customer.manager, "move_account", _only(line.id))
    with pytest.raises(ValidationFailed) as theirs:
        await save_draft(customer.manager, draft, {"account": "61-01"}, complete=True)
    with pytest.raises(ValidationFailed) as nobodys:
        await save_draft(customer.manager, draft, {"account": "61-02"}, complete=True)
    assert theirs.value.fields == nobodys.value.fields
    await make_account(customer, "60-00", kind="invoice_only")
    with pytest.raises(ValidationFailed) as invoices:
        await save_draft(customer.manager, draft, {"account": "60-00"}, complete=True)
    assert invoices.value.code == "invoice_only"


async def test_lines_are_listed_until_they_leave(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine", lines=2)
    first, _ = await customer.lines()
    placed = await place_order(
        customer.manager,
        KINDS["convert_to_prepaid"].request(line_ids=(first.id,), confirmed=True, request_key="k"),
    )
    await make_jobs_due(database)
    await drain(database)
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED
    assert first.id not in {line.id for line in await customer.lines()}
    assert (await list_lines(customer.manager, LineFilter())).total == 1


async def test_a_planned_request_that_moves_takes_its_promise_along(sandbox: Sandbox) -> None:
    customer = await fleet(sandbox, "mandarine")
    placed = await asked_and_placed(customer, "change_plan", on=tomorrow().isoformat())
    later = tomorrow() + timedelta(days=5)
    moved = await reschedule_order(customer.manager, placed.reference, on=later)
    before, after = placed.promise.due_at, moved.promise.due_at
    assert before is not None
    assert after is not None
    assert clock.local(after).date() == clock.local(before).date() + timedelta(days=5)
    [listed] = await list_orders(customer.manager)
    assert (listed.promise, listed.outcome.day) == (moved.promise, later)
