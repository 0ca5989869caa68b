"""The door for webhooks of the payment service: checks the signature over the raw body, stores each event once, answers."""

from typing import Any

import orjson
from litestar import Response, post

from backend.billing.payments.events import store_event
from backend.core import clock
from backend.core.messaging.jobs import job_scope
from backend.integrations.payment_facts import ProviderNotice, notice_of
from backend.integrations.payment_signatures import HEADER, verify_webhook
from backend.runtime import settings
from backend.web.problems import problem_response
from backend.web.refusals import log_refusal
from backend.web.types import AnyRequest
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor

# An event holds one object
LARGEST = 512 * 1024
# Signs of a name that the service gives
LONGEST_NAME = 255
LARGEST_NUMBER = 2**53


@post(
    "/api/callbacks/stripe",
    status_code=200,
    include_in_schema=False,
    opt={"public": True},
    request_max_body_size=LARGEST,
)
async def payment_event(request: AnyRequest) -> Response[Any]:
    """401 for a wrong signature and where no secret is set, 400 for what is no event, else 200, also for a repeat.

    What the event says of its object is not believed: a job asks the service.
    """
    body = await request.body()
    if not verify_webhook(
        settings().stripe_webhook_secret, request.headers.get(HEADER, ""), body, clock.now()
    ):
        log_refusal(request, "payment signature")
        return problem_response(
            401, detail="The signature is missing, wrong or older than five minutes.", code="bad_signature"
        )
    try:
        notice = _notice(orjson.loads(body))
    except (KeyError, TypeError, ValueError) as error:
        return problem_response(400, detail=f"This is no event: {type(error).__name__}.", code="malformed")
    async with job_scope(Actor(OPERATOR_SCOPE)) as scope:
        await store_event(scope, notice)
    return Response(None, status_code=200)


def _notice(event: Any) -> ProviderNotice:
    """What an event is about. Raises KeyError, TypeError and ValueError for anything else."""
    notice = notice_of(event)
    texts = (notice.event_id, notice.type, notice.object_kind, notice.object_id)
    if not all(0 < len(one) <= LONGEST_NAME and one.isprintable() for one in texts):
        raise ValueError("a name is too long or cannot be read")
    if not 0 <= notice.created < LARGEST_NUMBER:
        raise ValueError("an instant is out of bounds")
    return notice
