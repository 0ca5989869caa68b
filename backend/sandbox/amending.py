"""Which amendments a running order takes, and how it goes on once it has what it waited for."""

from typing import Any

from backend.sandbox import esims, porting
from backend.sandbox.desk import Desk
from backend.sandbox.shapes import Order, TmfError


def check_amendment(order: Order, values: dict[str, Any]) -> None:
    """A held order takes anything; one that runs only what it may still need. Raises TmfError."""
    esims.check_amendment(values)
    if order.category == "portIn":
        porting.check_amendment(values)
    takes = {"esimConfirmedAt"} if "confirmed" in order.steps else set()
    if order.category == "portIn" and not porting.too_late(order):
        takes |= porting.AMENDABLE
    if order.state != "held" and not values.keys() <= takes:
        raise TmfError(409, "notAmendable", "This order can no longer be changed in this way.")


def go_on(desk: Desk, order: Order) -> None:
    """Set the steps of an order that was held: some are taken again."""
    esims.go_on(desk, order)
    porting.go_on(order)
