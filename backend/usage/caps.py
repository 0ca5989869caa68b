"""The cap abroad of a line and month: what holds, what was spent, and a cap raised for one month only."""

from datetime import date
from uuid import UUID

from backend.core import clock
from backend.core.errors import NotFound
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import job
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from backend.usage.alerts import check_lines
from backend.usage.lifecycle import period_from
from backend.usage.loading import LOCK
from backend.usage.timeline_codes import UsageTimelineCode
from tenants.scope import Scope

RAISE = (
    "INSERT INTO usage_cap_raise (id, tenant_id, line_id, period, cents, at)"
    " SELECT $1, $2, l.id, $4, $5, $6 FROM line l WHERE l.id = $3"
    " ON CONFLICT (tenant_id, line_id, period) DO UPDATE SET cents = EXCLUDED.cents, at = EXCLUDED.at RETURNING id"
)


async def raise_for_period(scope: Scope, line_id: UUID, period: date, cents: int | None) -> None:
    """Let another cap hold for one month; the next month falls back to the standing one. None: no cap at all.

    Alerts that are not met any more are closed at once. Raises NotFound for a line that is not the tenant's.
    """
    await scope.execute(LOCK, scope.tenant_id)
    month = period.replace(day=1)
    done = await scope.fetch_value(UUID, RAISE, new_id(), scope.tenant_id, line_id, month, cents, clock.now())
    if done is None:
        raise NotFound
    params = {"period": f"{month:%Y-%m}"} | ({} if cents is None else {"cents": str(cents)})
    await timeline.record(scope, TimelineSubject.LINE, line_id, UsageTimelineCode.CAP_RAISED, **params)
    await check_lines(scope, [line_id])
    scope.invalidate(f"usage:{line_id}")


@job(JobName.RAISE_CAP)
async def raise_cap(scope: Scope, *, line_id: str, period: str, cents: int | None) -> None:
    """Raise the cap of a line for one month. `period` is `2026-11` or a day of that month."""
    month = period_from(period[:7])
    if month is None:
        raise NotFound
    await raise_for_period(scope, UUID(line_id), month, cents)
