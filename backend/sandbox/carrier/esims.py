"""An eSIM's way to its device (domain reference 3.5): prepared, confirmed where asked, then the device's own steps."""

from datetime import datetime
from typing import Any

from backend.sandbox.carrier.behaviour import EsimTrouble
from backend.sandbox.carrier.documents import CarrierOrder, TmfError
from backend.sandbox.carrier.line_changes import swap_sim
from backend.sandbox.carrier.order_context import OrderContext, Pause, StepResult, word

PREPARED = ["allocated", "released", "confirmed"]
ON_DEVICE = ["downloaded", "installed", "enabled"]
TROUBLES = {
    EsimTrouble.EXPIRED: "The activation code was not used in time.",
    EsimTrouble.ERROR: "The download of the eSIM profile failed.",
}
# What a person does on the console -> the step that it is
DEVICE_ACTIONS = {"download": "downloaded", "install": "installed", "enable": "enabled"}


def allocate(context: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:  # noqa: ARG001 - every step is asked alike
    sim = context.sims.new_profile(order.msisdn, order.behaviour)
    order.reported |= {"simNumber": sim.number, "simKind": "esim", "esimState": "allocated"}
    return None


def release(_: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:  # noqa: ARG001
    order.reported["esimState"] = "released"
    return None


def confirm(context: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:
    """Where the carrier asks for it, nothing goes on until the end user has agreed."""
    asked_for = context.profile.esim_confirmation and not order.asked.get("esimConfirmedAt")
    return Pause("confirmation") if asked_for and not by_hand else None


def download(_: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:
    if not by_hand and order.behaviour.esim_trouble is not EsimTrouble.NONE:
        return trouble(order, order.behaviour.esim_trouble)
    return _device(order, "downloaded", by_hand=by_hand)


def install(_: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:
    return _device(order, "installed", by_hand=by_hand)


def enable(_: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:
    return _device(order, "enabled", by_hand=by_hand)


def _device(order: CarrierOrder, state: str, *, by_hand: bool) -> StepResult:
    if order.behaviour.esim_by_hand and not by_hand:
        return Pause("device")
    order.reported["esimState"] = state
    return None


def trouble(order: CarrierOrder, kind: EsimTrouble) -> Pause:
    order.reported["esimState"] = kind.value
    return Pause("information", held=True, code=f"esim_{kind}", message=TROUBLES[kind])


def may_fail(order: CarrierOrder) -> bool:
    return order.reported.get("esimState") in {"released", "downloaded"}


def resume(context: OrderContext, order: CarrierOrder) -> None:
    """After a trouble: an expired profile is made anew, a failed download is tried again with the same code."""
    rest = [step for step in order.steps if step not in {*PREPARED, *ON_DEVICE}]
    if order.reported.get("esimState") == EsimTrouble.EXPIRED:
        context.sims.give_up(order.reported["simNumber"], order.msisdn)
        order.steps = [*PREPARED, *ON_DEVICE, *rest]
    elif order.reported.get("esimState") == EsimTrouble.ERROR:
        order.steps = ["released", *ON_DEVICE, *rest]


def check_amendment(values: dict[str, Any]) -> None:
    if "esimConfirmedAt" not in values:
        return
    try:
        datetime.fromisoformat(str(values["esimConfirmedAt"]))
    except ValueError:
        raise TmfError(422, "invalidCharacteristic", "esimConfirmedAt is an instant.") from None


def check(_: OrderContext, order: CarrierOrder) -> None:
    word(order, "reason")


def request_esim(context: OrderContext, order: CarrierOrder) -> dict[str, Any]:
    """The old SIM works until this moment."""
    swap_sim(context, order, order.reported["simNumber"], "esim")
    return {"simKind": "esim"}
