"""Use cases that read how customer numbers pay, and ask what became of a mandate."""

import asyncio
from uuid import UUID

import msgspec

from backend.billing import queries
from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.lifecycle import IN_FORCE, Ending, MandateState
from backend.billing.mandates.schemas import DebitSettings, MandateInfo
from backend.core import clock
from backend.core.errors import NotFound
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import is_allowed, use_case
from backend.lines.queries import SqlFilter
from tenants.scope import Actor, Scope

MOST_LISTED = 200
PATIENCE_SECONDS, LOOK_SECONDS = 15.0, 0.1
FIELDS = ", ".join(f"m.{name}" if name != "account" else "a.number" for name in MandateInfo.__struct_fields__)
MANDATES = f"""
SELECT {FIELDS} FROM mandate m JOIN billing_account a ON a.tenant_id = m.tenant_id AND a.id = m.billing_account_id
WHERE {{where}}
"""
NEWEST = " ORDER BY m.created_at DESC, m.id LIMIT {limit} OFFSET {offset}"
# Of each customer number: what has not ended, and the last one that was signed and ended
CURRENT = f"""
AND (m.state = ANY($1) OR m.id IN (SELECT DISTINCT ON (e.billing_account_id) e.id FROM mandate e
  WHERE e.signed_at IS NOT NULL AND e.ended_at IS NOT NULL AND e.ending <> '{Ending.REPLACED}'
  ORDER BY e.billing_account_id, e.ended_at DESC))
"""
ACCOUNTS = f"""
SELECT a.id, a.number, a.label, (SELECT count(*)::int FROM invoice i WHERE i.tenant_id = a.tenant_id
  AND i.billing_account_id = a.id AND i.collection = '{CollectionMode.DIRECT_DEBIT}' AND i.collect_on IS NOT NULL) AS announced
FROM billing_account a WHERE {{where}} ORDER BY a.number, a.id
"""


class DebitAccount(msgspec.Struct, frozen=True):
    """A customer number, and how many of its invoices say that they will be debited."""

    id: UUID
    number: str
    label: str
    announced: int


def mandate_info(*values: object) -> MandateInfo:
    """A row of a statement that names the fields in their order."""
    return msgspec.convert(
        dict(zip(MandateInfo.__struct_fields__, values, strict=True)), MandateInfo, strict=False
    )


@use_case(Permission.INVOICES_READ, read_only=True)
async def debit_settings(scope: Scope) -> list[DebitSettings]:
    """How each customer number within reach pays, by its number."""
    where = queries.accounts_within_reach(scope.actor, first=1)
    accounts = await scope.fetch_all(DebitAccount, ACCOUNTS.format(where=where.sql), *where.values)
    open_states = [str(one) for one in (MandateState.DRAFT, *IN_FORCE)]
    query = MANDATES.format(where="true") + CURRENT
    found = [_shown(scope.actor, one) for one in await scope.fetch_all(mandate_info, query, open_states)]
    by_number: dict[str, list[MandateInfo]] = {}
    for one in found:
        by_number.setdefault(one.account, []).append(one)
    return [_settings(account, by_number.get(account.number, [])) for account in accounts]


def _settings(account: DebitAccount, mandates: list[MandateInfo]) -> DebitSettings:
    current = next((one for one in mandates if one.state in IN_FORCE), None)
    return DebitSettings(
        billing_account_id=account.id,
        account=account.number,
        label=account.label,
        announced=account.announced,
        mandate=current,
        draft=next((one for one in mandates if one.state is MandateState.DRAFT), None),
        ended=None if current else next((one for one in mandates if one.ended_at), None),
    )


def _within_reach(actor: Actor, first: int) -> SqlFilter:
    return queries.accounts_within_reach(actor, first=first)


@use_case(Permission.INVOICES_READ, read_only=True)
async def list_mandates(scope: Scope, *, limit: int = 50, offset: int = 0) -> list[MandateInfo]:
    """Mandates of customer numbers within reach, the newest first. 200 at most."""
    where = _within_reach(scope.actor, 1)
    rows = NEWEST.format(limit=min(max(limit, 1), MOST_LISTED), offset=max(offset, 0))
    query = MANDATES.format(where=where.sql) + rows
    return [_shown(scope.actor, one) for one in await scope.fetch_all(mandate_info, query, *where.values)]


def _shown(actor: Actor, found: MandateInfo) -> MandateInfo:
    """The mandate as this person may see it: whoever has the address of the page may sign on it."""
    if is_allowed(actor, Permission.MANDATES_MANAGE):
        return found
    return msgspec.structs.replace(found, address="")


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def mandates_of_company(scope: Scope, *, limit: int = 200, offset: int = 0) -> list[MandateInfo]:
    """Mandates of a company, the newest first: an invoice is a debit where it names one that is signed or active."""
    rows = NEWEST.format(limit=min(max(limit, 1), MOST_LISTED), offset=max(offset, 0))
    found = await scope.fetch_all(mandate_info, MANDATES.format(where="true") + rows)
    return [_shown(scope.actor, one) for one in found]


@use_case(Permission.INVOICES_READ, read_only=True)
async def get_mandate(scope: Scope, mandate_id: UUID) -> MandateInfo:
    """One mandate of a customer number within reach. Raises NotFound."""
    return await _mandate(scope, mandate_id)


async def _mandate(scope: Scope, mandate_id: UUID) -> MandateInfo:
    where = _within_reach(scope.actor, 2)
    query = MANDATES.format(where=f"m.id = $1 AND {where.sql}")
    found = await scope.fetch_one(mandate_info, query, mandate_id, *where.values)
    if found is None:
        raise NotFound
    return _shown(scope.actor, found)


@use_case(Permission.MANDATES_MANAGE)
async def ask_about_mandate(scope: Scope, mandate_id: UUID, *, leave: bool = False) -> None:
    """Have the service asked whether a mandate was signed. `leave`: nobody signs it, and its page is closed.

    Raises NotFound.
    """
    row = await _mandate(scope, mandate_id)
    if row.state is MandateState.DRAFT:
        scope.enqueue(JobName.CHECK_MANDATE, mandate_id=mandate_id, close=leave)


async def wait_for_mandate_page(
    actor: Actor, mandate_id: UUID, *, seconds: float = PATIENCE_SECONDS
) -> MandateInfo:
    """The mandate once its page is open or it has ended; as it is then, where that takes longer."""
    until = clock.now().timestamp() + seconds
    while True:
        found = await get_mandate(actor, mandate_id)
        waits = found.state is MandateState.DRAFT and not found.address
        if not waits or clock.now().timestamp() >= until:
            return found
        await asyncio.sleep(LOOK_SECONDS)
