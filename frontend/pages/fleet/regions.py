"""The parts of the fleet page around its rows. Each is drawn by the server and replaced when it changed."""

from reactpy import html
from reactpy.types import VdomDict

from backend.lines.schemas import PAGE_SIZE, LineFacets, LineList, Sort
from backend.saved_views.schemas import gone_values
from frontend.components.actions import button, link_button
from frontend.components.layout import empty, skeleton_line
from frontend.components.lines.fleet_view import FLEET, View
from frontend.elements import Child, hidden, icon
from frontend.html import to_html
from frontend.i18n import Translator, translatable

# Words, what a click on the head sorts by, and from which width on the column is shown
HEADS = (
    (translatable("User"), Sort.NAME, ""),
    (translatable("Number"), Sort.MSISDN, "rank-2"),
    (translatable("Customer no."), None, "rank-3"),
    (translatable("Tariff plan"), Sort.PLAN, "rank-2"),
    (translatable("Options"), None, "rank-3"),
    (translatable("Status"), Sort.STATUS, ""),
)


def heads(text: Translator, view: View) -> VdomDict:
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
        *(column(*entry) for entry in HEADS),
        html.th({"scope": "col"}, hidden(text("Actions"))),
    )


def span_words(text: Translator, page: LineList) -> str:
    """Where we are in the list: "1-50 of 10 000"."""
    if not page.total:
        return text("0 lines")
    if page.total == len(page.items):
        return text.plural("{n} line", "{n} lines", page.total)
    return text(
        "{first}-{last} of {total}",
        first=text.number(page.first + 1),
        last=text.number(page.first + len(page.items)),
        total=text.number(page.total),
    )


def foot(text: Translator, view: View, page: LineList) -> VdomDict:
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
    where = html.span({"role": "status"}, span_words(text, page))
    if view.page == 1 and last:
        return html.div({"class": "row row-apart pager-row"}, where)
    return html.div(
        {"class": "row row-apart pager-row"},
        where,
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


def nothing(text: Translator, view: View, facets: LineFacets | None, *, may_ask: bool) -> VdomDict:
    """Instead of rows: the fleet is empty, or the filter matches nothing."""
    if view.filter.active and facets is not None:
        gone = [value for values in gone_values(view.filter, facets).values() for value in values]
        return empty(
            text("Nothing matches these filters"),
            *((text("No line has these values: {values}.", values=", ".join(gone[:5])), " ") if gone else ()),
            text.plural("{n} line exists without them.", "{n} lines exist without them.", facets.total),
            action=link_button(text("Clear the filters"), FLEET, more={"data-keep": "", "id": "empty-clear"}),
        )
    return empty(
        text("No lines yet"),
        text("Your numbers appear here once the network has been asked for them."),
        action=button(
            text("Refresh my mobile fleet"), mark="refresh", more={"data-act": "refresh", "id": "empty-ask"}
        )
        if may_ask
        else None,
    )


def unreadable(text: Translator, words: str) -> VdomDict:
    return empty(
        text("The list could not be loaded"),
        words,
        action=button(text("Try again"), mark="refresh", more={"data-act": "load", "id": "retry"}),
        mark="alert",
    )


def skeleton_rows() -> str:
    """Empty rows with the columns of the list: the tick box, the heads, the row menu."""
    ranks = ("", *(rank for _, _, rank in HEADS), "")
    row = html.tr(
        *(
            html.td({"class": rank} if rank else {}, skeleton_line(1 if index == 0 else 2))
            for index, rank in enumerate(ranks)
        )
    )
    return to_html(row) * 8
