"""Carries orders out: grace ends, items go to the carrier, its news comes back. Each may run twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import orjson
import structlog

from backend.context import clients
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.jobs import flow, job, step
from backend.integrations.network import Accepted, NewsState, OrderNews, Refused, ServiceOrder, parse_event
from backend.orders.kinds import KINDS
from backend.orders.news import apply_news, known
from backend.orders.placing import record_move
from backend.orders.schemas import OrderState
from tenants.scope import Actor, Scope

log = structlog.get_logger()

CHUNK = 100  # items that one job hands to the carrier
AT_CARRIER = [kind.code for kind in KINDS.values() if kind.message is not None]
EVENTS = 500  # callbacks that one transaction handles
CLOCK_DIFFERENCE = timedelta(seconds=1)  # how long to wait for a clock that is behind before looking again


@job("orders.end_grace")
async def end_grace(scope: Scope, *, order_id: str) -> None:
    """The undo time is over: the order goes on unless it was taken back."""
    order = await scope.connection.fetchrow(
        "SELECT id, grace_until FROM change_order WHERE id = $1 AND state = 'grace' FOR NO KEY UPDATE",
        UUID(order_id),
    )
    if order is None:
        return
    if order["grace_until"] > clock.now():  # this host's clock is behind: whoever undoes has the time shown
        scope.announce("order.placed", order_id=order_id, not_before=order["grace_until"] + CLOCK_DIFFERENCE)
        return
    await scope.connection.execute(
        "UPDATE change_order SET state = 'submitted', submitted_at = now() WHERE id = $1", order["id"]
    )
    await record_move(scope, order["id"], OrderState.GRACE, OrderState.SUBMITTED)
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
        # The order first and then its items, as in apply_news: the other way round the two would deadlock.
        reference = await scope.connection.fetchval(
            "SELECT reference FROM change_order WHERE id = $1 AND state IN ('submitted', 'in_progress', 'held')"
            " FOR NO KEY UPDATE",
            UUID(order_id),
        )
        if reference is None:
            return
        rows = await scope.connection.fetch(
            "UPDATE change_order_item SET state = 'sent', sent_at = COALESCE(sent_at, now()), last_contact_at = now()"
            " WHERE order_id = $1 AND position BETWEEN $2 AND $3"
            " AND (state = 'waiting' OR (state = 'sent' AND carrier_order_id IS NULL))"
            " RETURNING id, msisdn, kind, change, state, reason, reported, reported_at, $4::text AS reference",
            UUID(order_id),
            first,
            last,
            reference,
        )
        scope.touch(f"order:{order_id}")
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
        if rows and KINDS[rows[0]["kind"]].message is None:
            await apply_news(scope, [_ours(row) for row in rows])
            return
    try:
        await _submit(actor, tenant, rows)
    except Unavailable:
        async with step(actor) as scope:
            scope.touch(f"order:{order_id}")  # an open page says that nobody answers yet
        raise


def _ours(row: Any) -> OrderNews:
    """What needs no carrier is done at once, or waits for whoever has to decide."""
    kind = KINDS[row["kind"]]
    waits = kind.held_for if kind.needs_decision(orjson.loads(row["change"])) else ""
    return OrderNews(
        external_id=str(row["id"]),
        carrier_order_id="-",
        state=NewsState.HELD if waits else NewsState.DONE,
        code=waits,
    )


async def _submit(actor: Actor, tenant: Any, rows: list[Any]) -> None:
    """Call the carrier for each item, write down what it said, and ask to be repeated for the rest."""
    if not rows:
        return
    network = clients().network
    answers = await asyncio.gather(
        *(network.submit(tenant["carrier"], to_service_order(tenant["slug"], row)) for row in rows),
        return_exceptions=True,
    )
    news = [
        to_update(str(row["id"]), answer)
        for row, answer in zip(rows, answers, strict=True)
        if not isinstance(answer, BaseException)
    ]
    await record_answer(actor, news, rows)
    _raise_first(answers)


def to_update(external_id: str, answer: Accepted | Refused) -> OrderNews:
    """A carrier's answer about one item, as what the item becomes by it."""
    if isinstance(answer, Accepted):
        return OrderNews(
            external_id=external_id,
            carrier_order_id=answer.carrier_order_id,
            state=answer.state,
            told=answer.told,
        )
    return OrderNews(
        external_id=external_id,
        carrier_order_id="",
        state=NewsState.FAILED,
        code=answer.code,
        message=answer.message,
    )


def _raise_first(answers: Sequence[object]) -> None:
    """Once the good answers are written down: a bug before an outage, since an outage is never given up."""
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in sorted(errors, key=lambda error: isinstance(error, Unavailable)):
        raise error


def to_service_order(customer: str, row: Any) -> ServiceOrder:
    """An item's row as the order that its carrier gets. Raises ValueError where its kind is not for the carrier."""
    ask = KINDS[row["kind"]].message
    if ask is None:
        raise ValueError(f"{row['kind']} is not for the carrier")
    message = ask(orjson.loads(row["change"]))
    return ServiceOrder(
        external_id=str(row["id"]),
        customer=customer,
        msisdn=row["msisdn"],
        reference=row["reference"],
        category=message.category,
        action=message.action,
        characteristics=message.characteristics,
    )


async def record_answer(actor: Actor, news: list[OrderNews], rows: Sequence[Any]) -> None:
    """Write down what the carrier answered; `rows` are the items as they were when it was asked."""
    if news:
        async with step(actor) as scope:
            await apply_news(scope, news, asked={row["id"]: known(row) for row in rows})


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
            "SELECT i.id, i.msisdn, i.kind, i.change, i.carrier_order_id, i.state, i.reason, i.reported, i.reported_at, o.reference"
            " FROM change_order_item i"
            " JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id"
            " WHERE i.id = ANY($1) AND i.state IN ('sent', 'in_progress', 'held') AND i.kind = ANY($2::text[])",
            [UUID(item) for item in item_ids],
            AT_CARRIER,
        )
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
    found = await asyncio.gather(*(_fetch(tenant["carrier"], row) for row in rows), return_exceptions=True)
    await record_answer(actor, [one for one in found if isinstance(one, OrderNews)], rows)
    never_came = [
        row for row, one in zip(rows, found, strict=True) if one is None and not row["carrier_order_id"]
    ]
    try:
        await _submit(actor, tenant, never_came)
        _raise_first(found)
    except Unavailable as outage:
        # Not put off: the sweep asks again after the next silence, and questions would only pile up.
        log.warning("carrier silent", tenant=str(actor.tenant_id), why=outage.message)


@flow("orders.amend")
async def amend(actor: Actor, *, item_id: str, characteristics: dict[str, Any]) -> None:
    """Tell the carrier what was missing or confirmed for an item that it has."""
    async with step(actor) as scope:
        row = await scope.connection.fetchrow(
            "SELECT i.id, i.carrier_order_id, i.state, i.reason, i.reported, i.reported_at, t.carrier"
            " FROM change_order_item i, tenant t WHERE i.id = $1"
            " AND i.state IN ('in_progress', 'held') AND i.carrier_order_id IS NOT NULL",
            UUID(item_id),
        )
    if row is None:
        return
    answer = await clients().network.amend(row["carrier"], row["carrier_order_id"], characteristics)
    if isinstance(answer, Refused):
        log.warning("carrier refused a correction", item=item_id, code=answer.code)
        await record_answer(
            actor,
            [
                OrderNews(
                    external_id=item_id,
                    carrier_order_id=row["carrier_order_id"],
                    state=NewsState.HELD,
                    code=answer.code,
                    message=answer.message,
                )
            ],
            [row],
        )
    else:
        await record_answer(actor, [to_update(item_id, answer)], [row])


@flow("orders.cancel")
async def cancel(actor: Actor, *, order_id: str) -> None:
    """Call an order back at the carrier; where it is too late the request goes on, and says so."""
    async with step(actor) as scope:
        rows = await scope.connection.fetch(
            "SELECT i.id, i.carrier_order_id, t.carrier FROM change_order_item i, tenant t WHERE i.order_id = $1"
            " AND i.state IN ('in_progress', 'held') AND i.carrier_order_id IS NOT NULL",
            UUID(order_id),
        )
    news = []
    for row in rows:
        answer = await clients().network.cancel(row["carrier"], row["carrier_order_id"], "customer request")
        if not isinstance(answer, Refused):
            news.append(
                OrderNews(
                    external_id=str(row["id"]),
                    carrier_order_id=row["carrier_order_id"],
                    state=NewsState.CANCELLED,
                )
            )
    async with step(actor) as scope:
        await scope.connection.execute(
            "UPDATE change_order SET flag = $2 WHERE id = $1 AND flag = 'cancelling'",
            UUID(order_id),
            "" if len(news) == len(rows) else "cancel_refused",
        )
        if news:
            await apply_news(scope, news)
        scope.touch(f"order:{order_id}")


async def _fetch(carrier: str, row: Any) -> OrderNews | None:
    """How one item stands at the carrier, told of our item whatever id the carrier gives back."""
    network, known = clients().network, row["carrier_order_id"]
    news = await network.fetch(carrier, known) if known else None
    if news is None:  # it may have lost the answer, or given the order another id
        news = await network.find(carrier, str(row["id"]))
    if news is None and known:
        log.error("carrier forgot an order", carrier=carrier, item=str(row["id"]), order=known)
    return msgspec.structs.replace(news, external_id=str(row["id"])) if news else None


async def ask_about_silent_items(actor: Actor, silence_seconds: float) -> int:
    """Announce a question for every item of a tenant that nothing was heard of for so long."""
    async with step(actor) as scope:
        rows = await scope.connection.fetch(
            "UPDATE change_order_item SET last_contact_at = now() WHERE id IN (SELECT id FROM change_order_item"
            " WHERE state IN ('sent', 'in_progress', 'held') AND last_contact_at < now() - $1::interval AND kind = ANY($2::text[])"
            " ORDER BY last_contact_at LIMIT 1000 FOR UPDATE SKIP LOCKED) RETURNING id",
            timedelta(seconds=silence_seconds),
            AT_CARRIER,
        )
        ids = [str(row["id"]) for row in rows]
        for first in range(0, len(ids), CHUNK):
            scope.announce("items.silent", item_ids=ids[first : first + CHUNK])
        return len(ids)
