"""What ends with a line that leaves the fleet: its card, its eSIM profiles, its shared billing."""

from collections.abc import Sequence
from uuid import UUID

from backend.core import clock
from backend.lines.agreements import end_agreements
from backend.lines.sims.esim_profiles import revoke_profiles
from tenants.scope import Scope


async def offboard_lines(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """Retire cards, revoke profiles, end agreements and give reserved numbers up, for good."""
    ids, now = list(line_ids), clock.now()
    await scope.connection.execute(
        "UPDATE sim_card SET state = 'retired', changed_at = $2 WHERE line_id = ANY($1)"
        " AND state IN ('assigned', 'active', 'blocked')",
        ids,
        now,
    )
    await revoke_profiles(scope, ids)
    await end_agreements(scope, ids)
    await scope.connection.execute("DELETE FROM reserved_number WHERE line_id = ANY($1)", ids)
