"""What ends with a line that leaves the fleet: its card, its eSIM profiles, its shared billing, its reserved number."""

from collections.abc import Sequence
from uuid import UUID

from backend.core import clock
from backend.lines.agreements import end_agreements
from backend.lines.sims.esim_profiles import revoke_profiles
from backend.lines.sims.sim_lifecycle import ON_A_LINE, SimState
from tenants.scope import Scope

RETIRE_CARDS = (
    "UPDATE sim_card SET state = $3, changed_at = $2 WHERE line_id = ANY($1) AND state = ANY($4::text[])"
)
GIVE_NUMBERS_UP = "DELETE FROM reserved_number WHERE line_id = ANY($1)"


async def offboard_lines(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """Retire cards, revoke profiles, end agreements and give reserved numbers up, for good."""
    ids = list(line_ids)
    await scope.execute(RETIRE_CARDS, ids, clock.now(), SimState.RETIRED, list(ON_A_LINE))
    await revoke_profiles(scope, ids)
    await end_agreements(scope, ids)
    await scope.execute(GIVE_NUMBERS_UP, ids)
