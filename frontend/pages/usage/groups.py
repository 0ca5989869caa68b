"""The table of the groups: each name leads to its lines."""

from reactpy import html
from reactpy.types import VdomDict

from backend.usage.schemas import Grouping, GroupUse, OrganisationUsage
from frontend.components.layout import empty, panel
from frontend.components.table import rows_table, table_frame
from frontend.components.usage.words import amount_words, month_words, service_words
from frontend.i18n import Translator, translatable
from frontend.pages.usage.view import UsageView

GROUPINGS = {
    Grouping.ACCOUNT: translatable("Customer number"),
    Grouping.COST_CENTRE: translatable("Cost centre"),
    Grouping.PLAN: translatable("Tariff plan"),
    Grouping.SERVICE: translatable("Service"),
}


def group_name(text: Translator, grouping: Grouping, group: GroupUse) -> str:
    """A group as people call it."""
    if grouping is Grouping.SERVICE:
        return service_words(text, group.key)
    return (group.name if grouping is Grouping.PLAN else group.key) or text("No cost centre")


def groups_table(text: Translator, view: UsageView, shown: OrganisationUsage) -> VdomDict:
    """Each group with its figures of the month, and their sum."""
    if not shown.rows:
        return html.section(
            {"class": "panel"},
            empty(
                text("No usage in this month"),
                text("It comes in as the carrier rates it. Until then what was used is not known."),
            ),
        )
    foot = html.tr(
        html.th({"scope": "row"}, text("Total")),
        html.td({"class": "rank-2 amount"}, text.number(shown.total.lines)),
        *_figures(text, shown.total),
    )
    frame = table_frame(
        text("Usage by group, what the company pays"),
        [
            (text(GROUPINGS[shown.grouping]), ""),
            (text("Lines"), "rank-2 amount"),
            (text("Mobile data"), "amount"),
            (text("Calls"), "rank-3 amount"),
            (text("Messages"), "rank-3 amount"),
            (text("Excl. VAT"), "amount"),
        ],
        foot=foot,
    )
    return panel(
        "groups",
        text("Usage in {month}", month=month_words(text, shown.period)),
        rows_table(frame, [(row.key or "-", _row(text, view, row)) for row in shown.rows]),
        bare=True,
    )


def _row(text: Translator, view: UsageView, row: GroupUse) -> VdomDict:
    under = row.name if view.grouping in {Grouping.ACCOUNT, Grouping.COST_CENTRE} else ""
    chosen = {"aria-current": "true"} if row.key == view.group else {}
    return html.tr(
        html.th(
            {"scope": "row"},
            html.a(
                {"href": view.of(row.key).address(), "data-keep": "", **chosen},
                group_name(text, view.grouping, row),
            ),
            html.span({"class": "cell-sub"}, under) if under else None,
        ),
        html.td({"class": "rank-2 amount"}, text.number(row.lines)),
        *_figures(text, row),
    )


def _figures(text: Translator, row: GroupUse) -> list[VdomDict]:
    return [
        html.td({"class": "amount"}, amount_words(text, row.data_bytes, "bytes")),
        html.td({"class": "rank-3 amount"}, amount_words(text, row.voice_seconds, "seconds")),
        html.td({"class": "rank-3 amount"}, text.number(row.messages)),
        html.td({"class": "amount"}, text.money(row.cents)),
    ]
