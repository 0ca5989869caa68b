"""The sandbox over REST: TMF641 and TMF638 as a carrier offers them, with the faults that tests set."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.sandbox.carrier.behaviour import Outage
from backend.sandbox.carrier.documents import (
    TmfError,
    cancellation_document,
    resource_document,
    service_document,
)
from backend.sandbox.carrier.requests import read_cancellation
from backend.sandbox.sandbox import Sandbox
from backend.web.types import AnyRequest

# Told in the answer of the task, and not as an error of the request
TOO_LATE = 409
JSON = "application/json"
# An inventory of 500,000 lines
LARGEST_BODY = 256_000_000
PageLimit = Annotated[int, QueryParameter(ge=1, le=1000)]
PageOffset = Annotated[int, QueryParameter(ge=0)]


def tmf_error(_: AnyRequest, error: TmfError) -> Response[Any]:
    return Response(error.body, status_code=error.status, media_type=JSON)


def bad_input(_: AnyRequest, error: msgspec.ValidationError) -> Response[Any]:
    return Response(TmfError(400, "invalidBody", str(error)).body, status_code=400, media_type=JSON)


class DroppedConnection(Response[None]):
    """The answer of a carrier whose connection breaks."""

    def __init__(self) -> None:
        super().__init__(None)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override] # it is one
        return drop_connection


async def drop_connection(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Promise a body and never send it: the server closes the connection, the client sees it cut."""
    headers = [(b"content-length", b"1"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


def outage(kind: Outage) -> Response[Any] | None:
    """What an unreachable carrier answers; None where it can be reached."""
    if kind is Outage.UNAVAILABLE:
        return Response(
            TmfError(503, "unavailable", "The carrier is down.").body, status_code=503, media_type=JSON
        )
    if kind is Outage.BUSY:
        body = TmfError(429, "busy", "Too many requests.").body
        return Response(body, status_code=429, media_type=JSON, headers={"retry-after": "1"})
    return DroppedConnection() if kind is Outage.DROPPED else None


class OrderingController(Controller):
    """TMF641: orders and their amendments."""

    path = "/{carrier:str}/tmf-api/serviceOrdering/v4/serviceOrder"

    @post(status_code=201)
    async def create(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]
    ) -> Response[Any]:
        taker = sandbox.carrier(carrier)
        body = await request.body()
        met = taker.behaviour_for(body).outage
        if down := outage(met):
            taker.count_outage(body)
            return down
        order, created = await taker.accept(body)
        if met is Outage.ANSWER_LOST:
            return DroppedConnection()
        return Response(order, status_code=201 if created else 200, media_type=JSON)

    @get("/{order_id:str}")
    async def one(
        self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str], order_id: FromPath[str]
    ) -> Response[Any]:
        received = sandbox.carrier(carrier)
        return outage(received.script.standing.outage) or Response(
            received.document(order_id), media_type=JSON
        )

    @get()
    async def many(
        self,
        sandbox: NamedDependency[Sandbox],
        carrier: FromPath[str],
        external_id: Annotated[str, QueryParameter(name="externalId")] = "",
        order_state: Annotated[str, QueryParameter(name="state")] = "",
        offset: PageOffset = 0,
        limit: PageLimit = 100,
    ) -> Response[Any]:
        received = sandbox.carrier(carrier)
        if batch := received.batches.get(external_id):
            orders = batch[:1]
        elif external_id:
            orders = [named] if (named := received.by_external.get(external_id)) else []
        else:
            orders = list(received.orders.values())
        orders = [order for order in orders if order_state in {"", order.state}]
        page = [
            received.document(order.batch if batch else order.id) for order in orders[offset : offset + limit]
        ]
        headers = {"x-total-count": str(len(orders)), "x-result-count": str(len(page))}
        return outage(received.script.standing.outage) or Response(page, media_type=JSON, headers=headers)

    @patch("/{order_id:str}")
    async def amend(
        self,
        request: AnyRequest,
        sandbox: NamedDependency[Sandbox],
        carrier: FromPath[str],
        order_id: FromPath[str],
    ) -> Response[Any]:
        received = sandbox.carrier(carrier)
        met = received.script.standing.outage
        if down := outage(met):
            return down
        order = await received.amend(order_id, await request.body())
        if met is Outage.ANSWER_LOST:
            return DroppedConnection()
        return Response(received.document(order.batch or order.id), media_type=JSON)


class CancellingController(Controller):
    """TMF641: cancellations."""

    path = "/{carrier:str}/tmf-api/serviceOrdering/v4/cancelServiceOrder"

    @post(status_code=201)
    async def create(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]
    ) -> Response[Any]:
        received = sandbox.carrier(carrier)
        met = received.script.standing.outage
        if down := outage(met):
            return down
        order_id, item_id, reason = read_cancellation(await request.body())
        error = None
        try:
            await received.cancel(order_id, reason, item_id)
        except TmfError as late:
            if late.status != TOO_LATE:
                raise
            error = late
        if met is Outage.ANSWER_LOST:
            return DroppedConnection()
        return Response(cancellation_document(order_id, reason, error), status_code=201, media_type=JSON)


class ResourceController(Controller):
    """TMF639: SIM cards and eSIM profiles."""

    path = "/{carrier:str}/tmf-api/resourceInventoryManagement/v4/resource"

    @get("/{number:str}")
    async def one(
        self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str], number: FromPath[str]
    ) -> Response[Any]:
        received = sandbox.carrier(carrier)
        if down := outage(received.script.standing.outage):
            return down
        sim = received.sims.find(number)
        if sim is None:
            raise TmfError(404, "notFound", "This SIM is not known here.")
        headers = {"cache-control": "no-store"}
        return Response(resource_document(carrier, sim), media_type=JSON, headers=headers)


class InventoryController(Controller):
    """TMF638: the lines of a customer."""

    path = "/{carrier:str}/tmf-api/serviceInventory/v4/service"

    @get()
    async def page(
        self,
        sandbox: NamedDependency[Sandbox],
        carrier: FromPath[str],
        customer: FromQuery[str] = "",
        offset: PageOffset = 0,
        limit: PageLimit = 100,
    ) -> Response[Any]:
        received = sandbox.carrier(carrier)
        numbers = received.books.numbers(customer)
        page = [service_document(received.books.lines[number]) for number in numbers[offset : offset + limit]]
        headers = {"x-total-count": str(len(numbers)), "x-result-count": str(len(page))}
        return outage(received.script.standing.outage) or Response(page, media_type=JSON, headers=headers)
