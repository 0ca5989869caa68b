"""Every order that a sandbox carrier takes, by its category: what is checked, its steps, its effect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.sandbox import esims, line_changes, new_lines, porting
from backend.sandbox.desk import Answer, Desk
from backend.sandbox.shapes import Order, TmfError


def _nothing(_: Desk, __: Order) -> None:
    """Nothing is asked beyond the line itself, nothing is kept, nothing is given back."""


def _simple(_: Order) -> list[str]:
    return ["started", "carried_out"]


def _on_device(_: Order) -> list[str]:
    return [*esims.PREPARED, *esims.ON_DEVICE, "live"]


@dataclass(frozen=True, slots=True)
class Category:
    action: str
    carry_out: Callable[[Desk, Order], dict[str, Any]]  # the effect, once; what is told of it
    check: Callable[[Desk, Order], None] = _nothing  # raises TmfError before the order is taken
    keep: Callable[[Desk, Order], None] = _nothing  # what is reserved while it runs
    undo: Callable[[Desk, Order], None] = _nothing  # what becomes of it where nothing came of the order
    steps: Callable[[Order], list[str]] = _simple
    partial: tuple[str, ...] = ()  # lists of which a half-done order carries out the first entry only

    @property
    def new(self) -> bool:
        """Whether the line begins with the order."""
        return self.action == "add"


CATEGORIES: dict[str, Category] = {
    "addLine": Category(
        "add",
        new_lines.add_line,
        check=new_lines.check,
        keep=new_lines.keep,
        undo=new_lines.undo,
        steps=new_lines.steps,
    ),
    "portIn": Category(
        "add",
        porting.port_in,
        check=porting.check,
        keep=new_lines.keep,
        undo=porting.undo,
        steps=porting.steps,
    ),
    "changePlan": Category("modify", line_changes.change_plan, check=line_changes.check_plan),
    "changeOptions": Category(
        "modify",
        line_changes.change_options,
        check=line_changes.check_options,
        partial=("addOption", "removeOption"),
    ),
    "changeBarrings": Category(
        "modify",
        line_changes.change_barrings,
        check=line_changes.check_barrings,
        partial=("addBarring", "removeBarring"),
    ),
    "changeSpendCap": Category("modify", line_changes.change_spend_cap, check=line_changes.check_spend_cap),
    "replaceSim": Category(
        "modify",
        line_changes.replace_sim,
        check=line_changes.check_sim,
        keep=line_changes.keep_sim,
        undo=new_lines.undo_sim,
    ),
    "requestEsim": Category(
        "modify", esims.request_esim, check=esims.check, undo=new_lines.undo_sim, steps=_on_device
    ),
    "suspend": Category("modify", line_changes.suspend, check=line_changes.check_active),
    "reactivate": Category("modify", line_changes.reactivate, check=line_changes.check_suspended),
    "moveAccount": Category("modify", line_changes.move_account, check=line_changes.check_account),
    "convertToPrepaid": Category("delete", line_changes.convert_to_prepaid),
    "releaseNumber": Category("delete", line_changes.release_number, check=line_changes.check_target),
    "terminate": Category("delete", line_changes.terminate),
}


@dataclass(frozen=True, slots=True)
class Step:
    """`share` of the order's pace that passes before it; 0: at once after the step before."""

    share: float
    run: Callable[..., Answer]  # (desk, order, by_hand=…)


def _started(_: Desk, __: Order, *, by_hand: bool) -> Answer:  # noqa: ARG001 - every step is asked alike
    return None


def _effect(desk: Desk, order: Order, *, by_hand: bool) -> Answer:  # noqa: ARG001
    order.told |= CATEGORIES[order.category].carry_out(desk, order)
    return None


STEPS: dict[str, Step] = {
    "started": Step(0.5, _started),
    "carried_out": Step(0.5, _effect),
    "allocated": Step(0.8, esims.allocate),
    "released": Step(0.8, esims.release),
    "confirmed": Step(0.0, esims.confirm),
    "downloaded": Step(0.8, esims.download),
    "installed": Step(0.8, esims.install),
    "enabled": Step(0.8, esims.enable),
    "live": Step(0.0, _effect),
    "validating": Step(0.4, porting.validate),
    "answered": Step(4.0, porting.answer),
    "executing": Step(2.0, porting.execute),
    "switched": Step(1.0, _effect),
}


def category_of(name: str, action: str) -> Category:
    """Raises TmfError for what this carrier does not take."""
    found = CATEGORIES.get(name)
    if found is None or found.action != action:
        raise TmfError(
            400, "unsupportedOrder", f"This carrier takes no orders of {name or 'no category'} to {action}."
        )
    return found


def seconds_before(order: Order, step: str) -> float:
    """How long an order waits before a step."""
    if step == "answered" and order.behaviour.port_delay_ms is not None:
        return order.behaviour.port_delay_ms / 1000
    return STEPS[step].share * order.pace


def too_late(order: Order) -> bool:
    """Whether an order that runs can no longer be cancelled: the donor has agreed, or the device has the profile."""
    if order.category == "portIn" and porting.too_late(order):
        return True
    return order.told.get("esimState") in {"downloaded", "installed", "enabled"}
