"""The sandbox over REST: TMF641 and TMF638 as a carrier offers them, and the knobs that tests turn."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.core import clock
from backend.sandbox.behaviour import EsimTrouble, Outage, Outcome, PortRejection
from backend.sandbox.callbacks import Target
from backend.sandbox.carrier import Carrier
from backend.sandbox.esims import DEVICE_ACTIONS
from backend.sandbox.reading import read_cancellation
from backend.sandbox.shapes import (
    Inventory,
    Order,
    TmfError,
    cancellation_document,
    order_document,
    resource_document,
    service_document,
)
from backend.sandbox.usage import month_so_far
from backend.sandbox.world import World

TOO_LATE = 409  # told in the answer of the task, and not as an error of the request
JSON = "application/json"
LARGEST_BODY = 256_000_000  # an inventory of 500,000 lines
AnyRequest = Request[Any, Any, State]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Offset = Annotated[int, QueryParameter(ge=0)]


def tmf_error(_: AnyRequest, error: TmfError) -> Response[Any]:
    return Response(error.body, status_code=error.status, media_type=JSON)


def bad_input(_: AnyRequest, error: msgspec.ValidationError) -> Response[Any]:
    return Response(TmfError(400, "invalidBody", str(error)).body, status_code=400, media_type=JSON)


class Cut(Response[None]):
    """The answer of a carrier whose connection breaks."""

    def __init__(self) -> None:
        super().__init__(None)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override] # it is one
        return cut_connection


async def cut_connection(_scope: Scope, _receive: Receive, send: Send) -> None:
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
    return Cut() if kind is Outage.DROPPED else None


class OrderingController(Controller):
    path = "/{carrier:str}/tmf-api/serviceOrdering/v4/serviceOrder"

    @post(status_code=201)
    async def create(
        self, request: AnyRequest, world: NamedDependency[World], carrier: FromPath[str]
    ) -> Response[Any]:
        taker = world.carrier(carrier)
        body = await request.body()
        met = taker.behaviour_for(body).outage
        if down := outage(met):
            taker.count_outage(body)
            return down
        order, created = await taker.take(body)
        if met is Outage.ANSWER_LOST:
            return Cut()
        return Response(order_document(order), status_code=201 if created else 200, media_type=JSON)

    @get("/{order_id:str}")
    async def one(
        self, world: NamedDependency[World], carrier: FromPath[str], order_id: FromPath[str]
    ) -> Response[Any]:
        asked = world.carrier(carrier)
        return outage(asked.script.standing.outage) or Response(
            order_document(asked.find(order_id)), media_type=JSON
        )

    @get()
    async def many(
        self,
        world: NamedDependency[World],
        carrier: FromPath[str],
        external_id: Annotated[str, QueryParameter(name="externalId")] = "",
        order_state: Annotated[str, QueryParameter(name="state")] = "",
        offset: Offset = 0,
        limit: Limit = 100,
    ) -> Response[Any]:
        asked = world.carrier(carrier)
        if external_id:
            named = asked.by_external.get(external_id)
            orders = [named] if named else []
        else:
            orders = list(asked.orders.values())
        orders = [order for order in orders if order_state in {"", order.state}]
        page = [order_document(order) for order in orders[offset : offset + limit]]
        headers = {"x-total-count": str(len(orders)), "x-result-count": str(len(page))}
        return outage(asked.script.standing.outage) or Response(page, media_type=JSON, headers=headers)

    @patch("/{order_id:str}")
    async def amend(
        self,
        request: AnyRequest,
        world: NamedDependency[World],
        carrier: FromPath[str],
        order_id: FromPath[str],
    ) -> Response[Any]:
        asked = world.carrier(carrier)
        met = asked.script.standing.outage
        if down := outage(met):
            return down
        order = await asked.amend(order_id, await request.body())
        if met is Outage.ANSWER_LOST:
            return Cut()
        return Response(order_document(order), media_type=JSON)


class CancellingController(Controller):
    path = "/{carrier:str}/tmf-api/serviceOrdering/v4/cancelServiceOrder"

    @post(status_code=201)
    async def create(
        self, request: AnyRequest, world: NamedDependency[World], carrier: FromPath[str]
    ) -> Response[Any]:
        asked = world.carrier(carrier)
        met = asked.script.standing.outage
        if down := outage(met):
            return down
        order_id, reason = read_cancellation(await request.body())
        error = None
        try:
            await asked.cancel(order_id, reason)
        except TmfError as late:
            if late.status != TOO_LATE:
                raise
            error = late
        if met is Outage.ANSWER_LOST:
            return Cut()
        return Response(cancellation_document(order_id, reason, error), status_code=201, media_type=JSON)


class ResourceController(Controller):
    path = "/{carrier:str}/tmf-api/resourceInventoryManagement/v4/resource"

    @get("/{number:str}")
    async def one(
        self, world: NamedDependency[World], carrier: FromPath[str], number: FromPath[str]
    ) -> Response[Any]:
        asked = world.carrier(carrier)
        if down := outage(asked.script.standing.outage):
            return down
        sim = asked.sims.find(number)
        if sim is None:
            raise TmfError(404, "notFound", "This SIM is not known here.")
        headers = {"cache-control": "no-store"}
        return Response(resource_document(carrier, sim), media_type=JSON, headers=headers)


class InventoryController(Controller):
    path = "/{carrier:str}/tmf-api/serviceInventory/v4/service"

    @get()
    async def page(
        self,
        world: NamedDependency[World],
        carrier: FromPath[str],
        customer: FromQuery[str] = "",
        offset: Offset = 0,
        limit: Limit = 100,
    ) -> Response[Any]:
        asked = world.carrier(carrier)
        numbers = asked.books.numbers(customer)
        page = [service_document(asked.books.lines[number]) for number in numbers[offset : offset + limit]]
        headers = {"x-total-count": str(len(numbers)), "x-result-count": str(len(page))}
        return outage(asked.script.standing.outage) or Response(page, media_type=JSON, headers=headers)


class AdminController(Controller):
    """What tests and the console set and read; a real carrier has nothing like it."""

    path = "/{carrier:str}/admin"

    @post("/inventory", status_code=200, request_max_body_size=LARGEST_BODY)
    async def load(
        self, request: AnyRequest, world: NamedDependency[World], carrier: FromPath[str]
    ) -> dict[str, int]:
        keeper = world.carrier(carrier)
        keeper.books.take_over(msgspec.json.decode(await request.body(), type=Inventory))
        await keeper.settled()
        return {"lines": len(keeper.books.lines)}

    @get("/usage/{kind:str}", media_type="text/csv", sync_to_thread=True)
    def usage(
        self,
        world: NamedDependency[World],
        carrier: FromPath[str],
        kind: FromPath[str],
        customer: FromQuery[str] = "",
        each: Limit = 40,
    ) -> str:
        """`records` or `buckets` of the running month, for a customer's lines or all: a file to try the import with."""
        numbers = world.carrier(carrier).books.numbers(customer)
        return month_so_far(numbers, kind=kind, now=clock.local(clock.now()), each=each)

    @get("/behaviour")
    async def behaviour(self, world: NamedDependency[World], carrier: FromPath[str]) -> Response[Any]:
        return Response(msgspec.to_builtins(world.carrier(carrier).script), media_type=JSON)

    @put("/behaviour")
    async def set_behaviour(
        self, request: AnyRequest, world: NamedDependency[World], carrier: FromPath[str]
    ) -> Response[Any]:
        changed = world.carrier(carrier)
        await changed.change_behaviour(msgspec.json.decode(await request.body(), type=dict[str, Any]))
        return Response(msgspec.to_builtins(changed.script), media_type=JSON)

    @delete("/behaviour")
    async def forget_behaviour(self, world: NamedDependency[World], carrier: FromPath[str]) -> None:
        await world.carrier(carrier).forget_rules()

    @put("/callback")
    async def set_callback(
        self, request: AnyRequest, world: NamedDependency[World], carrier: FromPath[str]
    ) -> dict[str, str]:
        """Where callbacks go until the sandbox ends; it starts again with what it was given."""
        code = world.carrier(carrier).code
        world.postman.targets[code] = msgspec.json.decode(await request.body(), type=Target)
        return {"url": world.postman.targets[code].url}

    @get("/counts")
    async def counts(self, world: NamedDependency[World], carrier: FromPath[str]) -> dict[str, Any]:
        """What was carried out, how often: per external id and per number."""
        return world.carrier(carrier).counts() | {"callbacks": dict(world.postman.results.get(carrier, {}))}

    @post("/orders/{order_id:str}/{action:str}", status_code=200)
    async def act(
        self,
        world: NamedDependency[World],
        carrier: FromPath[str],
        order_id: FromPath[str],
        action: FromPath[str],
        reason: FromQuery[str] = "",
    ) -> Response[Any]:
        order = await act_on_order(world.carrier(carrier), order_id, action, reason)
        return Response(order_document(order), media_type=JSON)

    @delete("/orders")
    async def forget_orders(self, world: NamedDependency[World], carrier: FromPath[str]) -> None:
        await world.carrier(carrier).forget_orders()


OUTCOMES = {
    "complete": Outcome.COMPLETED,
    "fail": Outcome.FAILED,
    "hold": Outcome.HELD,
    "cancel": Outcome.CANCELLED,
}
STEPS = {"accept": "answered", "execute": "executing", **DEVICE_ACTIONS}
TROUBLES = {"expire": EsimTrouble.EXPIRED, "error": EsimTrouble.ERROR}


async def act_on_order(carrier: Carrier, order_id: str, action: str, reason: str = "") -> Order:
    """What a person does with one order, for the carrier, the donor or the device."""
    if action in OUTCOMES:
        return await carrier.end_now(order_id, OUTCOMES[action])
    if action in STEPS:
        return await carrier.step(order_id, STEPS[action])
    if action in TROUBLES:
        return await carrier.trouble(order_id, TROUBLES[action])
    if action == "reject":
        return await carrier.donor_refuses(order_id, msgspec.convert(reason, PortRejection))
    if action == "go-on":
        return await carrier.go_on(order_id)
    if action == "resend":
        return await carrier.resend(order_id)
    known = ", ".join([*OUTCOMES, *STEPS, *TROUBLES, "reject", "go-on", "resend"])
    raise TmfError(404, "unknownAction", f"What can be done with an order: {known}.")
