"""What owners do with mandates: ask for direct debit, change the account, end it, resume it. Each needs a recent sign-in."""

from uuid import UUID

import msgspec

from backend.billing import queries
from backend.billing.mandates.lifecycle import IN_FORCE, Ending, MandateState
from backend.billing.mandates.rows import lock_mandate, move_mandate, wake_mandate
from backend.billing.mandates.tables import Mandate
from backend.billing.payments.starting import LONGEST_KEY, PAGE_OPEN_FOR, online_payment_offered
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import require_recent_sign_in, use_case
from tenants.scope import Scope

ACCOUNT = "SELECT a.id FROM billing_account a WHERE a.id = $1 AND {where} FOR NO KEY UPDATE"
OF_ACCOUNT = "SELECT id, state, request_key FROM mandate WHERE billing_account_id = $1 AND state = ANY($2) ORDER BY id FOR UPDATE"
REACHED = "SELECT m.id FROM mandate m JOIN billing_account a ON a.tenant_id = m.tenant_id AND a.id = m.billing_account_id WHERE m.id = $1 AND {where}"


class AccountMandate(msgspec.Struct, frozen=True):
    """A mandate of a customer number that has not ended."""

    id: UUID
    state: str
    request_key: str


@use_case(Permission.MANDATES_MANAGE)
async def ask_for_debit(scope: Scope, billing_account_id: UUID, *, request_key: str) -> UUID:
    """Begin a mandate of a customer number within reach, and have its page opened; returns its id.

    Where a mandate is in force, it stays until the new one is signed. A page that waits for a signature is closed. A repeat of
    the request, by its key, is the same mandate. Raises NotFound, ValidationFailed (`request_key`), ReauthenticationRequired
    and Conflict `debit_not_offered`.
    """
    require_recent_sign_in(scope.actor)
    if not online_payment_offered():
        raise Conflict("Direct debit is not offered here.", code="debit_not_offered")
    if not 0 < len(request_key) <= LONGEST_KEY or not request_key.isprintable():
        raise ValidationFailed(request_key=f"Give a key of 1 to {LONGEST_KEY} characters.")
    where = queries.accounts_within_reach(scope.actor, first=2)
    query = ACCOUNT.format(where=where.sql)
    if await scope.fetch_value(UUID, query, billing_account_id, *where.values) is None:
        raise NotFound
    states = [str(one) for one in (MandateState.DRAFT, *IN_FORCE)]
    known = await scope.fetch_all(AccountMandate, OF_ACCOUNT, billing_account_id, states)
    same = next((one for one in known if one.request_key == request_key), None)
    if same is not None:
        return same.id
    old = None
    for one in known:
        if one.state == MandateState.DRAFT:
            await _leave(scope, one.id)
        else:
            old = one.id
    return await _write(scope, billing_account_id, old, request_key)


async def _write(scope: Scope, account_id: UUID, old: UUID | None, request_key: str) -> UUID:
    now, actor = clock.now(), scope.actor
    row = Mandate(
        id=new_id(),
        tenant_id=scope.tenant_id,
        billing_account_id=account_id,
        state=MandateState.DRAFT,
        request_key=request_key,
        member_id=actor.member_id,
        signer_name=actor.name,
        signer_email=actor.email,
        language=actor.language,
        replaces_id=old,
        created_at=now,
        expires_at=now + PAGE_OPEN_FOR,
    )
    await Mandate.insert(row)
    await audit.record(scope, "mandate.asked", "mandate", row.id, account=str(account_id), replaces=old)
    scope.enqueue(JobName.OPEN_MANDATE_PAGE, mandate_id=row.id)
    wake_mandate(scope, row.id)
    made: UUID = row.id
    return made


async def _leave(scope: Scope, mandate_id: UUID) -> None:
    """Nobody signs this one any more: its page is closed. Where it was signed meanwhile, the closing finds that out."""
    scope.enqueue(JobName.CHECK_MANDATE, mandate_id=mandate_id, close=True)
    await Mandate.update({Mandate.address: ""}).where(Mandate.id == mandate_id)


@use_case(Permission.MANDATES_MANAGE)
async def end_debit(scope: Scope, mandate_id: UUID) -> None:
    """End a mandate within reach, or close the page of one that is not signed. One that has ended stays as it is.

    Its invoices that were not collected yet are paid by their customer; a debit that is under way is not stopped. Raises
    NotFound and ReauthenticationRequired.
    """
    require_recent_sign_in(scope.actor)
    await _check_reach(scope, mandate_id)
    row = await lock_mandate(scope, mandate_id)
    if row.state == MandateState.DRAFT:
        await _leave(scope, mandate_id)
        wake_mandate(scope, mandate_id)
    elif row.state in IN_FORCE:
        await move_mandate(scope, row, MandateState.REVOKED, ending=Ending.CANCELLED)


@use_case(Permission.MANDATES_MANAGE)
async def resume_debit(scope: Scope, mandate_id: UUID) -> None:
    """Let invoices be collected again under a mandate that is suspended, from the next one that names it.

    Raises NotFound, ReauthenticationRequired and Conflict where it is not suspended.
    """
    require_recent_sign_in(scope.actor)
    await _check_reach(scope, mandate_id)
    row = await lock_mandate(scope, mandate_id)
    if row.state != MandateState.SUSPENDED:
        raise Conflict("This mandate is not suspended.", code="mandate_not_suspended")
    await move_mandate(scope, row, MandateState.ACTIVE, failures=0)


async def _check_reach(scope: Scope, mandate_id: UUID) -> None:
    where = queries.accounts_within_reach(scope.actor, first=2)
    if await scope.fetch_value(UUID, REACHED.format(where=where.sql), mandate_id, *where.values) is None:
        raise NotFound
