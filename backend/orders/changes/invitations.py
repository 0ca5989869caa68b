"""The use case that sends a successor's invitation again, to another address or to the same one."""

from datetime import date
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core import audit, clock
from backend.core.addresses import email_valid
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders.lifecycle import DepartureState
from backend.orders.queries import lock_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.orders.tables import Departure
from backend.orders.texts import KindTexts
from backend.orders.topics import invalidate_order
from backend.orders.transitions import check_recent_sign_in
from tenants.scope import Scope

REFUSED = """
SELECT d.id, d.item_id, d.leaves_on, d.invitations FROM departure d
JOIN change_order_item i ON i.tenant_id = d.tenant_id AND i.id = d.item_id
WHERE i.order_id = $1 AND d.state = $2 AND d.mail_refused IS NOT NULL FOR NO KEY UPDATE OF d
"""
CORRECT_ITEM = (
    "UPDATE change_order_item SET change = change || jsonb_build_object('email', $2::text) WHERE id = $1"
)
CORRECT_ORDER = "UPDATE change_order SET body = body || jsonb_build_object('email', $2::text) WHERE id = $1"


class RefusedInvitation(msgspec.Struct, frozen=True):
    """A departure whose invitation was refused, and how often it was sent again before."""

    id: UUID
    item_id: UUID
    leaves_on: date
    invitations: int


@use_case(Permission.ORDERS_PLACE)
async def send_invitation_again(scope: Scope, reference: str, *, email: str) -> OrderDetail:
    """Invite the successor at this address; until the mail has left, the request waits as before.

    Raises NotFound, ValidationFailed for a wrong address, ReauthenticationRequired where the order's kind asks for a
    recent sign-in, and Conflict (`not_refused`) where no invitation was refused, or its day has come.
    """
    order, email = await lock_order(scope, reference), email.strip()
    check_recent_sign_in(scope, order.order_kind)
    found = await scope.fetch_one(RefusedInvitation, REFUSED, order.id, DepartureState.SUCCESSOR_INVITED)
    if found is None or found.leaves_on <= clock.today():
        raise Conflict("No invitation of this request has to be sent again.", code="not_refused")
    if not email_valid(email):
        texts = KindTexts(await catalogue_of(scope), order.kind)
        raise ValidationFailed(email=texts.text("bad_email"))
    number = found.invitations + 1
    await Departure.update({Departure.email: email, Departure.invitations: number}).where(
        Departure.id == found.id
    )
    await scope.execute(CORRECT_ITEM, found.item_id, email)
    await scope.execute(CORRECT_ORDER, order.id, email)
    await audit.record(scope, "order.corrected", "order", order.id, reference=reference)
    scope.enqueue(JobName.INVITE_SUCCESSOR, departure_id=found.id, number=number)
    invalidate_order(scope, order.id)
    return await get_order(scope, reference)
