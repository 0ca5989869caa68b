"""What invoices charge: a year as a chart, one month by group, the numbers of a group, what moved, lines nobody uses."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.analysis import service
from backend.billing.analysis.schemas import SpendMonths
from frontend.components.actions import link_button
from frontend.components.invoices.list_view import INVOICES
from frontend.components.invoices.spend_view import ANALYSIS, GROUPINGS, SpendView
from frontend.components.layout import columns, empty, page_header, tabs
from frontend.components.loading import not_ready, view_not_shown
from frontend.components.usage.words import month_title
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import FILE_FORMATS
from frontend.pages.analysis.aside import IdleLines, Movers, made_of
from frontend.pages.analysis.groups import GroupNumbers, SpendTable, group_title
from frontend.pages.analysis.months import months_panel
from frontend.queries import use_query

TOPICS = ("invoices",)


@component
def AnalysisPage(query: str) -> VdomDict:
    page = use_page()
    text, view = page.text, SpendView.read(query)
    title = text("Analysis")
    if view.unknown:
        words = text("This address names something that does not exist: {values}.", values=view.unknown)
        action = link_button(text("Back to the analysis"), ANALYSIS)
        return html.div(page_header(title), view_not_shown(text, words, action))
    found = use_query(
        service.spend_months, view.month, topics=TOPICS, grouping=view.grouping, group=view.group
    )
    if found.data is None:
        return html.div(page_header(title), not_ready(text, found))
    shown: SpendMonths = found.data
    if shown.month is None:
        nothing = empty(
            text("No invoice yet"),
            text("Once invoices come in, this page says what they charge, for what and for whom."),
            action=link_button(text("Go to the invoices"), INVOICES),
        )
        return html.div(page_header(title), html.section({"class": "panel"}, nothing))
    view = view.at(shown.month).on(view.page)
    return html.div(
        page_header(
            title,
            html.p(text("What the invoices of the company charge, excl. VAT. Credit notes count as less.")),
            actions=_exports(text, view),
        ),
        html.div(
            {"class": "stack"},
            _months(text, view, shown),
            columns(_main(text, view, shown), _aside(view, shown, text)),
        ),
    )


def _exports(text: Translator, view: SpendView) -> list[VdomDict]:
    return [
        link_button(
            text("Export as {kind}", kind=name),
            view.on(1).address(f"/app/export/analysis.{kind}"),
            mark="download",
        )
        for kind, name in FILE_FORMATS.items()
    ]


def _months(text: Translator, view: SpendView, shown: SpendMonths) -> VdomDict:
    """The months that have an invoice, as links; the one that is shown is marked."""
    months = list(shown.months[:12])
    if shown.month and shown.month not in months:
        months.insert(0, shown.month)

    def chip(month: object, to: str, *, here: bool) -> VdomDict:
        kind = "button button-small button-primary" if here else "button button-small"
        current = {"aria-current": "page"} if here else {}
        return html.a({"class": kind, "href": to, "data-keep": "", "key": to, **current}, str(month))

    return html.nav(
        {"class": "chips", "aria-label": text("Month")},
        *(
            chip(month_title(text, month), view.at(month).address(), here=month == shown.month)
            for month in months
        ),
    )


def _main(text: Translator, view: SpendView, shown: SpendMonths) -> list[Child]:
    by = tabs(
        text,
        text("Grouped by"),
        [(text(words), view.by(code).address(), None) for code, words in GROUPINGS.items()],
        view.by(view.grouping).address(),
    )
    if view.group is None:
        return [
            months_panel(text, shown, text("Spend by month")),
            by,
            SpendTable(view=view, key=f"groups {view.address()}"),
        ]
    back = link_button(text("Back to all groups"), view.of(None).address(), mark="left", kind="small")
    return [
        html.div(back),
        months_panel(text, shown, group_title(use_page(), view)),
        by,
        GroupNumbers(view=view, key=f"numbers {view.address()}"),
    ]


def _aside(view: SpendView, shown: SpendMonths, text: Translator) -> list[Child]:
    key = f"{shown.month}"
    return [
        made_of(text, shown),
        Movers(view=view, key=f"movers {key}"),
        IdleLines(view=view, key=f"idle {key}"),
    ]
