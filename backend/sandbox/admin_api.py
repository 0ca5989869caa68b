"""The sandbox's own interface: load lines, set behaviour, act on orders."""

from typing import Any

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from backend.core import clock
from backend.sandbox.carrier.behaviour import EsimTrouble, Outcome, PortRejection
from backend.sandbox.carrier.callbacks import CallbackTarget
from backend.sandbox.carrier.carrier import Carrier
from backend.sandbox.carrier.documents import CarrierOrder, Inventory, TmfError, order_document
from backend.sandbox.carrier.esims import DEVICE_ACTIONS
from backend.sandbox.sandbox import Sandbox
from backend.sandbox.tmf_api import JSON, LARGEST_BODY, PageLimit
from backend.sandbox.usage_files import month_so_far
from backend.web.types import AnyRequest


class AdminController(Controller):
    """What tests and the console set and read; a real carrier has nothing like it."""

    path = "/{carrier:str}/admin"

    @post("/inventory", status_code=200, request_max_body_size=LARGEST_BODY)
    async def load(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]
    ) -> dict[str, int]:
        keeper = sandbox.carrier(carrier)
        keeper.books.load_lines(msgspec.json.decode(await request.body(), type=Inventory))
        await keeper.settled()
        return {"lines": len(keeper.books.lines)}

    @get("/usage/{kind:str}", media_type="text/csv", sync_to_thread=True)
    def usage(
        self,
        sandbox: NamedDependency[Sandbox],
        carrier: FromPath[str],
        kind: FromPath[str],
        customer: FromQuery[str] = "",
        each: PageLimit = 40,
    ) -> str:
        """`records` or `buckets` of the running month, for a customer's lines or all: a file to try the import with."""
        numbers = sandbox.carrier(carrier).books.numbers(customer)
        return month_so_far(numbers, kind=kind, now=clock.local(clock.now()), each=each)

    @get("/behaviour")
    async def behaviour(self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]) -> Response[Any]:
        return Response(msgspec.to_builtins(sandbox.carrier(carrier).script), media_type=JSON)

    @put("/behaviour")
    async def set_behaviour(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]
    ) -> Response[Any]:
        changed = sandbox.carrier(carrier)
        await changed.change_behaviour(msgspec.json.decode(await request.body(), type=dict[str, Any]))
        return Response(msgspec.to_builtins(changed.script), media_type=JSON)

    @delete("/behaviour")
    async def forget_behaviour(self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]) -> None:
        await sandbox.carrier(carrier).forget_rules()

    @put("/callback")
    async def set_callback(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]
    ) -> dict[str, str]:
        """Where callbacks go until the sandbox ends; it starts again with what it was given."""
        code = sandbox.carrier(carrier).code
        sandbox.postman.targets[code] = msgspec.json.decode(await request.body(), type=CallbackTarget)
        return {"url": sandbox.postman.targets[code].url}

    @get("/counts")
    async def counts(self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]) -> dict[str, Any]:
        """What was carried out, how often: per external id and per number."""
        return sandbox.carrier(carrier).counts() | {
            "callbacks": dict(sandbox.postman.results.get(carrier, {}))
        }

    @post("/orders/{order_id:str}/{action:str}", status_code=200)
    async def act(
        self,
        sandbox: NamedDependency[Sandbox],
        carrier: FromPath[str],
        order_id: FromPath[str],
        action: FromPath[str],
        reason: FromQuery[str] = "",
    ) -> Response[Any]:
        order = await act_on_order(sandbox.carrier(carrier), order_id, action, reason)
        return Response(order_document(order), media_type=JSON)

    @delete("/orders")
    async def forget_orders(self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]) -> None:
        await sandbox.carrier(carrier).forget_orders()


OUTCOMES = {
    "complete": Outcome.COMPLETED,
    "fail": Outcome.FAILED,
    "hold": Outcome.HELD,
    "cancel": Outcome.CANCELLED,
}


STEPS = {"accept": "answered", "execute": "executing", **DEVICE_ACTIONS}


TROUBLES = {"expire": EsimTrouble.EXPIRED, "error": EsimTrouble.ERROR}


async def act_on_order(carrier: Carrier, order_id: str, action: str, reason: str = "") -> CarrierOrder:
    """What a person does with one order, for the carrier, the donor or the device."""
    if action in OUTCOMES:
        return await carrier.finish(order_id, OUTCOMES[action])
    if action in STEPS:
        return await carrier.advance(order_id, STEPS[action])
    if action in TROUBLES:
        return await carrier.set_esim_error(order_id, TROUBLES[action])
    if action == "reject":
        return await carrier.reject_port(order_id, msgspec.convert(reason, PortRejection))
    if action == "go-on":
        return await carrier.resume(order_id)
    if action == "resend":
        return await carrier.resend(order_id)
    known = ", ".join([*OUTCOMES, *STEPS, *TROUBLES, "reject", "go-on", "resend"])
    raise TmfError(404, "unknownAction", f"What can be done with an order: {known}.")
