"""The months of all usage, or of one group, and the lines that use most: each leads to the line."""

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.usage import organisation
from backend.usage.schemas import LineUse, Measure, MonthUse, OrganisationUsage
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.usage.months import MEASURES, amount_of, measure_words, months_chart
from frontend.components.usage.words import month_words
from frontend.elements import number
from frontend.hooks import component, use_page
from frontend.pages.usage.view import UsageView
from frontend.queries import use_query

SHOWN = 10


@component
def UsageMonths(view: UsageView, shown: OrganisationUsage, name: str) -> VdomDict:
    """The chart of a year; `name` is the group's, "" for all of it."""
    text = use_page().text
    found = use_query(
        organisation.organisation_months,
        topics=("usage",),
        period=shown.period,
        grouping=view.grouping,
        group=view.group,
    )
    title = text(MEASURES[view.measure])
    head = f"{title}, {name}" if name else title
    if found.data is None:
        return panel("by-month", head, not_ready(text, found))
    months: list[MonthUse] = found.data
    now = next((one for one in months if one.period == shown.period), None)
    figure = measure_words(text, view.measure, amount_of(now, view.measure)) if now else text("not known")
    return panel(
        "by-month",
        head,
        html.p(
            {"class": "figure"},
            figure,
            " ",
            html.small(
                text("in {month}", month=month_words(text, shown.period)),
                f", {text('excl. VAT')}" if view.measure is Measure.COST else None,
            ),
        ),
        months_chart(text, "all-months", months, shown.period, view.measure) if months else None,
    )


@component
def MostUsed(view: UsageView, shown: OrganisationUsage) -> VdomDict:
    """The lines with most of the measure, as bars of the same scale."""
    text = use_page().text
    found = use_query(
        organisation.most_used_lines,
        topics=("usage",),
        period=shown.period,
        measure=view.measure,
        grouping=view.grouping,
        group=view.group,
        limit=SHOWN,
    )
    title = text("Lines that cost most") if view.measure is Measure.COST else text("Lines that use most")
    if found.data is None:
        return panel("most-used", title, not_ready(text, found))
    lines: list[LineUse] = found.data
    if not lines:
        return panel(
            "most-used", title, html.p({"class": "muted"}, text("No line has any of it in this month."))
        )
    most = amount_of(lines[0], view.measure)
    return panel(
        "most-used",
        title,
        html.ol({"class": "bars-list"}, *(_line(view, one, most) for one in lines)),
        html.p(
            {"class": "small muted"},
            text("Sums only. To see single records of a line asks for a reason, which its user can read."),
        ),
    )


def _line(view: UsageView, one: LineUse, most: int) -> VdomDict:
    page = use_page()
    text, amount = page.text, amount_of(one, view.measure)
    words = number(text.msisdn(one.msisdn))
    width = f"{max(amount / most, 0.01) * 100:.1f}%"
    return html.li(
        {"key": str(one.line_id)},
        html.div(
            html.a({"href": f"/app/lines/{one.line_id}/usage"}, words)
            if page.may(Permission.LINES_READ)
            else words,
            html.p({"class": "small muted"}, ", ".join(part for part in (one.name, one.plan) if part)),
        ),
        html.strong({"class": "amount"}, measure_words(text, view.measure, amount)),
        html.svg(
            {"aria-hidden": "true"},
            html.svg.rect({"class": "meter-track", "width": "100%", "height": "100%", "rx": "4"}),
            html.svg.rect({"class": "meter-fill", "width": width, "height": "100%", "rx": "4"}),
        ),
    )
