"""Confirmation mails of a request (F-170 to F-172): received when grace ends, and the result per row at the end."""

from uuid import UUID

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.core import clock
from backend.core.facts import JobName
from backend.core.ids import OrderId, new_id
from backend.core.messaging.jobs import idempotent_job
from backend.integrations.mail import Mail
from backend.notifications.sending import message_id, send_and_record
from backend.orders import queries
from backend.orders.notifications.order_mail import ENDED, PLANNED, PRICE, RECEIVED, ROWS, compose_order_mail
from backend.runtime import clients
from tenants.scope import Actor, Scope

TAKEN_BACK = ("undone", "cancelled")


@idempotent_job(JobName.MAIL_ORDER_RECEIVED)
async def mail_received(actor: Actor, *, order_id: str) -> None:
    await _mail(actor, UUID(order_id), RECEIVED)


@idempotent_job(JobName.MAIL_ORDER_SCHEDULED)
async def mail_planned(actor: Actor, *, order_id: str) -> None:
    await _mail(actor, UUID(order_id), PLANNED)


@idempotent_job(JobName.MAIL_PRICE_CHANGED)
async def mail_price(actor: Actor, *, order_id: str) -> None:
    await _mail(actor, UUID(order_id), PRICE)


@idempotent_job(JobName.MAIL_ORDER_ENDED)
async def mail_ended(actor: Actor, *, order_id: str, state: str, why: str) -> None:  # noqa: ARG001 - the fact's field
    """Mail the result. Nothing is mailed where a person took the request back: the page has said so."""
    if why not in TAKEN_BACK:
        await _mail(actor, UUID(order_id), ENDED)


async def _mail(actor: Actor, order_id: UUID, phase: str) -> None:
    async def note(scope: Scope, refused: str | None) -> None:
        await scope.connection.execute(
            "UPDATE mail_message SET sent_at = CASE WHEN $3::text IS NULL THEN now() END, refused = $3"
            " WHERE order_id = $1 AND phase = $2",
            order_id,
            phase,
            refused,
        )
        if phase == ENDED and refused is None:
            await scope.connection.execute(
                "UPDATE change_order SET mailed_at = now() WHERE id = $1", order_id
            )
        scope.invalidate(f"order:{order_id}")

    await send_and_record(actor, lambda scope: _compose(scope, order_id, phase), note)


async def _compose(scope: Scope, order_id: UUID, phase: str) -> Mail | None:
    """The mail, or None where it has been sent (or refused for good) before."""
    order = await scope.connection.fetchrow(
        "SELECT requester_email, requester_name, language FROM change_order WHERE id = $1", order_id
    )
    if order is None or not order["requester_email"]:
        return None
    settings = clients().settings
    profile = (await catalogue_of(scope)).profile
    detail = await queries.detail(scope, OrderId(order_id), items_limit=ROWS, language=order["language"])
    accounts = await scope.connection.fetch(
        "SELECT i.line_id, l.account FROM change_order_item i JOIN line l ON l.tenant_id = i.tenant_id"
        " AND l.id = i.line_id WHERE i.order_id = $1 ORDER BY i.position LIMIT $2",
        order_id,
        ROWS,
    )
    tenant_name = await scope.connection.fetchval("SELECT name FROM tenant")
    written = compose_order_mail(
        detail,
        phase=phase,
        catalogue=Catalogue(profile, order["language"]),
        accounts={row["line_id"]: row["account"] for row in accounts},
        tenant_name=tenant_name,
        settings=settings,
    )
    open_mail = await scope.connection.fetchval(
        "INSERT INTO mail_message (id, tenant_id, order_id, phase, recipient, subject, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, order_id, phase)"
        " DO UPDATE SET subject = EXCLUDED.subject"
        " WHERE mail_message.sent_at IS NULL AND mail_message.refused IS NULL RETURNING id",
        new_id(),
        scope.tenant_id,
        order_id,
        phase,
        order["requester_email"],
        written.subject,
        clock.now(),
    )
    if open_mail is None:
        return None
    return Mail(
        message_id=message_id(f"{phase}.{order_id}"),
        to=order["requester_email"],
        subject=written.subject,
        text=written.text,
        html=written.html,
        language=order["language"],
    )
