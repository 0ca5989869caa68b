"""Use cases of the operator's staff on carriers' messages that were set aside: look, try again, dismiss."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound
from backend.core.facts import JobName
from backend.core.messaging.set_aside_states import SetAsideSource, SetAsideState
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.network import MalformedError, parse_event
from backend.integrations.tmf641_batches import PREFIX
from backend.lines.intake.inventory_sync import start_sync
from backend.orders.fulfilment.apply_each import apply_each
from tenants.scope import Scope

# Jobs that ask for the secrets of a SIM until the carrier's answer can be read
SIM_JOBS = [str(JobName.SEAL_CODES), str(JobName.READ_PUK)]

# The id of an item, or of a batch: the items of one batch belong to one request
ITEM_OR_BATCH = f"^(?:{PREFIX})?([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})$"
REFERENCE = f"""
COALESCE((SELECT o.reference FROM (SELECT substring(m.subject FROM '{ITEM_OR_BATCH}')::uuid AS id) about
  JOIN change_order_item i ON i.tenant_id = m.tenant_id AND (i.id = about.id OR i.batch_id = about.id)
  JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id LIMIT 1), '') AS reference
"""
MESSAGES = f"""
SELECT m.id, m.source, m.subject, {REFERENCE}, m.why, m.state, m.times, m.first_at, m.last_at
FROM set_aside_message m WHERE m.state = $1 OR $2::bool ORDER BY m.last_at DESC, m.id LIMIT 500
"""
MESSAGE = f"""
SELECT m.id, m.source, m.subject, {REFERENCE}, m.why, m.state, m.times, m.first_at, m.last_at, m.body, m.decided_by,
  m.decided_at
FROM set_aside_message m WHERE m.id = $1
"""
LOCK_MESSAGE = (
    "SELECT id, source, subject, state, body, first_at FROM set_aside_message WHERE id = $1 FOR UPDATE"
)
DECIDE = "UPDATE set_aside_message SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1"
SIM_JOBS_NOW = (
    "UPDATE outbox SET not_before = now(), sent_at = NULL WHERE job = ANY($1::text[]) AND failed_at IS NULL"
)


class CarrierMessage(msgspec.Struct, frozen=True):
    """A message that was set aside. `source`: callback, answer, inventory or sim; `state`: open, done or dismissed."""

    id: UUID
    source: str
    # The item, the batch of items, the number or the SIM that it is about
    subject: str
    # Of the request, where it is about one
    reference: str
    why: str
    state: str
    # How often it came
    times: int
    first_at: datetime
    last_at: datetime


class CarrierMessageText(msgspec.Struct, frozen=True):
    """A message that was set aside, with its text. `body` has no secrets of SIMs, and is cut at 256 KiB."""

    id: UUID
    source: str
    subject: str
    # Of the request, where it is about one
    reference: str
    why: str
    state: str
    times: int
    first_at: datetime
    last_at: datetime
    body: str
    decided_by: str
    decided_at: datetime | None


class LockedMessage(msgspec.Struct, frozen=True):
    """What trying again needs of a message."""

    id: UUID
    source: str
    subject: str
    state: str
    body: str
    first_at: datetime


class RetryResult(msgspec.Struct, frozen=True, kw_only=True):
    """`done`: the message was applied. Otherwise the carrier is asked anew, and the message closes with its answer."""

    done: bool


@use_case(Permission.OPERATOR_CARRIER_MANAGE, read_only=True)
async def carrier_messages(scope: Scope, *, closed: bool = False) -> list[CarrierMessage]:
    """The messages of this company that are open, the latest first; `closed`: the others of the last month as well."""
    return await scope.fetch_all(CarrierMessage, MESSAGES, SetAsideState.OPEN, closed)


@use_case(Permission.OPERATOR_CARRIER_MANAGE)
async def read_carrier_message(scope: Scope, message_id: UUID) -> CarrierMessageText:
    """One message with its text; the reading is audited. Raises NotFound."""
    found = await scope.fetch_one(CarrierMessageText, MESSAGE, message_id)
    if found is None:
        raise NotFound
    await audit.record(scope, "carrier_message.read", "carrier_message", message_id, about=found.subject)
    return found


@use_case(Permission.OPERATOR_CARRIER_MANAGE)
async def retry_carrier_message(scope: Scope, message_id: UUID) -> RetryResult:
    """Try a message again: a callback is applied now; for any other the carrier is asked anew.

    Raises NotFound, Conflict (`not_open`), Conflict (`still_unreadable`) with the reason, Conflict (`too_soon`) for an
    inventory that was read less than a minute ago.
    """
    message = await _lock_open(scope, message_id)
    done = message.source == SetAsideSource.CALLBACK
    match SetAsideSource(message.source):
        case SetAsideSource.CALLBACK:
            await _apply_callback(scope, message)
        case SetAsideSource.ANSWER:
            scope.enqueue(JobName.POLL_ITEMS, item_ids=[message.subject])
        case SetAsideSource.INVENTORY:
            await start_sync(scope)
        case SetAsideSource.SIM:
            await scope.execute(SIM_JOBS_NOW, SIM_JOBS)
    if done:
        await scope.execute(DECIDE, message_id, SetAsideState.DONE, scope.actor.name, clock.now())
    await audit.record(scope, "carrier_message.retried", "carrier_message", message_id, about=message.subject)
    return RetryResult(done=done)


async def _apply_callback(scope: Scope, message: LockedMessage) -> None:
    try:
        event = parse_event(message.body.encode(), message.first_at)
    except MalformedError as error:
        raise Conflict(f"It still cannot be read: {error}.", code="still_unreadable") from None
    # Of a batch it is about one item or about all
    about = [one for one in event.updates if one.external_id == message.subject]
    unread = [event.unread[message.subject]] if message.subject in event.unread else []
    if not (about or unread):
        about, unread = list(event.updates), list(event.unread.values())
    if unread:
        raise Conflict(f"It still cannot be read: {unread[0].why}.", code="still_unreadable")
    for _, why in await apply_each(scope, about):
        raise Conflict(f"It still cannot be applied: {why}.", code="still_unreadable")


@use_case(Permission.OPERATOR_CARRIER_MANAGE)
async def dismiss_carrier_message(scope: Scope, message_id: UUID) -> None:
    """Close a message without applying it. Raises NotFound and Conflict (`not_open`)."""
    message = await _lock_open(scope, message_id)
    await scope.execute(DECIDE, message_id, SetAsideState.DISMISSED, scope.actor.name, clock.now())
    await audit.record(
        scope, "carrier_message.dismissed", "carrier_message", message_id, about=message.subject
    )


async def _lock_open(scope: Scope, message_id: UUID) -> LockedMessage:
    message = await scope.fetch_one(LockedMessage, LOCK_MESSAGE, message_id)
    if message is None:
        raise NotFound
    if message.state != SetAsideState.OPEN:
        raise Conflict("This message is closed already.", code="not_open")
    return message
