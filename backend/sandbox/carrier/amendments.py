"""Which amendments a running order takes, and how it goes on once it has what it waited for."""

from typing import Any

from backend.sandbox.carrier import esims, port_ins
from backend.sandbox.carrier.documents import CarrierOrder, TmfError
from backend.sandbox.carrier.order_context import OrderContext


def check_amendment(order: CarrierOrder, values: dict[str, Any]) -> None:
    """A held order takes anything; one that runs only what it may still need. Raises TmfError."""
    esims.check_amendment(values)
    if order.category == "portIn":
        port_ins.check_amendment(values)
    takes = {"esimConfirmedAt"} if "confirmed" in order.steps else set()
    if order.category == "portIn" and not port_ins.too_late(order):
        takes |= port_ins.AMENDABLE
    if order.state != "held" and not values.keys() <= takes:
        raise TmfError(409, "notAmendable", "This order can no longer be changed in this way.")


def resume(context: OrderContext, order: CarrierOrder) -> None:
    """Set the steps of an order that was held: some are taken again."""
    esims.resume(context, order)
    port_ins.resume(order)
