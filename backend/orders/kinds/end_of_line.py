"""What requests share that end a line (domain 3.2): price, statuses, last state, timeline. Pure."""

from collections.abc import Mapping
from typing import Any

from backend.catalog.pricing import monthly_cost
from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.base import LineSnapshot, QuoteContext, QuoteItem

MAY_LEAVE = frozenset({LineStatus.ACTIVE, LineStatus.SUSPENDED})
# One at a time
ENDING = frozenset({"depart", "terminate", "convert_to_prepaid"})


def plan_end(context: QuoteContext, line: LineSnapshot, why: str, *, fee_cents: int = 0) -> QuoteItem:
    """The quote of a line that costs nothing from the day on: the days left are credited, a fee is charged in full.

    `why`: the reason to skip the line; "" where it may end.
    """
    before = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=before, monthly_after=before)
    if why:
        return item.skip(why)
    item.change = {"day": context.day.isoformat(), "before_status": line.status}
    item.monthly_after = 0
    item.one_off = fee_cents
    plan = context.profile.plan(line.plan)
    charges = [plan.monthly_cents] if plan else []
    charges += [
        option.price_cents
        for code in line.options
        if (option := context.profile.option(code)) and option.charge == "monthly"
    ]
    # Rounded per charge, as it was charged
    item.pro_rata = -sum(context.month.part(cents) for cents in charges)
    return item


def ended_as(reported: Mapping[str, Any], otherwise: LineStatus) -> dict[str, Any]:
    """The line's last state: the one that the carrier reported, where it is a final one."""
    said = reported.get("status")
    ends = {LineStatus.RELEASED_PREPAID, LineStatus.RELEASED_PRIVATE, LineStatus.TERMINATED}
    return {"status": str(said) if said in set(map(str, ends)) else str(otherwise)}


def end_day(change: Mapping[str, Any]) -> dict[str, str]:
    """The day on which the line ended, for the timeline."""
    return {"day": str(change.get("day", ""))}
