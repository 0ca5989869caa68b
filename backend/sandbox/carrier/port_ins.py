"""Numbers that come from another operator (domain reference 3.3): the donor's answer, the agreed instant, the move."""

import time
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any

from backend.core.clock import BRUSSELS, local
from backend.sandbox.carrier import new_lines
from backend.sandbox.carrier.behaviour import Outcome, PortRejection
from backend.sandbox.carrier.documents import CarrierOrder, TmfError, moment
from backend.sandbox.carrier.esims import ON_DEVICE, PREPARED
from backend.sandbox.carrier.order_context import Failure, OrderContext, Pause, StepResult, one_of, word

R = PortRejection
MESSAGES = {
    R.NUMBER_NOT_WITH_DONOR: "The number is not with the operator named.",
    R.SIM_MISMATCH: "The SIM number is not that of this number.",
    R.ACCOUNT_MISMATCH: "The customer number is not that of this number.",
    R.VAT_MISMATCH: "The VAT number is not that of the holder.",
    R.NUMBER_NOT_ACTIVE: "The number is not active.",
    R.PORT_OPEN: "Another transfer of this number is under way.",
    R.NUMBER_IN_QUARANTINE: "The number was given up lately and is not free yet.",
    R.AUTHORISATION_MISSING: "The holder's authorisation is missing.",
    R.DATE_NOT_POSSIBLE: "The number cannot be transferred on this date.",
    R.OTHER: "The other operator refuses the transfer.",
}
# What a correction of the reason has to change: any one of these.
CORRECTIONS: dict[PortRejection, tuple[str, ...]] = {
    R.SIM_MISMATCH: ("donorSimNumber",),
    R.ACCOUNT_MISMATCH: ("donorAccount",),
    R.VAT_MISMATCH: ("vatNumber",),
    R.AUTHORISATION_MISSING: ("authorisedBy", "authorisedAt"),
    R.DATE_NOT_POSSIBLE: ("requestedDate",),
}
AMENDABLE = frozenset({name for names in CORRECTIONS.values() for name in names}) | {
    "donorOperator",
    "contactPerson",
    "companyName",
}
CASES: dict[str, tuple[str, ...]] = {
    "prepaid_other": ("donorSimNumber",),
    "private_other": ("donorSimNumber",),
    "professional_other": ("donorAccount", "vatNumber", "contactPerson"),
    "same_carrier": (),
}
# Of the chosen date
MOVES_AT = clock_time(9)


def check(context: OrderContext, order: CarrierOrder) -> None:
    """Raises TmfError for what no central database would take."""
    check_number(context, order)
    case = one_of(order, "portCase", tuple(CASES))
    for name in CASES[case]:
        word(order, name, required=True)
    if case == "same_carrier" and not (word(order, "donorSimNumber") or word(order, "donorAccount")):
        raise TmfError(422, "missingCharacteristic", "This order needs donorSimNumber or donorAccount.")
    _requested(order.asked)
    new_lines.check_line(context, order)


def check_number(context: OrderContext, order: CarrierOrder) -> None:
    """The number to be moved: none of this customer. Whether another one has it is said after the proof was checked."""
    if not order.msisdn:
        raise TmfError(422, "invalidNumber", "A transfer needs the number.")
    line = context.register.active(order.msisdn)
    if line is not None and line.customer == order.customer:
        raise TmfError(409, "numberInUse", f"{order.msisdn} is a line of {context.profile.name} already.")


def steps(order: CarrierOrder) -> list[str]:
    sim = (PREPARED, [*ON_DEVICE, "live"]) if new_lines.is_esim(order) else ([], ["switched"])
    return ["validating", "answered", *sim[0], "executing", *sim[1]]


def validate(_: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:  # noqa: ARG001 - every step is asked alike
    order.reported["portState"] = "validating"
    return None


def answer(context: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:
    """The donor's word on it: yes, what does not match, or a final no."""
    if not by_hand:
        if order.behaviour.port_by_hand:
            return Pause("donor")
        if reason := _reason(context, order):
            return reject(order, reason)
    order.reported |= {"portState": "accepted", "agreedAt": _agreed(order)}
    return None


def _reason(context: OrderContext, order: CarrierOrder) -> PortRejection | None:
    others = (
        other for other in context.orders.values() if other.msisdn == order.msisdn and other is not order
    )
    if any(other.category == order.category and not other.ended and other.id < order.id for other in others):
        return R.PORT_OPEN
    if mismatch := _mismatch(context, order):
        return mismatch
    reason = order.behaviour.port_rejection
    if reason is None or _corrected(order, reason):
        return None
    return reason


def _mismatch(context: OrderContext, order: CarrierOrder) -> PortRejection | None:
    """What does not match the line that has the number here, if one has."""
    line = context.register.active(order.msisdn)
    if line is None:
        return None
    if order.asked.get("portCase") != "same_carrier":
        return R.NUMBER_NOT_WITH_DONOR
    if word(order, "donorSimNumber") not in {"", line.sim_number}:
        return R.SIM_MISMATCH
    if word(order, "donorAccount") not in {"", line.billing_account}:
        return R.ACCOUNT_MISMATCH
    return None


def _corrected(order: CarrierOrder, reason: PortRejection) -> bool:
    return bool(order.rejected) and any(
        order.asked.get(name) not in {order.rejected.get(name), None, ""}
        for name in CORRECTIONS.get(reason, ())
    )


def reject(order: CarrierOrder, reason: PortRejection) -> Pause | Failure:
    """A correctable reason holds the order until other values come; the others end it."""
    if reason not in CORRECTIONS:
        order.reported["portState"] = "rejected"
        return Failure(Outcome.FAILED, reason.value, MESSAGES[reason])
    order.reported["portState"] = "info_required"
    order.rejected = {name: order.asked.get(name) for name in CORRECTIONS[reason]}
    return Pause("information", held=True, code=reason.value, message=MESSAGES[reason])


def resume(order: CarrierOrder) -> None:
    """A corrected request is lodged again."""
    if order.reported.get("portState") == "info_required":
        order.steps = ["validating", *order.steps]


def execute(_: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:  # noqa: ARG001
    order.reported["portState"] = "executing"
    return None


def port_in(context: OrderContext, order: CarrierOrder) -> dict[str, Any]:
    """The number is here now, and nowhere else."""
    return new_lines.add_line(context, order) | {"portState": "completed"}


def rollback(context: OrderContext, order: CarrierOrder) -> None:
    new_lines.rollback(context, order)
    if order.reported.get("portState") != "rejected":
        order.reported["portState"] = "cancelled" if order.state == "cancelled" else "failed"


def too_late(order: CarrierOrder) -> bool:
    """Once the donor has agreed a transfer cannot be stopped."""
    return "answered" not in order.steps


def check_amendment(values: dict[str, Any]) -> None:
    for name in AMENDABLE & set(values):
        if not isinstance(values[name], str):
            raise TmfError(400, "invalidCharacteristic", f"{name} is a text.")
    _requested(values)


def _requested(values: dict[str, Any]) -> date | None:
    if not values.get("requestedDate"):
        return None
    try:
        return date.fromisoformat(str(values["requestedDate"]))
    except ValueError:
        raise TmfError(422, "invalidCharacteristic", "requestedDate is a date.") from None


def _agreed(order: CarrierOrder) -> str:
    """The chosen date, or at once; so many days back where lateness is played."""
    now = datetime.fromtimestamp(time.time(), BRUSSELS)
    chosen, at = _requested(order.asked), now
    if chosen and chosen > local(now).date():
        at = datetime.combine(chosen, MOVES_AT, BRUSSELS)
    return moment((at - timedelta(days=order.behaviour.port_late_days)).timestamp())


def executes_at(order: CarrierOrder) -> float:
    """When the number moves at the earliest, where the agreed instant is kept; epoch seconds."""
    if not order.behaviour.port_on_date or "agreedAt" not in order.reported:
        return 0.0
    return datetime.fromisoformat(order.reported["agreedAt"]).timestamp()
