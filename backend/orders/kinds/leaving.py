"""What requests share that end a line (domain 3.2): the price from that day on, and when they may not be. Pure."""

from collections.abc import Mapping
from typing import Any

from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.plan import Ground, LineNow, Planned, monthly_cost

MAY_LEAVE = frozenset({LineStatus.ACTIVE, LineStatus.SUSPENDED})
ENDING = frozenset({"depart", "terminate", "convert_to_prepaid"})  # one at a time


def plan_end(ground: Ground, line: LineNow, why: str, *, fee_cents: int = 0) -> Planned:
    """The line costs nothing from the day on: the days left of the month are credited; a fee is charged in full."""
    before = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=before, monthly_after=before)
    if why:
        return planned.skip(why)
    planned.change = {"day": ground.day.isoformat(), "before_status": line.status}
    planned.monthly_after = 0
    planned.one_off = fee_cents
    plan = ground.profile.plan(line.plan)
    charges = [plan.monthly_cents] if plan else []
    charges += [
        option.price_cents
        for code in line.options
        if (option := ground.profile.option(code)) and option.charge == "monthly"
    ]
    planned.pro_rata = -sum(
        ground.month.part(cents) for cents in charges
    )  # rounded per charge, as it was charged
    return planned


def ended_as(told: Mapping[str, Any], otherwise: LineStatus) -> dict[str, Any]:
    """The line's last state: what the carrier says, where it is one of those."""
    said = told.get("status")
    ends = {LineStatus.RELEASED_PREPAID, LineStatus.RELEASED_PRIVATE, LineStatus.TERMINATED}
    return {"status": str(said) if said in set(map(str, ends)) else str(otherwise)}
