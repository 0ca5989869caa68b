"""The jobs that tell the requester about a request, by mail and in the portal (F-170 to F-172)."""

from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.core import clock
from backend.core.facts import JobName, OrderWaiting
from backend.core.ids import OrderId
from backend.core.messaging.jobs import idempotent_job, job
from backend.notifications.content import Message
from backend.notifications.sending import send_once
from backend.orders import views
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import EndReason, OrderState
from backend.orders.notifications.order_mail import ROWS, MailPhase, order_mail, order_notice
from backend.orders.outcome import OutcomeCode
from backend.orders.schemas import OrderDetail
from backend.orders.tables import ChangeOrder
from backend.orders.topics import invalidate_order
from backend.runtime import clients
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Actor, Scope

ACCOUNTS = (
    "SELECT i.line_id, l.account FROM change_order_item i JOIN line l ON l.tenant_id = i.tenant_id"
    " AND l.id = i.line_id WHERE i.order_id = $1 ORDER BY i.position LIMIT $2"
)

ORDER_OF_ITEM = "SELECT order_id FROM change_order_item WHERE id = $1"


class Requester(msgspec.Struct, frozen=True):
    """Who is told about a request."""

    requester_id: UUID | None
    requester_email: str
    language: str
    kind: str


class LineAccount(msgspec.Struct, frozen=True):
    """The customer number of a line."""

    line_id: UUID
    account: str


@idempotent_job(JobName.MAIL_ORDER_RECEIVED)
async def mail_received(actor: Actor, *, order_id: str) -> None:
    """Say that the request was received, and until when it will be done.

    Nothing for a light one (`OrderKind.light`): it is done in a moment, and one mail says how it ended.
    """
    await _mail(actor, UUID(order_id), MailPhase.RECEIVED)


@idempotent_job(JobName.MAIL_ORDER_SCHEDULED)
async def mail_scheduled(actor: Actor, *, order_id: str) -> None:
    """Say for which day the request is planned."""
    await _mail(actor, UUID(order_id), MailPhase.SCHEDULED)


@idempotent_job(JobName.MAIL_ORDER_MOVED)
async def mail_moved(actor: Actor, *, order_id: str, at: str) -> None:
    """Say for which other day the request is planned; nothing where the requester chose it."""
    await _mail(actor, UUID(order_id), MailPhase.MOVED, at=at)


@idempotent_job(JobName.MAIL_PRICE_CHANGED)
async def mail_price_changed(actor: Actor, *, order_id: str) -> None:
    """Say that a planned request waits until its new price is accepted."""
    await _mail(actor, UUID(order_id), MailPhase.PRICE_CHANGED)


@idempotent_job(JobName.MAIL_ORDER_ENDED)
async def mail_ended(actor: Actor, *, order_id: str, state: str, why: str) -> None:  # noqa: ARG001 - the fact's fields
    """Mail the result on each line; nothing where it was undone, or where the requester took it back."""
    # Its undo time is over in a moment: whoever placed it has not been told of it yet
    if why != EndReason.UNDONE:
        await _mail(actor, UUID(order_id), MailPhase.ENDED)


@idempotent_job(JobName.MAIL_ORDER_WAITING)
async def mail_waiting(actor: Actor, *, order_id: str, at: str) -> None:
    """Say whom the request waits for, each time that it begins to wait; nothing where it goes on by now."""
    await _mail(actor, UUID(order_id), MailPhase.WAITING, at=at)


@job(JobName.NOTE_ITEM_MAIL)
async def note_item_mail(scope: Scope, *, item_id: str, refused: bool, needed: bool) -> None:
    """Count a message about an item that was refused; where the item needs it, its request waits for the customer."""
    order_id = await scope.fetch_value(UUID, ORDER_OF_ITEM, UUID(item_id))
    if order_id is None:
        return
    if refused and needed:
        scope.emit(OrderWaiting(order_id=order_id, at=clock.now()))
    elif refused:
        await ChangeOrder.update({ChangeOrder.refused_mails: ChangeOrder.refused_mails + 1}).where(
            ChangeOrder.id == order_id
        )
    invalidate_order(scope, order_id)


async def _mail(actor: Actor, order_id: UUID, phase: MailPhase, *, at: str = "") -> None:
    async def record(scope: Scope, refused: str | None) -> None:
        its_row = ChangeOrder.id == order_id
        if refused is not None:
            await ChangeOrder.update({ChangeOrder.refused_mails: ChangeOrder.refused_mails + 1}).where(
                its_row
            )
        elif phase is MailPhase.ENDED:
            await ChangeOrder.update({ChangeOrder.mailed_at: clock.now()}).where(its_row)
        invalidate_order(scope, order_id)

    key = "/".join(part for part in ("order", str(order_id), phase, at) if part)
    await send_once(actor, key, lambda scope: _compose(scope, order_id, phase), record=record)


async def _compose(scope: Scope, order_id: UUID, phase: MailPhase) -> Message | None:
    """What the requester is told; None for an order that is gone or was placed without an address."""
    requester = await scope.select_one(Requester, ChangeOrder, ChangeOrder.id == order_id)
    if requester is None or not requester.requester_email:
        return None
    if phase is MailPhase.RECEIVED and KINDS[requester.kind].light:
        return None
    language = requester.language
    profile = (await catalogue_of(scope)).profile
    order = await views.detail(scope, OrderId(order_id), items_limit=ROWS, language=language)
    if _another_mail_says_it(order, phase) or await _seen_already(scope, order, phase, requester):
        return None
    content = order_mail(
        order,
        phase=phase,
        catalogue=Catalogue(profile, language),
        accounts=await _accounts(scope, order_id),
        settings=clients().settings,
    )
    member_id = requester.requester_id
    shown = order_notice(order, phase=phase, language=language, member_id=member_id) if member_id else None
    return Message(requester.requester_email, content, shown)


def _another_mail_says_it(order: OrderDetail, phase: MailPhase) -> bool:
    """Where another mail says as much: one mail is enough.

    What was received: of a request that ends as soon as it is sent its result follows at once, and of a planned one it
    was mailed for which day it is.
    """
    match phase:
        case MailPhase.RECEIVED:
            planned = any(move.action == OrderState.SCHEDULED for move in order.history)
            return planned or KINDS[order.kind].done_at_once
        case MailPhase.MOVED:
            # It has left since, or was taken back: another mail says so
            return order.state is not OrderState.SCHEDULED
        case MailPhase.WAITING:
            return not order.outcome.waits_for
        case _:
            return False


async def _seen_already(scope: Scope, order: OrderDetail, phase: MailPhase, requester: Requester) -> bool:
    """Whether the requester moved or took back the request, and saw so on the page."""
    by_person = phase is MailPhase.MOVED or (
        phase is MailPhase.ENDED and order.outcome.code is OutcomeCode.CANCELLED
    )
    if not by_person:
        return False
    moves = await timeline.entries(scope, TimelineSubject.ORDER, order.id, limit=1)
    return bool(moves) and moves[0].actor_id is not None and moves[0].actor_id == requester.requester_id


async def _accounts(scope: Scope, order_id: UUID) -> dict[UUID, str]:
    """Line -> customer number, for the lines that the mail lists."""
    return {one.line_id: one.account for one in await scope.fetch_all(LineAccount, ACCOUNTS, order_id, ROWS)}
