"""What the analysis shows, as its address says it: month, grouping, one group of it, page of its numbers."""

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from backend.billing.analysis.schemas import SpendBy
from backend.billing.analysis.service import LONGEST_KEY
from backend.usage.lifecycle import period_from
from frontend.components.paging import page_number
from frontend.i18n import translatable
from frontend.page_address import first_values

ANALYSIS = "/app/analysis"
GROUPINGS = {
    SpendBy.PLAN: translatable("Tariff plan"),
    SpendBy.COST_CENTRE: translatable("Cost centre"),
    SpendBy.ACCOUNT: translatable("Customer number"),
}


@dataclass(frozen=True, slots=True)
class SpendView:
    """`month` None: the latest with an invoice. `group` None: all groups; "" is what has none.

    `unknown` names what the address says and what does not exist.
    """

    month: date | None = None
    grouping: SpendBy = SpendBy.PLAN
    group: str | None = None
    page: int = 1
    unknown: str = ""

    @classmethod
    def read(cls, query: str) -> "SpendView":
        """The view of an address."""
        found = first_values(query)
        by, month, group = found.get("by", ""), found.get("month", ""), found.get("group")
        period = period_from(month)
        unknown = month if month and period is None else by if by and by not in set(SpendBy) else ""
        return cls(
            period,
            SpendBy(by) if by in set(SpendBy) else SpendBy.PLAN,
            group[:LONGEST_KEY] if group is not None and "\0" not in group else None,
            page_number(found.get("page", "1")),
            unknown[:LONGEST_KEY],
        )

    def at(self, month: date) -> "SpendView":
        """The same in another month."""
        return replace(self, month=month, page=1)

    def by(self, grouping: SpendBy) -> "SpendView":
        """Another grouping: a group of this one is no group of that one."""
        return replace(self, grouping=grouping, group=None, page=1)

    def of(self, group: str | None) -> "SpendView":
        """The numbers of one group; None: all groups."""
        return replace(self, group=group, page=1)

    def on(self, page: int) -> "SpendView":
        """Another page of the numbers."""
        return replace(self, page=page)

    def address(self, base: str = ANALYSIS) -> str:
        """The address of this view."""
        values = {"by": str(self.grouping)}
        if self.month:
            values["month"] = f"{self.month:%Y-%m}"
        if self.group is not None:
            values["group"] = self.group
        if self.page > 1:
            values["page"] = str(self.page)
        return f"{base}?{urlencode(values)}"
