"""What the fleet page shows, as its address says it: filter, order, page. The address is the only state."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

import msgspec

from backend.lines.schemas import PAGE_SIZE, LineFilter, Sort
from backend.lines.search_keys import search_patterns
from frontend.components.paging import page_number
from frontend.i18n import translatable
from frontend.page_address import read_query

KEYS = ("status", "plan", "account", "product_type", "option", "cost_centre")
FILTER_NAMES = {
    "status": translatable("Status"),
    "plan": translatable("Tariff plan"),
    "account": translatable("Customer number"),
    "product_type": translatable("Product type"),
    "option": translatable("Option"),
    "cost_centre": translatable("Cost centre"),
}
FLEET = "/app/fleet"


@dataclass(frozen=True)
class View:
    """One view of the fleet."""

    filter: LineFilter = LineFilter()  # noqa: RUF009 - immutable
    sort: Sort = Sort.NAME
    descending: bool = False
    page: int = 1

    @property
    def key(self) -> str:
        """Names what is listed, whatever the order and the page: a selection is kept while this is the same."""
        return urlencode(self._filter_pairs())

    @property
    def first(self) -> int:
        """How many lines come before this page."""
        return (self.page - 1) * PAGE_SIZE

    def _filter_pairs(self) -> list[tuple[str, str]]:
        pairs = [("search", self.filter.search)] if self.filter.search else []
        return pairs + [(key, value) for key in KEYS for value in getattr(self.filter, key)]

    def pairs(self) -> list[tuple[str, str]]:
        """The view as the pairs of its address; what goes without saying is left out."""
        pairs = self._filter_pairs()
        if self.sort is not Sort.NAME or self.descending:
            pairs.append(("sort", f"{'-' if self.descending else ''}{self.sort.value}"))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs

    def address(self, base: str = FLEET) -> str:
        """The address of this view."""
        pairs = self.pairs()
        return f"{base}?{urlencode(pairs)}" if pairs else base

    def export(self, kind: str) -> str:
        """Where the list of this filter is downloaded."""
        return replace(self, page=1).address(f"/app/export/lines.{kind}")

    def at(self, page: int) -> "View":
        """The same list on another page."""
        return replace(self, page=page)

    def sorted_by(self, sort: Sort) -> "View":
        """The first page by another column; by the same one the other way round."""
        return replace(self, sort=sort, descending=sort is self.sort and not self.descending, page=1)

    def without(self, key: str, value: str = "") -> "View":
        """The first page without one value of a filter, without all its values (""), or without the search."""
        kept = tuple(v for v in getattr(self.filter, key) if v != value) if value else ()
        if key == "search":
            return replace(self, filter=msgspec.structs.replace(self.filter, search=""), page=1)
        return replace(self, filter=msgspec.structs.replace(self.filter, **{key: kept}), page=1)


def read_view(query: str, *, short_search: bool = False) -> View:
    """The view of an address. What cannot be read is left out: an old link still opens.

    `short_search` keeps a search that is too short to narrow anything, for who refuses it.
    """
    found = read_query(query)
    search = found.get("search", [""])[0].strip()[:100]
    if not short_search and not search_patterns(search):
        # Too short to narrow anything: no chip may say that it did
        search = ""
    wanted = found.get("sort", [""])[0]
    name, descending = wanted.lstrip("-"), wanted.startswith("-")
    page = found.get("page", ["1"])[0]
    return View(
        LineFilter(
            search=search, **{key: tuple(dict.fromkeys(filter(None, found.get(key, ())))) for key in KEYS}
        ),
        Sort(name) if name in set(Sort) else Sort.NAME,
        descending if name in set(Sort) else False,
        page_number(page),
    )
