"""The head of the fleet page: how old the list is, refresh, exports, views by status."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.lines.schemas import LineFacets, SyncStatus
from backend.saved_views.schemas import ViewPage
from frontend.components.actions import button, link_button
from frontend.components.lines.fleet_view import View
from frontend.components.saved_views import manage_link
from frontend.elements import Child, icon, notice, progress
from frontend.i18n import Translator
from frontend.labels import FILE_FORMATS, lines_in_state
from frontend.page_context import PageContext
from frontend.pages.fleet.inventory_notices import inventory_notices


def freshness(page: PageContext, snapshot: SyncStatus) -> VdomDict:
    """How old the list is, and the way to ask the carrier again (at most once a minute)."""
    text = page.text
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
    if page.may(Permission.LINES_REFRESH):
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


def bare(text: Translator) -> VdomDict:
    """The title alone, where nothing is known of the list."""
    return html.div({"class": "page-header"}, html.h1(text("Fleet")))


def head(page: PageContext, view: View, snapshot: SyncStatus) -> VdomDict:
    text = page.text
    exports: list[tuple[str, str]] = []
    if page.may(Permission.LINES_EXPORT):
        exports = [
            (text("Export as {kind}", kind=name), view.export(kind)) for kind, name in FILE_FORMATS.items()
        ]
    from_file = (
        link_button(text("From a file"), "/app/bulk", mark="requests", more={"class": "button only-wide"})
        if page.may(Permission.ORDERS_PLACE)
        else None
    )
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
        html.a({"href": "/app/bulk"}, icon("requests"), text("From a file")) if from_file else None,
    )
    add = (
        link_button(text("Add a line"), "/app/start/add_line", mark="plus", kind="primary")
        if page.may(Permission.ORDERS_PLACE)
        else None
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
    notices = inventory_notices(page, snapshot)
    return html.div(
        html.div(
            {"class": "page-header"},
            html.div(html.h1(text("Fleet")), freshness(page, snapshot)),
            html.div({"class": "actions"}, from_file, *wide, narrow, menu, add)
            if exports or from_file
            else None,
        ),
        html.div({"class": "stack stack-tight"}, failed, *notices) if failed or notices else None,
    )


def quick_views(
    text: Translator, view: View, facets: LineFacets, saved: Sequence[tuple[str, str]]
) -> VdomDict:
    """The statuses as tabs, the views that everybody needs; then the way to the saved ones, and the first of these."""
    here = view.at(1).address()
    is_saved = any(address == here for _, address in saved)
    everything = View(sort=view.sort, descending=view.descending)
    words, to = manage_link(text, ViewPage.FLEET, here)
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
                    **({"aria-current": "page"} if other.key == view.key and not is_saved else {}),
                },
                name,
                html.span({"class": "count"}, text.number(count)),
            )
            for index, (name, other, count) in enumerate(entries)
        ),
        html.a({"href": to, "id": "saved-views"}, words),
        *(
            html.a(
                {
                    "href": address,
                    "data-keep": "",
                    "id": f"saved-{index}",
                    **({"aria-current": "page"} if address == here else {}),
                },
                name,
            )
            for index, (name, address) in enumerate(saved)
        ),
    )
