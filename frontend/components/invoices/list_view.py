"""What the page of invoices shows, as its address says it: group, customer number, month, search, page."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

import msgspec

from backend.billing.queries import LONGEST_SEARCH
from backend.billing.schemas import InvoiceFilter, InvoiceGroup
from backend.usage.lifecycle import period_from
from frontend.components.paging import page_number
from frontend.i18n import translatable
from frontend.page_address import first_values

INVOICES = "/app/invoices"
GROUPS = {
    InvoiceGroup.ALL: translatable("All invoices"),
    InvoiceGroup.TO_PAY: translatable("To pay"),
    InvoiceGroup.COLLECTING: translatable("Being collected"),
    InvoiceGroup.PAID: translatable("Paid invoices"),
    InvoiceGroup.CREDITS: translatable("Credit notes"),
}
LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """A filter and the number of the page, from 1. `unknown` names what the address says and what does not exist."""

    filter: InvoiceFilter = InvoiceFilter()  # noqa: RUF009 - immutable
    page: int = 1
    unknown: str = ""

    @classmethod
    def read(cls, query: str) -> "InvoiceView":
        """The view of an address."""
        found = first_values(query)
        show, month = found.get("show", ""), found.get("month", "")
        group = InvoiceGroup(show) if show in set(InvoiceGroup) else None
        period = period_from(month)
        unknown = show if group is None else month if month and period is None else ""
        return cls(
            InvoiceFilter(
                group=group or InvoiceGroup.ALL,
                account=found.get("account", "").replace("\0", "")[:LONGEST_KEY],
                month=period,
                search=found.get("search", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            ),
            page_number(found.get("page", "1")),
            unknown[:LONGEST_KEY],
        )

    def in_group(self, group: InvoiceGroup) -> "InvoiceView":
        """The first page of another group."""
        return replace(self, filter=msgspec.structs.replace(self.filter, group=group), page=1)

    def at(self, page: int) -> "InvoiceView":
        """The same list on another page."""
        return replace(self, page=page)

    @property
    def narrowed(self) -> bool:
        """Whether more than the group narrows it."""
        return bool(self.filter.account or self.filter.month or self.filter.search)

    def address(self, base: str = INVOICES) -> str:
        """The address of this view."""
        wanted = self.filter
        values = {
            "show": str(wanted.group),
            "account": wanted.account,
            "month": f"{wanted.month:%Y-%m}" if wanted.month else "",
            "search": wanted.search,
            "page": str(self.page) if self.page > 1 else "",
        }
        pairs = {name: value for name, value in values.items() if value}
        return f"{base}?{urlencode(pairs)}" if pairs else base
