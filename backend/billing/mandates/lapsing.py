"""Mandates under which nothing was collected for 36 months end, as the scheme says. A periodic task."""

from uuid import UUID

from backend.billing.mandates.lifecycle import IN_FORCE, Ending, MandateState, lapses_before
from backend.billing.mandates.rows import lock_mandate, move_mandate
from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.directory import lapsed_mandates
from tenants.scope import Actor, Scope

BATCH = 500


@use_case(Permission.SYSTEM)
async def let_lapse(scope: Scope, mandate_id: UUID) -> None:
    """End a mandate that has lapsed; one under which something was collected since stays."""
    row = await lock_mandate(scope, mandate_id)
    since = row.collected_on or clock.local(row.signed_at or row.created_at).date()
    if row.state in IN_FORCE and since < lapses_before(clock.today()):
        await move_mandate(scope, row, MandateState.EXPIRED, ending=Ending.LAPSED)


async def expire_mandates() -> None:
    """End every mandate that has lapsed, at most a batch at a time."""
    for one in await lapsed_mandates(lapses_before(clock.today()), BATCH):
        await let_lapse(Actor(one.tenant_id), one.id)
