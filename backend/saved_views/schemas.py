"""What a saved view is: the page, its filter, search and order, and who may change it."""

from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from backend.lines.schemas import LineFacets, LineFilter, Sort

LONGEST_NAME = 60
# Of what a view shows: bytes as an address has them, and values. A shared one is on the pages of the whole company.
LARGEST_VIEW, MOST_VALUES = 8000, 200
# The keys of a filter of the fleet whose values are found among those of the lines
LISTED_KEYS = ("status", "plan", "account", "product_type", "option", "cost_centre")


class ViewPage(StrEnum):
    """The page that a view is of."""

    FLEET = "fleet"
    REQUESTS = "requests"


class FleetQuery(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fleet", tag_field="page"
):
    """A view of the fleet: the filter with its search, and the order."""

    filter: LineFilter = LineFilter()
    sort: Sort = Sort.NAME
    descending: bool = False


class RequestsQuery(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="requests", tag_field="page"
):
    """A view of the requests: the group ("" for all), the kind, and the search."""

    group: Literal["", "running", "attention", "ended"] = ""
    kind: Annotated[str, msgspec.Meta(max_length=40)] = ""
    search: Annotated[str, msgspec.Meta(max_length=100)] = ""


ViewQuery = FleetQuery | RequestsQuery


def is_small(query: ViewQuery) -> bool:
    """Whether a page has room for a view: its address opens, and nobody waits for it. Pure."""
    if isinstance(query, RequestsQuery):
        # Each of its texts is bounded by itself
        return True
    wanted = query.filter
    values = [(key, value) for key in LISTED_KEYS for value in getattr(wanted, key)]
    return len(values) <= MOST_VALUES and len(urlencode([("search", wanted.search), *values])) <= LARGEST_VIEW


class SavedViewInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view as the reader sees it.

    `query` is None where a later version of the product cannot read it any more, or where it is too large. `owner` is the name of the member who
    saved it, "" where that member left the company. `may_change`: the reader may rename, share and delete it.
    """

    id: UUID
    page: ViewPage
    name: str
    shared: bool
    owner: str
    own: bool
    may_change: bool
    query: ViewQuery | None


class SavedViewState(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view, and which of its values no line and no request can have any more: key -> values."""

    view: SavedViewInfo
    gone: dict[str, list[str]]


def gone_values(wanted: LineFilter, facets: LineFacets) -> dict[str, list[str]]:
    """The values of a filter that no line within the reader's reach has: key -> values. Pure."""
    found = {}
    for key in LISTED_KEYS:
        known = {facet.value for facet in getattr(facets, key)}
        if missing := [value for value in getattr(wanted, key) if value not in known]:
            found[key] = missing
    return found
