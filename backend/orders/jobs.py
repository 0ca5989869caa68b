"""Carries orders out: grace ends, items go to the carrier, its news comes back. Each may run twice."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from backend.context import clients
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.jobs import flow, job, step
from backend.integrations.network import NewsState, OrderNews, Refused, ServiceOrder, parse_event
from backend.orders.news import apply_news
from backend.orders.placing import record_move
from backend.orders.schemas import OrderState
from tenants.scope import Actor, Scope

CHUNK = 100  # items that one job hands to the carrier
EVENTS = 500  # callbacks that one transaction handles


@job("orders.end_grace")
async def end_grace(scope: Scope, *, order_id: str) -> None:
    """The undo time is over: the order goes on unless it was taken back."""
    moved = await scope.connection.fetchval(
        "UPDATE change_order SET state = 'submitted', submitted_at = now()"
        " WHERE id = $1 AND state = 'grace' AND grace_until <= $2 RETURNING id",
        UUID(order_id),
        clock.now(),
    )
    if moved:
        await record_move(scope, moved, OrderState.GRACE, OrderState.SUBMITTED)
        scope.announce("order.submitted", order_id=order_id)
        scope.touch(f"order:{order_id}")
        scope.touch("orders")


@job("orders.share_out")
async def share_out(scope: Scope, *, order_id: str) -> None:
    """Cut a submitted order into pieces that several workers send at once."""
    last = await scope.connection.fetchval(
        "SELECT max(position) FROM change_order_item WHERE order_id = $1", UUID(order_id)
    )
    for first in range(0, (last or 0) + 1, CHUNK):
        scope.announce("items.ready", order_id=order_id, first=first, last=first + CHUNK - 1)


@flow("orders.send")
async def send(actor: Actor, *, order_id: str, first: int, last: int) -> None:
    """Hand items to the carrier. The intent is written first; a repeat carries the same external id, which the
    carrier keeps unique, so nothing is ordered twice.
    """
    async with step(actor) as scope:
        rows = await scope.connection.fetch(
            "UPDATE change_order_item i SET state = 'sent', sent_at = COALESCE(i.sent_at, now()), heard_at = now()"
            " FROM change_order o WHERE o.id = i.order_id AND o.state IN ('submitted', 'in_progress', 'held')"
            " AND i.order_id = $1 AND i.position BETWEEN $2 AND $3"
            " AND (i.state = 'waiting' OR (i.state = 'sent' AND i.carrier_order_id IS NULL))"
            " RETURNING i.id, i.msisdn, i.change, o.reference",
            UUID(order_id),
            first,
            last,
        )
        scope.touch(f"order:{order_id}")
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
    await _submit(actor, tenant, rows)


async def _submit(actor: Actor, tenant: Any, rows: list[Any]) -> None:
    """Call the carrier for each item, write down what it said, and ask to be repeated for the rest."""
    if not rows:
        return
    network = clients().network
    answers = await asyncio.gather(
        *(network.submit(tenant["carrier"], _service_order(tenant["slug"], row)) for row in rows),
        return_exceptions=True,
    )
    news, silent = [], None
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, Unavailable):
            silent = answer
        elif isinstance(answer, BaseException):
            raise answer
        elif isinstance(answer, Refused):
            news.append(
                OrderNews(
                    external_id=str(row["id"]),
                    carrier_order_id="",
                    state=NewsState.FAILED,
                    code=answer.code,
                    message=answer.message,
                )
            )
        else:
            news.append(
                OrderNews(
                    external_id=str(row["id"]), carrier_order_id=answer.carrier_order_id, state=answer.state
                )
            )
    await _tell(actor, news)
    if silent is not None:
        raise silent


def _service_order(customer: str, row: Any) -> ServiceOrder:
    change = orjson.loads(row["change"])
    return ServiceOrder(
        external_id=str(row["id"]),
        customer=customer,
        msisdn=row["msisdn"],
        reference=row["reference"],
        add=tuple(change.get("add", ())),
        remove=tuple(change.get("remove", ())),
    )


async def _tell(actor: Actor, news: list[OrderNews]) -> None:
    if news:
        async with step(actor) as scope:
            await apply_news(scope, news)


@job("orders.hear")
async def hear(scope: Scope, *, source: str) -> None:
    """Handle the callbacks that were stored and not handled yet, in one transaction with their marks."""
    rows = await scope.connection.fetch(
        "SELECT id, body FROM inbox WHERE source = $1 AND handled_at IS NULL ORDER BY id LIMIT $2"
        " FOR UPDATE SKIP LOCKED",
        source,
        EVENTS,
    )
    if not rows:
        return
    await apply_news(scope, [parse_event(row["body"].encode()).news for row in rows])
    await scope.connection.execute(
        "UPDATE inbox SET handled_at = now() WHERE id = ANY($1)", [row["id"] for row in rows]
    )
    if len(rows) == EVENTS:
        scope.announce("carrier.told", source=source)


@flow("orders.ask")
async def ask(actor: Actor, *, item_ids: list[str]) -> None:
    """Ask the carrier about items that it has been silent on; send again what it never got."""
    async with step(actor) as scope:
        rows = await scope.connection.fetch(
            "SELECT i.id, i.msisdn, i.change, i.carrier_order_id, o.reference FROM change_order_item i"
            " JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id"
            " WHERE i.id = ANY($1) AND i.state IN ('sent', 'in_progress', 'held')",
            [UUID(item) for item in item_ids],
        )
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
    network, carrier = clients().network, tenant["carrier"]
    known = [row for row in rows if row["carrier_order_id"]]
    found = await asyncio.gather(
        *(
            network.fetch(carrier, row["carrier_order_id"])
            if row["carrier_order_id"]
            else network.find(carrier, str(row["id"]))
            for row in rows
        )
    )
    await _tell(actor, [one for one in found if one is not None])
    missing = [row for row, one in zip(rows, found, strict=True) if one is None and row not in known]
    await _submit(actor, tenant, missing)


async def ask_about_silent_items(actor: Actor, silence_seconds: float) -> int:
    """Announce a question for every item of a tenant that nothing was heard of for so long."""
    async with step(actor) as scope:
        rows = await scope.connection.fetch(
            "UPDATE change_order_item SET heard_at = now() WHERE id IN (SELECT id FROM change_order_item"
            " WHERE state IN ('sent', 'in_progress', 'held') AND heard_at < $1 ORDER BY heard_at LIMIT 1000"
            " FOR UPDATE SKIP LOCKED) RETURNING id",
            clock.now() - timedelta(seconds=silence_seconds),
        )
        ids = [str(row["id"]) for row in rows]
        for first in range(0, len(ids), CHUNK):
            scope.announce("items.silent", item_ids=ids[first : first + CHUNK])
        return len(ids)
