"""The listener for state changes at a carrier: checks the signature, stores each event once; a job handles it."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Response, post

from backend.core import clock
from backend.core.facts import JobName
from backend.core.messaging.inbox import store_callback
from backend.core.messaging.jobs import job_scope
from backend.integrations.network import HEADER, MalformedError, batch_of, parse_envelope, verify
from backend.runtime import settings
from backend.web.problems import problem_response
from backend.web.refusals import log_refusal
from backend.web.types import AnyRequest
from tenants.directory import find_batch, find_item
from tenants.scope import Actor

# A batch has up to 100 items
LARGEST = 256 * 1024


@post(
    "/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent",
    status_code=201,
    include_in_schema=False,
    opt={"public": True},
    request_max_body_size=LARGEST,
)
async def service_order_state_change(request: AnyRequest) -> Response[Any]:
    """TMF641 listener. 401 for a wrong signature, 404 for an order that is not ours, else 201 (also for a repeat).

    Only what is needed to keep the event is read here; 400 where it does not say its order. The job reads the rest, and
    sets the event aside where it cannot.
    """
    body = await request.body()
    signature = request.headers.get(HEADER, "")
    secrets = settings().carrier_secrets
    carriers = [code for code, secret in secrets.items() if verify([secret], signature, body, clock.now())]
    if not carriers:
        log_refusal(request, "signature")
        return problem_response(
            401, detail="The signature is missing, wrong or older than five minutes.", code="bad_signature"
        )
    try:
        event = parse_envelope(body)
        batch = batch_of(event.external_id)
        key = UUID(batch or event.external_id)
    except (MalformedError, ValueError) as error:
        return problem_response(400, detail=str(error), code="malformed")
    found = await (find_batch if batch else find_item)(key)
    if found is None:
        return problem_response(404, detail="There is no such order.", code="not_found")
    # Without an id of its own an event is known by its words
    event_id = event.event_id or sha256(body).hexdigest()
    async with job_scope(Actor(found.tenant_id)) as scope:
        stored = await store_callback(scope, carriers, event_id, event.text, job=JobName.HANDLE_CALLBACKS)
    if not stored.known:
        return problem_response(404, detail="There is no such order.", code="not_found")
    return Response(None, status_code=201)
