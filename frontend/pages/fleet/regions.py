"""The parts of the fleet page around its rows. Each is drawn by the server and replaced when it changed."""

from collections.abc import Mapping

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.lines.schemas import PAGE_SIZE, Facet, LineFacets, LinePage, Snapshot, Sort
from frontend.components.actions import button, link_button
from frontend.components.basics import Child, hidden, icon, notice, progress
from frontend.components.forms import check, check_group
from frontend.components.layout import bone, empty
from frontend.labels import PRODUCT_TYPES, line_state_words, lines_in_state
from frontend.pages.fleet.view import FLEET, KEYS, View
from frontend.text import Text, mark
from frontend.visit import Visit

FILTER_NAMES = {
    "status": mark("Status"),
    "plan": mark("Tariff plan"),
    "account": mark("Customer number"),
    "product_type": mark("Product type"),
    "option": mark("Option"),
    "cost_centre": mark("Cost centre"),
}
COLUMNS = (
    (mark("User"), Sort.NAME, ""),
    (mark("Number"), Sort.MSISDN, "rank-2"),
    (mark("Customer no."), None, "rank-3"),
    (mark("Tariff plan"), Sort.PLAN, "rank-2"),
    (mark("Options"), None, "rank-3"),
    (mark("Status"), Sort.STATUS, ""),
)


def facet_name(text: Text, key: str, facet: Facet) -> str:
    if key == "status":
        return line_state_words(text, facet.value)
    if key == "product_type" and facet.value in PRODUCT_TYPES:
        return text(PRODUCT_TYPES[facet.value][0])
    return facet.name or facet.value


def freshness(visit: Visit, snapshot: Snapshot) -> VdomDict:
    """How old the list is, and the way to ask the carrier again (at most once a minute)."""
    text = visit.text
    if snapshot.running:
        said = (
            text(
                "{read} of {total} lines read",
                read=text.number(snapshot.read),
                total=text.number(snapshot.total),
            )
            if snapshot.total
            else text("Asking the network")
        )
        return html.div(
            {"class": "stack stack-tight refreshing", "role": "status"},
            html.p(
                {"class": "row"},
                html.span({"class": "live"}, text("The list is being refreshed")),
                html.span({"class": "muted"}, said),
            ),
            progress(snapshot.read, snapshot.total, text("Lines read")),
        )
    when = (
        text(
            "Updated {date} - {time}",
            date=text.date(snapshot.refreshed_at),
            time=text.time(snapshot.refreshed_at),
        )
        if snapshot.refreshed_at
        else text("Never updated")
    )
    parts: list[Child] = [when]
    if visit.may(Permission.LINES_REFRESH):
        wait = snapshot.may_refresh_at is not None and snapshot.may_refresh_at > clock.now()
        reason = (
            {"disabled": True, "title": text("The list was refreshed less than a minute ago.")}
            if wait
            else {}
        )
        parts.append(
            button(
                text("Refresh my mobile fleet"),
                mark="refresh",
                kind="inline",
                more={"data-act": "refresh", "id": "refresh", **reason},
            )
        )
    return html.p({"class": "row"}, *parts)


def head(visit: Visit, view: View, snapshot: Snapshot) -> VdomDict:
    text = visit.text
    exports: list[tuple[str, str]] = []
    if visit.may(Permission.LINES_EXPORT):
        exports = [(text("Export CSV"), view.export("csv")), (text("Export XLSX"), view.export("xlsx"))]
    wide = (
        link_button(words, to, mark="download", more={"download": "", "class": "button only-wide"})
        for words, to in exports
    )
    narrow = html.button(
        {
            "class": "icon-button only-narrow",
            "type": "button",
            "popovertarget": "export-menu",
            "aria-label": text("Other actions"),
        },
        icon("more"),
    )
    menu = html.div(
        {"class": "menu", "id": "export-menu", "popover": "auto"},
        *(html.a({"href": to, "download": ""}, icon("download"), words) for words, to in exports),
    )
    failed = (
        notice(
            text("The last refresh failed: the network did not answer. The list below is the one before."),
            tone="attention",
            mark="alert",
        )
        if snapshot.failed and not snapshot.running
        else None
    )
    return html.div(
        html.div(
            {"class": "page-header"},
            html.div(html.h1(text("Fleet")), freshness(visit, snapshot)),
            html.div({"class": "actions"}, *wide, narrow, menu) if exports else None,
        ),
        failed,
    )


def quick_views(text: Text, view: View, facets: LineFacets) -> VdomDict:
    """The statuses as tabs: the views that everybody needs."""
    everything = View(sort=view.sort, descending=view.descending)
    entries = [(text("All lines"), everything, facets.total)]
    entries += [
        (
            lines_in_state(text, facet.value),
            View(filter=type(view.filter)(status=(facet.value,)), sort=view.sort, descending=view.descending),
            facet.count,
        )
        for facet in facets.status
        if facet.count
    ]
    return html.nav(
        {"class": "tabs", "aria-label": text("Views")},
        *(
            html.a(
                {
                    "href": other.address(),
                    "data-keep": "",
                    "id": f"view-{index}",
                    **({"aria-current": "page"} if other.key == view.key else {}),
                },
                name,
                html.span({"class": "count"}, text.number(count)),
            )
            for index, (name, other, count) in enumerate(entries)
        ),
    )


def chips(text: Text, view: View, facets: LineFacets) -> VdomDict | None:
    """What narrows the list, each with a way out."""
    entries: list[tuple[str, str, View]] = []
    if view.filter.search:
        entries.append((text("Search"), view.filter.search, view.without("search")))
    for key in KEYS:
        names = {facet.value: facet_name(text, key, facet) for facet in getattr(facets, key)}
        entries += [
            (text(FILTER_NAMES[key]), names.get(value, value), view.without(key, value))
            for value in getattr(view.filter, key)
        ]
    if not entries:
        return None
    return html.div(
        {"class": "chips"},
        html.ul(
            {"class": "chips", "aria-label": text("Active filters")},
            *(
                html.li(
                    {"class": "chip"},
                    f"{name}: {value}" if text.language in {"en", "nl", "de"} else f"{name} : {value}",
                    html.a(
                        {
                            "class": "chip-remove",
                            "href": without.address(),
                            "data-keep": "",
                            "id": f"chip-{index}",
                        },
                        icon("close"),
                        hidden(text("Remove the filter {name}", name=name)),
                    ),
                )
                for index, (name, value, without) in enumerate(entries)
            ),
        ),
        html.a(
            {
                "class": "button button-quiet button-small",
                "href": View(sort=view.sort, descending=view.descending).address(),
                "data-keep": "",
                "id": "chips-clear",
            },
            text("Clear all"),
        ),
    )


def filters(text: Text, view: View, facets: LineFacets) -> VdomDict:
    """The filter drawer: a plain form, its result is an address."""
    groups = [
        check_group(
            text(FILTER_NAMES[key]),
            [
                check(
                    key,
                    facet.value,
                    facet_name(text, key, facet),
                    ticked=facet.value in getattr(view.filter, key),
                    count=text.number(facet.count),
                )
                for facet in getattr(facets, key)
            ],
        )
        for key in KEYS
        if getattr(facets, key)
    ]
    kept: Mapping[str, str] = {"search": view.filter.search}
    if view.sort is not Sort.NAME or view.descending:
        kept = {**kept, "sort": f"{'-' if view.descending else ''}{view.sort.value}"}
    return html.form(
        {"action": FLEET, "method": "get"},
        html.header(
            html.h2({"id": "filters-title"}, text("Filter the fleet")),
            html.button(
                {
                    "class": "icon-button",
                    "type": "button",
                    "popovertarget": "filters",
                    "popovertargetaction": "hide",
                },
                icon("close"),
                hidden(text("Close")),
            ),
        ),
        html.div(
            {"class": "body"},
            *groups,
            *(
                html.input({"type": "hidden", "name": name, "value": value})
                for name, value in kept.items()
                if value
            ),
        ),
        html.footer(
            html.a(
                {
                    "class": "button button-quiet",
                    "href": View(sort=view.sort, descending=view.descending).address(),
                    "data-keep": "",
                },
                text("Clear"),
            ),
            html.button({"class": "button button-primary", "type": "submit"}, text("Show the lines")),
        ),
    )


def heads(text: Text, view: View) -> VdomDict:
    """The row of column heads; sorting is a link, so that it works before anything else does."""

    def column(words: str, sort: Sort | None, rank: str) -> VdomDict:
        attributes: dict[str, str] = {"scope": "col", **({"class": rank} if rank else {})}
        if sort is None:
            return html.th(attributes, text(words))
        here = sort is view.sort
        if here:
            attributes["aria-sort"] = "descending" if view.descending else "ascending"
        link = html.a(
            {
                "class": "sort",
                "href": view.sorted_by(sort).address(),
                "data-keep": "",
                "id": f"sort-{sort.value}",
            },
            text(words),
            icon("sort") if here else None,
        )
        return html.th(attributes, link)

    return html.tr(
        html.th(
            {"scope": "col"},
            html.input(
                {
                    "type": "checkbox",
                    "data-all": "",
                    "id": "all",
                    "aria-label": text("Choose every possible line of this page"),
                }
            ),
        ),
        *(column(*entry) for entry in COLUMNS),
        html.th({"scope": "col", "class": "rank-2"}, hidden(text("Actions"))),
    )


def span_words(text: Text, page: LinePage) -> str:
    """Where we are in the list: "1-50 of 10 000"."""
    if not page.total:
        return text("0 lines")
    return text(
        "{first}-{last} of {total}",
        first=text.number(page.first + 1),
        last=text.number(page.first + len(page.items)),
        total=text.number(page.total),
    )


def foot(text: Text, view: View, page: LinePage) -> VdomDict:
    """Span and pager."""

    def step(name: str, to: int, possible: bool, *parts: Child, key: str) -> VdomDict:
        attributes: dict[str, str] = {"class": "button button-small", "id": key}
        return html.a(
            {
                **attributes,
                **(
                    {"href": view.at(to).address(), "rel": name}
                    if possible
                    else {"aria-disabled": "true", "role": "link"}
                ),
            },
            *parts,
        )

    last = page.first + PAGE_SIZE >= page.total
    return html.div(
        {"class": "row row-apart pager-row"},
        html.span({"role": "status"}, span_words(text, page)),
        html.nav(
            {"class": "pager", "aria-label": text("Pages")},
            step(
                "prev",
                view.page - 1,
                view.page > 1,
                icon("left", "icon-small"),
                text("Previous"),
                key="page-previous",
            ),
            step("next", view.page + 1, not last, text("Next"), icon("right", "icon-small"), key="page-next"),
        ),
    )


def nothing(text: Text, view: View, facets: LineFacets | None) -> VdomDict:
    """Instead of rows: the fleet is empty, or the filter matches nothing."""
    if view.filter.active and facets is not None:
        return empty(
            text("Nothing matches these filters"),
            text.plural("{n} line exists without them.", "{n} lines exist without them.", facets.total),
            action=link_button(text("Clear the filters"), FLEET, more={"data-keep": "", "id": "empty-clear"}),
        )
    return empty(
        text("No lines yet"), text("Your numbers appear here once the network has been asked for them.")
    )


def unreadable(text: Text, words: str) -> VdomDict:
    return empty(
        text("The list could not be loaded"),
        words,
        action=button(text("Try again"), mark="refresh", more={"data-act": "load", "id": "retry"}),
        mark="alert",
    )


def bones() -> str:
    from frontend.markup import to_html

    row = html.tr(
        *(
            html.td({"class": "rank-3"} if index in {2, 4, 6} else {}, bone(1 if index == 0 else 2))
            for index in range(8)
        )
    )
    return to_html(row) * 8
