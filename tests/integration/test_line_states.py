"""Where the state of a line is written: listed moves only, and one bad line never stops the good ones."""

from itertools import product

import pytest
import structlog

from backend.core.errors import Conflict
from backend.lines.intake.ordered_lines import abort_lines, mark_pending_active
from backend.lines.lifecycle import LINE_LIFECYCLE, LineStatus
from backend.lines.line_writes import lock_lines, move_lines, update_lines
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.support.factories import Customer, make_customer

PAIRS = list(product(LineStatus, LineStatus))
LISTED = [(before, after) for before, after in PAIRS if LINE_LIFECYCLE.allows(before, after)]
UNLISTED = [pair for pair in PAIRS if pair not in LISTED]


async def in_state(customer: Customer, *states: LineStatus) -> list:
    """Lines of a new customer, in these states."""
    lines = await customer.lines()
    async with open_scope(customer.system) as scope:
        for line, state in zip(lines, states, strict=True):
            await scope.connection.execute("UPDATE line SET status = $2 WHERE id = $1", line.id, state)
    return [line.id for line in lines]


async def states_of(customer: Customer, ids: list) -> list[str]:
    async with open_scope(customer.system) as scope:
        lines = await lock_lines(scope, ids)
    return [lines[line_id].status for line_id in ids]


async def write(actor: Actor, moves: list) -> None:
    async with open_scope(actor) as scope:
        lines = await lock_lines(scope, [line_id for line_id, _ in moves])
        await update_lines(scope, [(lines[line_id], {"status": state}) for line_id, state in moves])


async def test_each_listed_move_is_written() -> None:
    customer = await make_customer(lines=len(LISTED))
    ids = await in_state(customer, *(before for before, _ in LISTED))
    with structlog.testing.capture_logs() as logs:
        await write(customer.system, [(key, after) for key, (_, after) in zip(ids, LISTED, strict=True)])
    assert await states_of(customer, ids) == [after for _, after in LISTED]
    assert logs == []


async def test_an_unlisted_move_is_not_written_and_each_is_logged() -> None:
    customer = await make_customer(lines=len(UNLISTED))
    ids = await in_state(customer, *(before for before, _ in UNLISTED))
    moves = [(key, after) for key, (_, after) in zip(ids, UNLISTED, strict=True)]
    with structlog.testing.capture_logs() as logs:
        await write(customer.system, moves)
    assert await states_of(customer, ids) == [before for before, _ in UNLISTED]
    assert [(log["line"], log["before"], log["after"]) for log in logs] == [
        (str(key), before, after) for key, (before, after) in zip(ids, UNLISTED, strict=True)
    ]
    assert {log["log_level"] for log in logs} == {"warning"}


async def test_a_bad_line_of_a_batch_keeps_all_its_columns_and_the_others_are_written() -> None:
    customer = await make_customer(lines=3)
    first, bad, last = await in_state(
        customer, LineStatus.ACTIVE, LineStatus.TERMINATED, LineStatus.SUSPENDED
    )
    async with open_scope(customer.system) as scope:
        lines = await lock_lines(scope, [first, bad, last])
        plan = lines[bad].plan
        changes = {"status": LineStatus.PENDING_RELEASE, "plan": "other"}
        await update_lines(scope, [(lines[key], changes) for key in (first, bad, last)])
        assert lines[bad].status == LineStatus.TERMINATED
    async with open_scope(customer.system) as scope:
        lines = await lock_lines(scope, [first, bad, last])
    assert [lines[key].status for key in (first, bad, last)] == [
        "pending_release",
        "terminated",
        "pending_release",
    ]
    assert [lines[key].plan for key in (first, bad, last)] == ["other", plan, "other"]


async def test_a_state_that_nobody_knows_is_not_written() -> None:
    customer = await make_customer(lines=1)
    [line_id] = await in_state(customer, LineStatus.ACTIVE)
    await write(customer.system, [(line_id, "on_the_moon")])
    assert await states_of(customer, [line_id]) == ["active"]


async def test_a_person_is_told_and_nothing_is_written() -> None:
    customer = await make_customer(lines=2)
    ids = await in_state(customer, LineStatus.ACTIVE, LineStatus.TERMINATED)
    with pytest.raises(Conflict) as refused:
        await write(customer.manager, [(key, LineStatus.SUSPENDED) for key in ids])
    assert refused.value.code == "wrong_state"
    with pytest.raises(Conflict):
        async with open_scope(customer.manager) as scope:
            await move_lines(scope, ids, LineStatus.ABORTED)
    assert await states_of(customer, ids) == ["active", "terminated"]


async def test_lines_on_order_move_and_others_stay() -> None:
    customer = await make_customer(lines=3)
    ids = await in_state(customer, LineStatus.ORDERED, LineStatus.PENDING_ACTIVE, LineStatus.ACTIVE)
    async with open_scope(customer.system) as scope:
        await mark_pending_active(scope, ids)
    assert await states_of(customer, ids) == ["pending_active", "pending_active", "active"]
    with structlog.testing.capture_logs() as logs:
        async with open_scope(customer.system) as scope:
            await abort_lines(scope, ids)
    assert await states_of(customer, ids) == ["aborted", "aborted", "active"]
    assert [log["line"] for log in logs] == [str(ids[2])]
