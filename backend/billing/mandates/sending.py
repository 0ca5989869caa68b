"""Debits the account of an attempt that is written: asked for under the attempt's own key.

A process may be killed between any two steps. What is written is found again; what was asked for is asked for again under the
same key, and the service carries it out once.
"""

from datetime import timedelta
from uuid import UUID

import structlog

from backend.billing.mandates.following import debits
from backend.billing.mandates.rows import find_mandate_row
from backend.billing.payments.checking import settle
from backend.billing.payments.debits import attempt_of, lose_sight, note_debit, refuse_debit, unsent
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.debits import DebitRequest
from backend.integrations.payments import ProviderRefused
from tenants.scope import Actor

log = structlog.get_logger()

# The service forgets keys after 24 hours: from then on it is asked first whether it has the debit
KEYS_LAST = timedelta(hours=20)


@idempotent_job(JobName.SEND_DEBIT)
async def send_debit(actor: Actor, *, payment_id: str) -> None:
    """Debit the account of an attempt, and write what became of it.

    Raises Unavailable where no answer came: the attempt is then UNKNOWN, and is asked for again under its key.
    """
    key = UUID(payment_id)
    async with job_scope(actor) as scope:
        waiting, attempt = await unsent(scope, key), await attempt_of(scope, key)
        mandate = await find_mandate_row(scope, attempt.mandate_id) if attempt else None
    if waiting is None or mandate is None:
        return
    row, number = waiting
    request = DebitRequest(
        key=f"payment/{key}",
        customer=row.customer,
        payment_method=mandate.payment_method,
        mandate=mandate.provider_id,
        cents=row.cents,
        description=number,
        metadata={"tenant": str(actor.tenant_id), "payment": str(key)},
    )
    try:
        intent_id = ""
        if clock.now() - row.created_at > KEYS_LAST:
            intent_id = await debits().find_debit(row.customer, str(key), int(row.created_at.timestamp()))
        intent_id = intent_id or await debits().debit(request)
    except Unavailable:
        async with job_scope(actor) as scope:
            await lose_sight(scope, key)
        raise
    except ProviderRefused as error:
        log.warning("debit refused", payment=payment_id, code=error.code, why=str(error))
        async with job_scope(actor) as scope:
            await refuse_debit(scope, key, error.code)
        return
    async with job_scope(actor) as scope:
        await note_debit(scope, key, intent_id)
    await settle(actor, key)
