"""What the page of all usage shows, as its address says it: month, grouping, one group of it, measure."""

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from backend.usage.lifecycle import period_from
from backend.usage.schemas import Grouping, Measure
from frontend.page_address import first_values

HERE = "/app/usage"
LONGEST_KEY = 80


@dataclass(frozen=True, slots=True)
class UsageView:
    """`month` None: the running one. `group` None: all groups; "" is that of lines without one."""

    month: date | None = None
    grouping: Grouping = Grouping.ACCOUNT
    group: str | None = None
    measure: Measure = Measure.DATA

    @classmethod
    def read(cls, query: str) -> "UsageView":
        """The view of an address; what cannot be is as if it were not there: see `unknown_values`."""
        values = first_values(query)
        by, measure, group = values.get("by", ""), values.get("measure", ""), values.get("group")
        return cls(
            period_from(values.get("month", "")),
            Grouping(by) if by in set(Grouping) else Grouping.ACCOUNT,
            group[:LONGEST_KEY] if group is not None and "\0" not in group else None,
            Measure(measure) if measure in set(Measure) else Measure.DATA,
        )

    def by(self, grouping: Grouping) -> "UsageView":
        """Another grouping: a group of this one is no group of that one."""
        return replace(self, grouping=grouping, group=None)

    def of(self, group: str | None) -> "UsageView":
        """The same for one group; None: for all."""
        return replace(self, group=group)

    def at(self, month: date) -> "UsageView":
        """The same in another month."""
        return replace(self, month=month)

    def counting(self, measure: Measure) -> "UsageView":
        """The same, counted in another measure."""
        return replace(self, measure=measure)

    def address(self) -> str:
        """The address of this view."""
        values = {"by": str(self.grouping), "measure": str(self.measure)}
        if self.month:
            values["month"] = f"{self.month:%Y-%m}"
        if self.group is not None:
            values["group"] = self.group
        return f"{HERE}?{urlencode(values)}"


def unknown_values(query: str) -> list[str]:
    """What an address names that does not exist: without it the page would show another month or grouping."""
    asked = first_values(query)
    month, by, measure = (asked.get(name, "") for name in ("month", "by", "measure"))
    known = (
        (month, period_from(month) is not None),
        (by, by in set(Grouping)),
        (measure, measure in set(Measure)),
    )
    return [value[:LONGEST_KEY] for value, exists in known if value and not exists]
