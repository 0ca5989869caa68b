"""Events of the payment service: stored once, answered at once, and followed by a job that asks what is so now."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from backend.billing.payments.case_records import NewCase, record_case
from backend.billing.payments.case_states import CaseKind
from backend.billing.payments.checking import provider, settle
from backend.billing.payments.rows import find_payment_row
from backend.billing.payments.tables import ProviderEvent
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.payment_facts import IntentFacts, ProviderNotice
from backend.integrations.payments import NotThere
from tenants.directory import DirectoryEntry, find_payment
from tenants.scope import Actor, Scope, TenantId

log = structlog.get_logger()

# How long an object may be unknown that an event names
PATIENCE = timedelta(hours=1)
# Objects that are about one payment
ABOUT_PAYMENTS = frozenset({"checkout.session", "payment_intent", "charge", "refund", "dispute"})
# What else is told of events, by the feature that they are about: it says whether it knows the object
Follower = Callable[[str, str], Awaitable[bool]]
FOLLOWERS: list[Follower] = []
# Objects that other features may know
FOLLOWED = frozenset({"checkout.session", "mandate"})
STORE = """
INSERT INTO provider_event (id, tenant_id, event_id, type, object_kind, object_id, livemode, created, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, event_id) DO NOTHING RETURNING id
"""
HANDLED = "UPDATE provider_event SET handled_at = $2 WHERE id = $1 AND handled_at IS NULL"
PURGE = "DELETE FROM provider_event WHERE handled_at < now() - interval '40 days'"


class StoredNotice(msgspec.Struct, frozen=True):
    """An event that was stored."""

    id: UUID
    event_id: str
    object_kind: str
    object_id: str
    livemode: bool
    received_at: datetime
    handled_at: datetime | None


def follow_objects(follower: Follower) -> None:
    """Have events told to a feature too: the kind and the id of the object that they are about."""
    FOLLOWERS.append(follower)


async def store_event(scope: Scope, notice: ProviderNotice) -> bool:
    """Store an event once, in the operator's scope, and have it followed; False where it was there."""
    row = await scope.fetch_value(
        UUID,
        STORE,
        new_id(),
        scope.tenant_id,
        notice.event_id,
        notice.type,
        notice.object_kind,
        notice.object_id,
        notice.livemode,
        notice.created,
        clock.now(),
    )
    if row is None:
        return False
    scope.enqueue(JobName.HANDLE_PROVIDER_EVENT, event=row)
    return True


@idempotent_job(JobName.HANDLE_PROVIDER_EVENT)
async def handle_event(actor: Actor, *, event: str) -> None:
    """Ask what became of the payment that an event is about. One that is about none is passed over."""
    key = UUID(event)
    async with job_scope(actor) as scope:
        stored = await scope.select_one(StoredNotice, ProviderEvent, ProviderEvent.id == key)
    if stored is None or stored.handled_at is not None:
        return
    if stored.livemode == provider().livemode and not await _followed_elsewhere(stored):
        await _follow(stored)
    async with job_scope(actor) as scope:
        await scope.execute(HANDLED, key, clock.now())


async def _followed_elsewhere(stored: StoredNotice) -> bool:
    if stored.object_kind not in FOLLOWED:
        return False
    for follower in FOLLOWERS:
        if await follower(stored.object_kind, stored.object_id):
            return True
    return False


async def _follow(stored: StoredNotice) -> None:
    if stored.object_kind not in ABOUT_PAYMENTS:
        return
    try:
        if stored.object_kind == "checkout.session" and (known := await find_payment(stored.object_id)):
            await settle(Actor(known.tenant_id), known.id)
            return
        intent_id = await provider().intent_of(stored.object_kind, stored.object_id)
        if intent_id:
            await follow_intent(intent_id)
    except NotThere as error:
        if clock.now() - stored.received_at < PATIENCE:
            raise Unavailable("The payment service does not know what it told of, or not yet.") from error
        log.warning("event about nothing", event_id=stored.event_id, object=stored.object_id)


async def follow_intent(intent_id: str) -> None:
    """Find the attempt that a payment of the service belongs to, and settle it; a case where there is none.

    Raises NotThere.
    """
    if known := await find_payment(intent_id):
        await settle(Actor(known.tenant_id), known.id)
        return
    intent = (await provider().payment(intent_id=intent_id)).intent
    if intent is None:
        return
    attempt = await _attempt_of(intent)
    if attempt is not None:
        await settle(Actor(attempt.tenant_id), attempt.id)
        if await find_payment(intent_id):
            return
    if intent.status == "succeeded":
        detail = "Nobody asked for this payment." if attempt is None else "The attempt has another payment."
        await record_case(
            NewCase(
                kind=CaseKind.UNASKED,
                provider_id=intent.id,
                cents=intent.received_cents,
                currency=intent.currency,
                detail=detail,
                customer_id=attempt.tenant_id if attempt else None,
                payment_id=attempt.id if attempt else None,
            )
        )


async def _attempt_of(intent: IntentFacts) -> DirectoryEntry | None:
    """The attempt that the service's payment names, where there is one."""
    try:
        tenant, payment = UUID(intent.metadata["tenant"]), UUID(intent.metadata["payment"])
    except (KeyError, ValueError):
        return None
    async with job_scope(Actor(TenantId(tenant))) as scope:
        found = await find_payment_row(scope, payment)
    return None if found is None else DirectoryEntry(TenantId(tenant), payment)


@use_case(Permission.SYSTEM)
async def purge_provider_events(scope: Scope) -> None:
    """Delete events that were handled more than 40 days ago: the service lists those of the last 30."""
    await scope.execute(PURGE)
