"""Opens the page on which a mandate is signed, and finds out what became of it, however often and in whatever order."""

from uuid import UUID

import msgspec
import structlog

from backend.billing.mandates.lifecycle import IN_FORCE, Ending, MandateState
from backend.billing.mandates.rows import (
    LockedMandate,
    find_mandate_row,
    lock_mandate,
    move_mandate,
    wake_mandate,
)
from backend.billing.mandates.tables import Mandate
from backend.billing.payments.checking import provider
from backend.billing.payments.events import follow_objects
from backend.billing.payments.provider_customers import customer_at_provider
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.debits import DebitProvider, MandateRequest, SignedMandate, SigningFacts
from backend.integrations.payments import NotThere, ProviderRefused
from backend.runtime import clients
from tenants.directory import find_mandate
from tenants.scope import Actor, TenantId

log = structlog.get_logger()

OTHERS = "SELECT id FROM mandate WHERE billing_account_id = $1 AND id <> $2 AND state = ANY($3) ORDER BY id"


class MandateId(msgspec.Struct, frozen=True):
    """A mandate."""

    id: UUID


def debits() -> DebitProvider:
    """The service's part that debits accounts. Raises Unavailable where none is set."""
    return DebitProvider(provider())


@idempotent_job(JobName.OPEN_MANDATE_PAGE)
async def open_mandate_page(actor: Actor, *, mandate_id: str) -> None:
    """Open the page of a mandate; nothing is done where it has one, or has ended."""
    key = UUID(mandate_id)
    customer = await customer_at_provider(actor)
    async with job_scope(actor) as scope:
        row = await lock_mandate(scope, key)
        if row.state != MandateState.DRAFT or row.session_id:
            return
        await Mandate.update({Mandate.customer: customer, Mandate.livemode: provider().livemode}).where(
            Mandate.id == key
        )
    back = f"{clients().settings.public_url}/app/billing"
    request = MandateRequest(
        key=f"mandate/{key}",
        customer=customer,
        success_url=f"{back}?signed={key}",
        cancel_url=f"{back}?left={key}",
        expires_at=int(row.expires_at.timestamp()),
        language=row.language,
        metadata={"tenant": str(actor.tenant_id), "mandate": str(key)},
    )
    try:
        opened = await debits().open_page(request)
    except ProviderRefused as error:
        log.warning("mandate page refused", mandate=mandate_id, code=error.code, why=str(error))
        async with job_scope(actor) as scope:
            row = await lock_mandate(scope, key)
            if row.state == MandateState.DRAFT:
                await move_mandate(scope, row, MandateState.REVOKED, ending=Ending.REFUSED)
        return
    async with job_scope(actor) as scope:
        row = await lock_mandate(scope, key)
        good = row.state == MandateState.DRAFT and opened.livemode == row.livemode
        await Mandate.update(
            {Mandate.session_id: opened.session_id, Mandate.address: opened.address if good else ""}
        ).where(Mandate.id == key)
        wake_mandate(scope, key)


@idempotent_job(JobName.CHECK_MANDATE)
async def check_mandate(actor: Actor, *, mandate_id: str, close: bool = False) -> None:
    """Ask the service about a mandate. `close`: its page is closed first, so that nobody signs it any more."""
    key = UUID(mandate_id)
    async with job_scope(actor) as scope:
        row = await find_mandate_row(scope, key)
    if row is None:
        raise LookupError(f"there is no mandate {mandate_id}")
    if row.state == MandateState.DRAFT:
        await _check_page(actor, row, close=close or clock.now() > row.expires_at)
    elif row.state in IN_FORCE and row.provider_id:
        found = await debits().mandate(row.provider_id)
        if found.status == "inactive":
            await _end(actor, key, Ending.BANK)


async def _check_page(actor: Actor, row: LockedMandate, *, close: bool) -> None:
    if not row.session_id:
        if close:
            await _end(actor, row.id, Ending.NOT_SIGNED)
        return
    if close:
        await provider().expire_checkout(row.session_id)
    facts = await debits().signing(row.session_id)
    if facts.mandate is not None and facts.status == "complete":
        await _signed(actor, row, facts)
    elif facts.status == "expired":
        await _end(actor, row.id, Ending.NOT_SIGNED)


async def _signed(actor: Actor, row: LockedMandate, facts: SigningFacts) -> None:
    """The mandate was signed: it is in force, and the one that it replaces ends, in one transaction."""
    signed = facts.mandate
    if signed is None or not _is_ours(actor, row, facts):
        log.error("a signed mandate is not the one that was asked for", mandate=str(row.id))
        return
    async with job_scope(actor) as scope:
        locked = await lock_mandate(scope, row.id)
        if locked.state != MandateState.DRAFT:
            return
        # Also one that was signed meanwhile, in another tab: a customer number has one
        states = [str(one) for one in IN_FORCE]
        for old_id in await scope.fetch_all(MandateId, OTHERS, locked.billing_account_id, row.id, states):
            old = await lock_mandate(scope, old_id.id)
            await move_mandate(scope, old, MandateState.REVOKED, ending=Ending.REPLACED)
        await move_mandate(scope, locked, MandateState.SIGNED, signed_at=clock.now(), **_columns(signed))


def _is_ours(actor: Actor, row: LockedMandate, facts: SigningFacts) -> bool:
    named = (facts.metadata.get("tenant"), facts.metadata.get("mandate"))
    return named == (str(actor.tenant_id), str(row.id)) and provider().livemode == row.livemode


def _columns(signed: SignedMandate) -> dict[str, str]:
    return {
        "provider_id": signed.id,
        "payment_method": signed.payment_method,
        "reference": signed.reference,
        "text_address": signed.text_address,
        "country": signed.country,
        "last4": signed.last4,
        "holder": signed.holder[:200],
    }


async def _end(actor: Actor, mandate_id: UUID, why: Ending) -> None:
    async with job_scope(actor) as scope:
        row = await lock_mandate(scope, mandate_id)
        if row.state in {MandateState.DRAFT, *IN_FORCE}:
            await move_mandate(scope, row, MandateState.REVOKED, ending=why)


@idempotent_job(JobName.END_MANDATE)
async def end_at_service(
    actor: Actor,
    *,
    mandate_id: str,
    before: str,  # noqa: ARG001 - of the fact
    state: str,
    why: str,  # noqa: ARG001 - of the fact
    at: str,  # noqa: ARG001 - of the fact
) -> None:
    """Have the service end a mandate that ended here. Debits that are under way are not stopped by it."""
    if state not in {MandateState.REVOKED, MandateState.EXPIRED}:
        return
    async with job_scope(actor) as scope:
        row = await find_mandate_row(scope, UUID(mandate_id))
    if row is not None and row.payment_method:
        await debits().end(row.payment_method)


async def follow_mandate(kind: str, object_id: str) -> bool:
    """Follow an event about a mandate or about the page of one; False where it is about none that we know.

    Raises Unavailable.
    """
    known = await find_mandate(object_id)
    if known is None:
        return False
    try:
        await check_mandate(Actor(TenantId(known.tenant_id)), mandate_id=str(known.id))
    except NotThere as error:
        raise Unavailable(f"The payment service does not know the {kind} that it told of.") from error
    return True


follow_objects(follow_mandate)
