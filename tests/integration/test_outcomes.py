"""What was asked and is not done: said before sending, on the request, in lists, in mails and over REST."""

from backend.api.orders import OrderResponse
from backend.lines.service import get_line
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.outcome import OutcomeCode, PartCode
from backend.orders.placement.place import place_order, preview_order
from backend.orders.service import list_orders
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox


async def with_options(sandbox: Sandbox, *options: str, lines: int = 1) -> Customer:
    customer = await make_customer()
    await make_lines(customer, lines, options=list(options))
    await load_lines_at_carrier(customer, sandbox)
    return customer


async def test_a_cap_takes_the_place_of_the_present_one(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "roaming-cap-250", "sms-unlimited")
    [line] = await customer.lines()
    request = ChangeOptions(line_ids=(line.id,), add=("roaming-cap-50",), request_key="k")
    preview = await preview_order(customer.manager, request)
    assert preview.missing == 0
    assert preview.items[0].change == {
        "add": ["roaming-cap-50"],
        "remove": ["roaming-cap-250"],
        "cap_cents": 5000,
    }
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert (done.state, done.outcome.code) == (OrderState.COMPLETED, OutcomeCode.DONE)
    now = await get_line(customer.manager, line.id)
    assert (sorted(now.options), now.roaming_cap_cents) == (["roaming-cap-50", "sms-unlimited"], 5000)


async def test_a_wish_that_is_left_out_is_said_everywhere(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "data-20gb", lines=2)
    ids = tuple(line.id for line in await customer.lines())
    request = ChangeOptions(line_ids=ids, add=("data-5gb", "sms-unlimited"), request_key="k")
    preview = await preview_order(customer.manager, request)
    assert preview.missing == 2
    assert [(one.reason, one.wishes) for one in preview.left_out] == [("option_conflict", 2)]
    assert all(item.left_out == {"data-5gb": "option_conflict"} for item in preview.items)
    placed = await place_order(customer.manager, request)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert (done.outcome.code, done.outcome.complete, done.outcome.missing) == ("done_except", False, 2)
    parts = {part.code: (part.count, part.reason) for part in done.outcome.parts}
    assert parts == {PartCode.LEFT_OUT: (2, "option_conflict"), PartCode.DONE: (2, "")}
    assert all("Data +5 GB" in item.noted[0] for item in done.items)
    answer = OrderResponse.of(done)
    assert (answer.outcome, answer.items[0].left_out) == (done.outcome, {"data-5gb": "option_conflict"})
    [listed] = await list_orders(customer.manager)
    assert (listed.outcome.code, listed.outcome.missing) == ("done_except", 2)
    mails = sandbox.mails(customer.manager.email)
    assert len(mails) == 2
    for mail in mails:
        assert "2 things were left out" in mail["text"]
        assert "Left out: Data +5 GB" in mail["text"]
        assert "everything you asked for" not in mail["text"]
    assert "but not all of it" in mails[0]["text"]


async def test_a_line_that_is_already_so_is_not_missing(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "sms-unlimited")
    await make_lines(customer, 1)
    await load_lines_at_carrier(customer, sandbox)
    ids = tuple(line.id for line in await customer.lines())
    request = ChangeOptions(line_ids=ids, add=("sms-unlimited",), request_key="k")
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert {item.state for item in done.items} == {ItemState.DONE, ItemState.SKIPPED}
    assert done.outcome.complete
    assert {part.code for part in done.outcome.parts} == {PartCode.DONE, PartCode.ALREADY}


async def test_a_line_on_which_nothing_is_done_is_missing(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "data-20gb")
    await make_lines(customer, 1)
    await load_lines_at_carrier(customer, sandbox)
    ids = tuple(line.id for line in await customer.lines())
    request = ChangeOptions(line_ids=ids, add=("data-5gb",), request_key="k")
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert (done.outcome.code, done.outcome.missing) == ("done_except", 1)
    assert {part.code for part in done.outcome.parts} == {PartCode.DONE, PartCode.SKIPPED}
