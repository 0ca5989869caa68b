"""What the page of requests shows, as its address says it: group, kind, search. The address is the only state."""

from urllib.parse import urlencode

from backend.orders.kinds import KINDS
from backend.orders.queries import OrderFilter
from frontend.components.paging import page_number
from frontend.i18n import translatable
from frontend.page_address import first_values

REQUESTS = "/app/requests"
# The view of the member's own unfinished requests
DRAFTS = "drafts"
GROUPS = (
    ("", translatable("All requests")),
    ("running", translatable("Under way")),
    ("attention", translatable("Waits for you")),
    ("ended", translatable("Finished")),
)


def read_filter(query: str) -> tuple[OrderFilter, int]:
    """The filter and the page number that an address names. What it names wrongly stays: see `unknown_values`."""
    request = first_values(query)
    wanted = OrderFilter(
        group="running" if request.get("show") == "open" else request.get("show", "")[:40],
        kind=request.get("kind", "")[:40],
        search=request.get("search", "")[:100],
    )
    return wanted, page_number(request.get("page", "1"))


def unknown_values(wanted: OrderFilter) -> list[str]:
    """What a filter names that does not exist (any more): without it the list would show more than was meant."""
    groups = {*dict(GROUPS), DRAFTS}
    return [
        value for value, known in ((wanted.group, groups), (wanted.kind, {"", *KINDS})) if value not in known
    ]


def url_of(wanted: OrderFilter, *, page: int = 1, group: str | None = None) -> str:
    """The address of a filter."""
    parts = {
        "show": wanted.group if group is None else group,
        "kind": wanted.kind,
        "search": wanted.search,
        "page": str(page) if page > 1 else "",
    }
    query = urlencode({name: value for name, value in parts.items() if value})
    return f"{REQUESTS}?{query}" if query else REQUESTS
