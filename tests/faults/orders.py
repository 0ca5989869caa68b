"""One order of many lines on its way through a deployment, and what must be true at its end whatever happened."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx

from backend.core.database_errors import TRANSIENT_ERRORS
from backend.core.errors import Unavailable
from backend.lines.schemas import LineRow
from backend.members.tokens import create_token
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from tests.support.deployment import Deployment
from tests.support.factories import Customer, make_customer
from tests.support.order_steps import load_lines_at_carrier

# One sends each item as an order, the other fifty in one
CARRIERS = ("mandarine", "lynx")
LINES = 200
SMS = "sms-unlimited"
T = TypeVar("T")


async def retry_while_unavailable(look: Callable[[], Awaitable[T]]) -> T:
    """What a test itself asks of a database that may just have been killed."""
    for _ in range(100):
        try:
            return await look()
        except (Unavailable, *TRANSIENT_ERRORS):
            await asyncio.sleep(0.1)
    return await look()


async def wait_until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not await retry_while_unavailable(holds):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        await asyncio.sleep(0.03)


@dataclass
class Order:
    """An order that was placed over REST, as its customer and its carrier see it."""

    deployment: Deployment
    customer: Customer
    lines: list[LineRow]
    reference: str
    items: dict[UUID, str]  # item id -> number
    taken_before: int  # orders that the carrier had before this one

    async def detail(self) -> OrderDetail:
        return await retry_while_unavailable(
            lambda: get_order(self.customer.manager, self.reference, items_limit=None)
        )

    def taken_count(self) -> int:
        """How many of its items the carrier has taken."""
        return int(self.deployment.sandbox.counts(self.customer.carrier)["orders"]) - self.taken_before

    async def done(self) -> int:
        return (await self.detail()).counts.get("done", 0)

    async def ends(self, state: str = "completed", *, seconds: float = 60) -> OrderDetail:
        """Wait for the end, and look at everything that must be true then."""

        async def ended() -> bool:
            return (await self.detail()).ended_at is not None

        await wait_until(ended, f"{self.reference} ended", seconds)
        await wait_until(self._nothing_left, f"nothing left to do for {self.reference}")
        detail = await self.detail()
        assert detail.state == state
        moves = [entry.action for entry in detail.history]
        assert len(moves) == len(set(moves)), f"a move happened twice: {moves}"
        assert moves[-1] == state
        counts = self.deployment.sandbox.counts(self.customer.carrier)
        carried_out = {item: counts["by_external_id"].get(str(item), 0) for item in self.items}
        assert set(carried_out.values()) == {1}, "an item was not carried out exactly once"
        assert {number: counts["by_line"].get(number) for number in self.items.values()} == dict.fromkeys(
            self.items.values(), 1
        )
        mails = self.deployment.sandbox.mails(self.customer.manager.email)
        assert len(mails) == 2, [mail["subject"] for mail in mails]  # a repeat has the same Message-ID
        lines = await retry_while_unavailable(self.customer.lines)
        assert all(line.options == [SMS] for line in lines)
        return detail

    async def _nothing_left(self) -> bool:
        rows = await rows_of(
            self.deployment,
            "SELECT (SELECT count(*) FROM outbox WHERE tenant_id = $1)"
            " + (SELECT count(*) FROM inbox WHERE tenant_id = $1 AND handled_at IS NULL) AS left_over",
            self.customer.tenant_id,
        )
        return bool(rows[0]["left_over"] == 0)


async def rows_of(deployment: Deployment, query: str, *args: object) -> list[Any]:
    """Look into the database as its superuser."""
    connection = await asyncpg.connect(deployment.database.superuser_url)
    try:
        return list(await connection.fetch(query, *args))
    finally:
        await connection.close()


@dataclass
class PreparedOrder:
    """A customer with lines and a token, about to order."""

    deployment: Deployment
    customer: Customer
    lines: list[LineRow]
    token: str
    taken_before: int

    @property
    def body(self) -> dict[str, Any]:
        return {
            "kind": "change_options",
            "line_ids": [str(line.id) for line in self.lines],
            "add": [SMS],
            "request_key": "one order",
        }

    async def post(self, path: str = "/api/v1/change-orders") -> httpx.Response:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            return await client.post(
                self.deployment.url + path, json=self.body, headers={"authorization": f"Bearer {self.token}"}
            )

    async def place(self) -> Order:
        """As a client does: again with the same key until there is an answer."""
        response = None
        for _ in range(100):
            try:
                response = await self.post()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if response.status_code != 503:
                break
            await asyncio.sleep(0.1)
        assert response is not None
        assert response.status_code == 202, response.text
        reference = response.json()["reference"]
        detail = await retry_while_unavailable(
            lambda: get_order(self.customer.manager, reference, items_limit=None)
        )
        items = {item.id: item.msisdn for item in detail.items}
        return Order(self.deployment, self.customer, self.lines, reference, items, self.taken_before)


async def prepare_order(
    deployment: Deployment, *, lines: int = LINES, grace_seconds: int = 0, carrier: str = "mandarine"
) -> PreparedOrder:
    deployment.sandbox.behave(carrier)
    customer = await retry_while_unavailable(
        lambda: make_customer(carrier=carrier, lines=lines, grace_seconds=grace_seconds)
    )
    rows = await load_lines_at_carrier(customer, deployment.sandbox)
    assert customer.manager.member_id
    token = await create_token(customer.manager, customer.manager.member_id)
    return PreparedOrder(deployment, customer, rows, token, deployment.sandbox.counts(carrier)["orders"])
