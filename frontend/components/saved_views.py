"""Saved views on the pages that they are of: their addresses, what they show in words, and their tabs."""

from collections.abc import Sequence
from itertools import islice

from backend.catalog.catalogue import Catalogue
from backend.catalog.profiles import profile
from backend.orders.queries import OrderFilter
from backend.orders.texts import kind_title
from backend.saved_views.schemas import FleetQuery, RequestsQuery, SavedViewInfo, ViewPage, ViewQuery
from frontend.components.lines.fleet_view import FILTER_NAMES, KEYS, View, read_view
from frontend.components.orders.requests_view import GROUPS, read_filter, unknown_values, url_of
from frontend.i18n import Translator
from frontend.labels import PRODUCT_TYPES, line_state_words
from frontend.page_context import PageContext

# So many have a tab of their own; all of them stand on their page
MOST_TABS = 6
# Read for them: one that cannot be read any more has none
READ_FOR_TABS = 2 * MOST_TABS
# Values of one filter that are named in words
MOST_NAMED = 20
MANAGE = "/app/views"


def address_of(query: ViewQuery) -> str:
    """The address that shows a view."""
    if isinstance(query, FleetQuery):
        return View(query.filter, query.sort, query.descending).address()
    return url_of(OrderFilter(group=query.group, kind=query.kind, search=query.search))


def query_of(of: ViewPage, address: str) -> ViewQuery | None:
    """What the query of an address shows, as it is saved; None where it names what does not exist."""
    if of is ViewPage.FLEET:
        view = read_view(address)
        return FleetQuery(filter=view.filter, sort=view.sort, descending=view.descending)
    wanted, _ = read_filter(address)
    if unknown_values(wanted):
        return None
    match wanted.group:
        case "" | "running" | "attention" | "ended" as group:
            return RequestsQuery(group=group, kind=wanted.kind, search=wanted.search)
        case _:
            return None


def described(page: PageContext, query: ViewQuery) -> str:
    """What a view shows, in words: each filter with its values."""
    text, parts = page.text, list[tuple[str, str]]()
    if isinstance(query, FleetQuery):
        if query.filter.search:
            parts.append((text("Search"), query.filter.search))
        parts += [
            (text(FILTER_NAMES[key]), _named(page, key, values))
            for key in KEYS
            if (values := getattr(query.filter, key))
        ]
        everything = text("All lines")
    else:
        words = dict(GROUPS).get(query.group, query.group)
        if query.group:
            parts.append((text("Views"), text(words)))
        if query.kind:
            catalogue = Catalogue(profile(page.profile.carrier), text.language)
            parts.append((text("Kind of request"), kind_title(catalogue, query.kind)))
        if query.search:
            parts.append((text("Search"), query.search))
        everything = text("All requests")
    return " · ".join(text("{name}: {value}", name=name, value=value) for name, value in parts) or everything


def _named(page: PageContext, key: str, values: Sequence[str]) -> str:
    names = [value_name(page, key, value) for value in values[:MOST_NAMED]]
    if more := len(values) - len(names):
        names.append(page.text.plural("and {n} more", "and {n} more", more))
    return ", ".join(names)


def value_name(page: PageContext, key: str, value: str) -> str:
    """A value of a filter of the fleet in words; the code itself where nothing is known by it."""
    text, known = page.text, profile(page.profile.carrier)
    match key:
        case "status":
            return line_state_words(text, value)
        case "product_type" if value in PRODUCT_TYPES:
            return text(PRODUCT_TYPES[value][0])
        case "plan":
            plan = known.plan(value)
            return text.pick(plan.name, value) if plan else value
        case "option":
            option = known.option(value)
            return text.pick(option.name, value) if option else value
        case _:
            return value


def tab_entries(views: Sequence[SavedViewInfo]) -> list[tuple[str, str]]:
    """Name and address of the views that have a tab; what cannot be read any more stands on their page only."""
    readable = ((view.name, address_of(view.query)) for view in views if view.query is not None)
    return list(islice(readable, MOST_TABS))


def manage_link(text: Translator, of: ViewPage, address: str) -> tuple[str, str]:
    """Name and address of the page that lists the views and saves the one at this address."""
    query = address.partition("?")[2]
    return text("Saved views"), f"{MANAGE}/{of}" + (f"?{query}" if query else "")
