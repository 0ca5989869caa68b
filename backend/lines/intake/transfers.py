"""A number went from one company of the platform to another: the one that lost it reads its inventory anew.

Its own carrier says that the line is gone. The message of another company's carrier ends no line.
"""

from backend.core.errors import Conflict, Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job
from backend.lines.intake.inventory_sync import request_sync
from tenants.directory import find_holders
from tenants.scope import Actor


@idempotent_job(JobName.READ_AFTER_TRANSFER)
async def read_after_transfer(actor: Actor, *, msisdn: str) -> None:
    """Have every other company that has this number ask its carrier. Raises Unavailable while one has just done so."""
    waiting = False
    for tenant_id in await find_holders(msisdn):
        if tenant_id == actor.tenant_id:
            continue
        try:
            await request_sync(Actor(tenant_id))
        except Conflict:
            waiting = True
    if waiting:
        raise Unavailable("The inventory was read less than a minute ago.")
