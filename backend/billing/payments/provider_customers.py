"""The company as the payment service knows it: made once, used by every payment and every debit."""

from backend.billing.payments.checking import provider
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

# Another job may have been faster: its customer stays
KEEP = """
INSERT INTO provider_customer (id, tenant_id, livemode, provider_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, livemode) DO NOTHING
"""
FIND = "SELECT provider_id FROM provider_customer WHERE livemode = $1"


async def customer_at_provider(actor: Actor) -> str:
    """The company's customer at the service, made where there is none. Raises Unavailable."""
    livemode = provider().livemode
    async with job_scope(actor) as scope:
        found, name = await _find(scope, livemode=livemode), (await tenant_info(scope)).name
    if found:
        return found
    made = await provider().create_customer(
        key=f"customer/{actor.tenant_id}", name=name, metadata={"tenant": str(actor.tenant_id)}
    )
    async with job_scope(actor) as scope:
        await scope.execute(KEEP, new_id(), actor.tenant_id, livemode, made)
        return await _find(scope, livemode=livemode) or made


async def _find(scope: Scope, *, livemode: bool) -> str | None:
    return await scope.fetch_value(str, FIND, livemode)
