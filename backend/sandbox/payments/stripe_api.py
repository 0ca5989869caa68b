"""The API of the payments sandbox over HTTP: who may call, idempotency keys, faults that the console set."""

import asyncio
import hashlib
import secrets
from typing import Any

from litestar import Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.sandbox.payments.calls import Call, answer
from backend.sandbox.payments.documents import API_VERSION, INVALID_REQUEST, StripeDocument, StripeError
from backend.sandbox.payments.parameters import nested, read_pairs
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.sandbox import Sandbox
from backend.sandbox.tmf_api import JSON, DroppedConnection
from backend.web.types import AnyRequest

# Stripe's own limit of a body is larger; no call of the portal comes near this
LARGEST_BODY = 256 * 1024
LONGEST_KEY = 255


@route("/stripe/v1/{path:path}", http_method=["GET", "POST", "DELETE"], request_max_body_size=LARGEST_BODY)
async def stripe_call(
    request: AnyRequest, sandbox: NamedDependency[Sandbox], path: FromPath[str]
) -> Response[Any]:
    """One call of the API: carried out once for each idempotency key, and on disk before it is answered."""
    payments = sandbox.payments
    if payments.behaviour.answer_seconds:
        await asyncio.sleep(payments.behaviour.answer_seconds)
    if payments.take("refuse_calls"):
        body = StripeError(503, "api_error", "The sandbox was told to be out of order.").body
        return _reply(503, body)
    try:
        _check_caller(payments, request)
        status, body, replayed = await _once(payments, request, path)
    except StripeError as error:
        status, body, replayed = error.status, error.body, False
    await payments.book.settled()
    if payments.take("lose_answers"):
        return DroppedConnection()
    return _reply(status, body, **({"idempotent-replayed": "true"} if replayed else {}))


def _reply(status: int, body: StripeDocument, **headers: str) -> Response[Any]:
    sent = {"request-id": f"req_{secrets.token_hex(7)}", "stripe-version": API_VERSION, **headers}
    return Response(body, status_code=status, media_type=JSON, headers=sent)


def stripe_error(_: AnyRequest, error: StripeError) -> Response[Any]:
    """A refusal outside the API, such as an action of the console on what is not there."""
    return _reply(error.status, error.body)


def _check_caller(payments: PaymentsSandbox, request: AnyRequest) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not payments.setup.key or not secrets.compare_digest(given.encode(), payments.setup.key.encode()):
        raise StripeError(401, INVALID_REQUEST, "Invalid API Key provided.", kept=False)
    version = request.headers.get("stripe-version")
    if version not in {None, API_VERSION}:
        raise StripeError(400, INVALID_REQUEST, f"The sandbox speaks {API_VERSION} only.", kept=False)


async def _once(
    payments: PaymentsSandbox, request: AnyRequest, path: str
) -> tuple[int, StripeDocument, bool]:
    """Status and body of a call, and whether they were answered before. Raises StripeError."""
    raw = await request.body()
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    pairs = read_pairs(raw) if request.method == "POST" else list(request.query_params.multi_items())
    parts = tuple(part for part in path.split("/") if part)
    base = str(request.base_url).rstrip("/")
    call = Call(method=request.method, parts=parts, asked=nested(pairs), base=base)
    if not key:
        return 200, answer(payments, call), False
    if len(key) > LONGEST_KEY:
        raise StripeError(400, "idempotency_error", "The idempotency key is too long.", kept=False)
    asked = hashlib.sha256(f"{path}\n".encode() + raw).hexdigest()
    if key in payments.in_use:
        message = "There is currently another in-progress request using this Idempotent Key."
        raise StripeError(409, "idempotency_error", message, kept=False, code="idempotency_key_in_use")
    if kept := payments.book.answers.get(key):
        if kept.asked != asked:
            message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            raise StripeError(400, "idempotency_error", message, kept=False)
        return kept.status, kept.body, True
    payments.in_use.add(key)
    try:
        status, body = _carried_out(payments, call, key, asked)
        # Another call with the key is told to wait until what this one did is on disk
        await payments.book.settled()
    finally:
        payments.in_use.discard(key)
    return status, body, False


def _carried_out(payments: PaymentsSandbox, call: Call, key: str, asked: str) -> tuple[int, StripeDocument]:
    try:
        status, body = 200, answer(payments, call)
    except StripeError as error:
        if not error.kept:
            raise
        status, body = error.status, error.body
    payments.book.keep_answer(key, asked, status, body)
    return status, body
