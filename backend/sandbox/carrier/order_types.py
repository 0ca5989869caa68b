"""Every order that a sandbox carrier takes, by its category: what is checked, its steps, its effect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.sandbox.carrier import esims, line_changes, new_lines, port_ins
from backend.sandbox.carrier.documents import CarrierOrder, TmfError
from backend.sandbox.carrier.order_context import OrderContext, StepResult


def _nothing(_: OrderContext, __: CarrierOrder) -> None:
    """Nothing is asked beyond the line itself, nothing is kept, nothing is given back."""


def _simple(_: CarrierOrder) -> list[str]:
    return ["started", "carried_out"]


def _on_device(_: CarrierOrder) -> list[str]:
    return [*esims.PREPARED, *esims.ON_DEVICE, "live"]


@dataclass(frozen=True, slots=True)
class OrderType:
    """How a carrier takes, checks and carries out orders of one category."""

    action: str
    # Carries the change out, once, and returns what is reported of it
    carry_out: Callable[[OrderContext, CarrierOrder], dict[str, Any]]
    # Raises TmfError before the order is taken
    check: Callable[[OrderContext, CarrierOrder], None] = _nothing
    # What is reserved while it runs
    reserve: Callable[[OrderContext, CarrierOrder], None] = _nothing
    # What becomes of it where nothing came of the order
    rollback: Callable[[OrderContext, CarrierOrder], None] = _nothing
    steps: Callable[[CarrierOrder], list[str]] = _simple
    # Lists of which a half-done order carries out the first entry only
    partial: tuple[str, ...] = ()

    @property
    def new(self) -> bool:
        """Whether the line begins with the order."""
        return self.action == "add"


ORDER_TYPES: dict[str, OrderType] = {
    "addLine": OrderType(
        "add",
        new_lines.add_line,
        check=new_lines.check,
        reserve=new_lines.reserve,
        rollback=new_lines.rollback,
        steps=new_lines.steps,
    ),
    "portIn": OrderType(
        "add",
        port_ins.port_in,
        check=port_ins.check,
        reserve=new_lines.reserve,
        rollback=port_ins.rollback,
        steps=port_ins.steps,
    ),
    "changePlan": OrderType("modify", line_changes.change_plan, check=line_changes.check_plan),
    "changeOptions": OrderType(
        "modify",
        line_changes.change_options,
        check=line_changes.check_options,
        partial=("addOption", "removeOption"),
    ),
    "changeBarrings": OrderType(
        "modify",
        line_changes.change_barrings,
        check=line_changes.check_barrings,
        partial=("addBarring", "removeBarring"),
    ),
    "changeSpendCap": OrderType("modify", line_changes.change_spend_cap, check=line_changes.check_spend_cap),
    "replaceSim": OrderType(
        "modify",
        line_changes.replace_sim,
        check=line_changes.check_sim,
        reserve=line_changes.reserve_sim,
        rollback=new_lines.undo_sim,
    ),
    "requestEsim": OrderType(
        "modify", esims.request_esim, check=esims.check, rollback=new_lines.undo_sim, steps=_on_device
    ),
    "suspend": OrderType("modify", line_changes.suspend, check=line_changes.check_active),
    "reactivate": OrderType("modify", line_changes.reactivate, check=line_changes.check_suspended),
    "moveAccount": OrderType("modify", line_changes.move_account, check=line_changes.check_account),
    "convertToPrepaid": OrderType("delete", line_changes.convert_to_prepaid),
    "releaseNumber": OrderType("delete", line_changes.release_number, check=line_changes.check_target),
    "terminate": OrderType("delete", line_changes.terminate),
}


@dataclass(frozen=True, slots=True)
class Milestone:
    """`share` of the order's pace that passes before it; 0: at once after the step before."""

    share: float
    # (context, order, by_hand=…)
    run: Callable[..., StepResult]


def _started(_: OrderContext, __: CarrierOrder, *, by_hand: bool) -> StepResult:  # noqa: ARG001 - every step is asked alike
    return None


def _effect(context: OrderContext, order: CarrierOrder, *, by_hand: bool) -> StepResult:  # noqa: ARG001
    order.reported |= ORDER_TYPES[order.category].carry_out(context, order)
    return None


MILESTONES: dict[str, Milestone] = {
    "started": Milestone(0.5, _started),
    "carried_out": Milestone(0.5, _effect),
    "allocated": Milestone(0.8, esims.allocate),
    "released": Milestone(0.8, esims.release),
    "confirmed": Milestone(0.0, esims.confirm),
    "downloaded": Milestone(0.8, esims.download),
    "installed": Milestone(0.8, esims.install),
    "enabled": Milestone(0.8, esims.enable),
    "live": Milestone(0.0, _effect),
    "validating": Milestone(0.4, port_ins.validate),
    "answered": Milestone(4.0, port_ins.answer),
    "executing": Milestone(2.0, port_ins.execute),
    "switched": Milestone(1.0, _effect),
}


def order_type_of(name: str, action: str) -> OrderType:
    """Raises TmfError for what this carrier does not take."""
    found = ORDER_TYPES.get(name)
    if found is None or found.action != action:
        raise TmfError(
            400, "unsupportedOrder", f"This carrier takes no orders of {name or 'no category'} to {action}."
        )
    return found


def seconds_before(order: CarrierOrder, step: str) -> float:
    """How long an order waits before a step."""
    if step == "answered" and order.behaviour.port_delay_ms is not None:
        return order.behaviour.port_delay_ms / 1000
    return MILESTONES[step].share * order.pace


def too_late(order: CarrierOrder) -> bool:
    """Whether an order that runs can no longer be cancelled: the donor has agreed, or the device has the profile."""
    if order.category == "portIn" and port_ins.too_late(order):
        return True
    return order.reported.get("esimState") in {"downloaded", "installed", "enabled"}
