"""The sandbox over REST: TMF641 and TMF638 as a carrier offers them, and the knobs that tests turn."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.sandbox.behaviour import Outage, Outcome
from backend.sandbox.callbacks import Target
from backend.sandbox.carrier import Carrier
from backend.sandbox.shapes import Inventory, Order, TmfError, order_document, service_document
from backend.sandbox.world import World

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
    ) -> Response[Any]:
        order = await act_on_order(world.carrier(carrier), order_id, action)
        return Response(order_document(order), media_type=JSON)

    @delete("/orders")
    async def forget_orders(self, world: NamedDependency[World], carrier: FromPath[str]) -> None:
        await world.carrier(carrier).forget_orders()


async def act_on_order(carrier: Carrier, order_id: str, action: str) -> Order:
    """What a person does with one order: complete, fail or resend."""
    if action == "complete":
        return await carrier.end_now(order_id, Outcome.COMPLETED)
    if action == "fail":
        return await carrier.end_now(order_id, Outcome.FAILED)
    if action == "resend":
        return await carrier.resend(order_id)
    raise TmfError(404, "unknownAction", "An order can be completed, failed or told again.")
