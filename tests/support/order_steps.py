"""Brings our lines into the sandbox's books, and helps orders along: what order tests repeat."""

from uuid import UUID

from backend.lines.schemas import LineRow
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.placement.place import place_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from tests.support.database import TestDatabase
from tests.support.factories import Customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.sandbox import Sandbox


async def load_lines_at_carrier(customer: Customer, sandbox: Sandbox) -> list[LineRow]:
    """Tell the carrier of every line of the customer; returns them."""
    lines = await customer.lines()
    sandbox.load(
        customer.carrier,
        customer.slug,
        [
            {
                "msisdn": line.msisdn,
                "billingAccount": line.billing_account,
                "status": line.status,
                "productType": line.product_type,
                "plan": line.plan.code,
                "options": line.options,
                "simNumber": line.sim_number,
            }
            for line in lines
        ],
    )
    return lines


async def place(
    customer: Customer,
    line_ids: list[UUID],
    *,
    add: tuple[str, ...] = (),
    remove: tuple[str, ...] = (),
    key: str = "k",
) -> OrderDetail:
    request = ChangeOptions(line_ids=tuple(line_ids), add=add, remove=remove, request_key=key)
    return await place_order(customer.manager, request)


async def carry_out(
    customer: Customer, database: TestDatabase, reference: str, *, rounds: int = 40
) -> OrderDetail:
    """End grace, send, and ask the carrier until the order has ended; callbacks are not needed for it."""
    await make_jobs_due(database)
    await drain(database)
    for _ in range(rounds):
        detail = await get_order(customer.manager, reference)
        if detail.ended_at:
            break
        await poll_stale_items(customer.system, -1)
        await drain(database)
    await drain(database)
    return await get_order(customer.manager, reference)
