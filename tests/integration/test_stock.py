"""Blank SIM cards and reserved numbers come in once, checked, and tell nothing of other customers."""

import pytest

from backend.cli import lines
from backend.core.errors import FileRejected, Forbidden
from backend.lines.sims.stock import add_sims, reserve_numbers
from backend.lines.sims.stock_file import add_sims_of_file
from tenants.transaction import open_scope
from tests.support.factories import make_customer, make_member, next_msisdn, sim_for


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
async def test_cards_are_checked_counted_once_and_never_anothers(carrier: str) -> None:
    customer, other = await make_customer(carrier=carrier, lines=1), await make_customer(carrier=carrier)
    (line,) = await customer.lines()
    good = [sim_for(carrier, 800_000_000 + index + (0 if carrier == "lynx" else 500)) for index in range(3)]
    wrong = [good[0][:-1] + str((int(good[0][-1]) + 1) % 10), good[1][:-1], "٣٣٣", ""]
    taken = await add_sims(customer.manager, [*good, f" {good[0]} ", *wrong, line.sim_number])
    assert taken.added == 3
    assert taken.wrong == wrong
    assert taken.in_use == [line.sim_number]
    again = await add_sims(customer.manager, good)
    assert (again.added, again.in_use) == (0, [])
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE sim_card SET state = 'retired' WHERE number = $1", good[1])
    theirs = await add_sims(other.manager, [good[0], good[1], line.sim_number])
    assert (theirs.added, theirs.wrong) == (0, [])
    assert theirs.in_use == [good[0], good[1], line.sim_number], "in stock, retired, in use: one answer"


async def test_the_operators_command_says_no_more_of_other_customers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    customer, other = await make_customer(lines=1), await make_customer()
    (line,) = await customer.lines()
    card = sim_for("mandarine", 800_000_700)
    await add_sims(customer.manager, [card])
    said = []
    for number in (card, line.sim_number):
        with pytest.raises(SystemExit):
            lines.print_stock_result(await add_sims(other.manager, [number]))
        out, err = capsys.readouterr()
        said.append((out, err.replace(number, "NUMBER")))
    assert said == [("0 added\n", "in use: NUMBER\n")] * 2


async def test_a_file_of_cards_is_read_and_its_problems_are_named_by_row() -> None:
    customer = await make_customer(lines=1)
    (line,) = await customer.lines()
    cards = [sim_for("mandarine", 800_000_800 + index) for index in range(4)]
    text = (
        f"\ufeff{cards[0]}\r\n\r\n{line.sim_number}\r\n{cards[1]};x\r\n\u200e{cards[2]}\r\n{cards[2]}\r\n\x1a"
    )
    taken = await add_sims_of_file(customer.manager, text.encode())
    assert taken.added == 2
    assert [(one.row, one.column, one.message()) for one in taken.problems] == [
        (3, "sim_number", f"in use: {line.sim_number}"),
        (4, "sim_number", f"not valid: {cards[1]};x"),
    ]
    assert (await add_sims_of_file(customer.manager, f"{cards[3]}\r\n".encode("utf-16"))).added == 1
    with pytest.raises(FileRejected):
        await add_sims_of_file(customer.manager, f'"{cards[3]}\n{cards[3]}\n'.encode())


async def test_numbers_are_kept_for_one_customer_only() -> None:
    customer, other = await make_customer(lines=1), await make_customer()
    (line,) = await customer.lines()
    number = next_msisdn()
    taken = await reserve_numbers(customer.manager, [number, "02 555 12 34", line.msisdn])
    assert (taken.added, taken.wrong, taken.in_use) == (1, ["02 555 12 34"], [line.msisdn])
    theirs = await reserve_numbers(other.manager, [number, line.msisdn])
    assert (theirs.added, len(theirs.in_use)) == (0, 2)


async def test_only_owners_load_them() -> None:
    customer = await make_customer()
    for role in ("fleet_manager", "auditor", "end_user", "approver", "invoice_reader"):
        member = await make_member(customer.tenant_id, roles=frozenset({role}))
        for use_case in (add_sims, reserve_numbers):
            with pytest.raises(Forbidden):
                await use_case(member, [])
