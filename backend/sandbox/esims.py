"""An eSIM's way to its device (domain reference 3.5): prepared, confirmed where asked, then the device's own steps."""

from datetime import datetime
from typing import Any

from backend.sandbox.behaviour import EsimTrouble
from backend.sandbox.desk import Answer, Desk, Wait, word
from backend.sandbox.line_changes import swap_sim
from backend.sandbox.shapes import Order, TmfError

PREPARED = ["allocated", "released", "confirmed"]
ON_DEVICE = ["downloaded", "installed", "enabled"]
TROUBLES = {
    EsimTrouble.EXPIRED: "The activation code was not used in time.",
    EsimTrouble.ERROR: "The download of the eSIM profile failed.",
}
# What a person does on the console -> the step that it is
DEVICE_ACTIONS = {"download": "downloaded", "install": "installed", "enable": "enabled"}


def allocate(desk: Desk, order: Order, *, by_hand: bool) -> Answer:  # noqa: ARG001 - every step is asked alike
    sim = desk.sims.new_profile(order.msisdn, order.behaviour)
    order.told |= {"simNumber": sim.number, "simKind": "esim", "esimState": "allocated"}
    return None


def release(_: Desk, order: Order, *, by_hand: bool) -> Answer:  # noqa: ARG001
    order.told["esimState"] = "released"
    return None


def confirm(desk: Desk, order: Order, *, by_hand: bool) -> Answer:
    """Where the carrier asks for it, nothing goes on until the end user has agreed."""
    asked_for = desk.profile.esim_confirmation and not order.asked.get("esimConfirmedAt")
    return Wait("confirmation") if asked_for and not by_hand else None


def download(_: Desk, order: Order, *, by_hand: bool) -> Answer:
    if not by_hand and order.behaviour.esim_trouble is not EsimTrouble.NONE:
        return trouble(order, order.behaviour.esim_trouble)
    return _device(order, "downloaded", by_hand=by_hand)


def install(_: Desk, order: Order, *, by_hand: bool) -> Answer:
    return _device(order, "installed", by_hand=by_hand)


def enable(_: Desk, order: Order, *, by_hand: bool) -> Answer:
    return _device(order, "enabled", by_hand=by_hand)


def _device(order: Order, state: str, *, by_hand: bool) -> Answer:
    if order.behaviour.esim_by_hand and not by_hand:
        return Wait("device")
    order.told["esimState"] = state
    return None


def trouble(order: Order, kind: EsimTrouble) -> Wait:
    order.told["esimState"] = kind.value
    return Wait("information", held=True, code=f"esim_{kind}", message=TROUBLES[kind])


def may_fail(order: Order) -> bool:
    return order.told.get("esimState") in {"released", "downloaded"}


def go_on(desk: Desk, order: Order) -> None:
    """After a trouble: an expired profile is made anew, a failed download is tried again with the same code."""
    rest = [step for step in order.steps if step not in {*PREPARED, *ON_DEVICE}]
    if order.told.get("esimState") == EsimTrouble.EXPIRED:
        desk.sims.give_up(order.told["simNumber"], order.msisdn)
        order.steps = [*PREPARED, *ON_DEVICE, *rest]
    elif order.told.get("esimState") == EsimTrouble.ERROR:
        order.steps = ["released", *ON_DEVICE, *rest]


def check_amendment(values: dict[str, Any]) -> None:
    if "esimConfirmedAt" not in values:
        return
    try:
        datetime.fromisoformat(str(values["esimConfirmedAt"]))
    except ValueError:
        raise TmfError(422, "invalidCharacteristic", "esimConfirmedAt is an instant.") from None


def check(_: Desk, order: Order) -> None:
    word(order, "reason")


def request_esim(desk: Desk, order: Order) -> dict[str, Any]:
    """The old SIM works until this moment."""
    swap_sim(desk, order, order.told["simNumber"], "esim")
    return {"simKind": "esim"}
