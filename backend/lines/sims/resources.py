"""Asks the carrier for a SIM with its secrets; an answer that cannot be read is set aside, without any of its values."""

from backend.core.messaging.jobs import job_scope
from backend.core.messaging.set_aside import UnreadMessage, clear_set_aside, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.integrations.network import SimResource, UnreadableAnswer
from backend.runtime import clients
from tenants.scope import Actor


async def fetch_resource(actor: Actor, carrier: str, sim_number: str) -> SimResource | None:
    """The SIM card or eSIM profile; None where the carrier has none. Raises Unavailable, so that the job comes again."""
    try:
        found = await clients().network.resource(carrier, sim_number)
    except UnreadableAnswer as unread:
        message = UnreadMessage(
            source=SetAsideSource.SIM, key=sim_number, subject=sim_number, body=unread.body, why=unread.why
        )
        async with job_scope(actor) as scope:
            await set_aside(scope, [message])
        raise
    async with job_scope(actor) as scope:
        await clear_set_aside(scope, [SetAsideSource.SIM], [sim_number])
    return found
