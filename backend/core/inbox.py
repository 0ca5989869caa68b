"""Stores an event from outside once by (source, event id), and announces that there is something to hear."""

from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope


async def store(scope: Scope, source: str, event_id: str, body: str, *, event: str) -> bool:
    """Keep the event and announce it; False where it was stored before (nothing more happens then)."""
    stored = await scope.connection.fetchval(
        "INSERT INTO inbox (tenant_id, source, event_id, body, received_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (tenant_id, source, event_id) DO NOTHING RETURNING id",
        scope.tenant_id,
        source,
        event_id,
        body,
        clock.now(),
    )
    if stored is None:
        return False
    scope.announce(event, source=source)
    return True


@use_case(Permission.SYSTEM)
async def forget_inbox(scope: Scope) -> None:
    """Delete events that were handled more than a month ago; a sweep calls this for each tenant."""
    await scope.connection.execute("DELETE FROM inbox WHERE handled_at < now() - interval '31 days'")
