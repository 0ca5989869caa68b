"""What a request changes on each of its lines."""

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.lifecycle import ItemState
from backend.orders.schemas import ItemPreview, OrderPreview
from frontend.components.layout import panel
from frontend.components.table import rows_table, table_frame
from frontend.elements import classes, number
from frontend.page_context import PageContext


def item_reason(page: PageContext, item: ItemPreview) -> str:
    """Why a line stays as it is, or which of the kind_fields change nothing on it."""
    text, notes = page.text, item.noted
    if item.state == ItemState.SKIPPED:
        return text("Skipped: {reason}.", reason=(", ".join(notes) or item.why).rstrip("."))
    return f"{', '.join(notes)}." if notes else ""


def lines_in_preview(page: PageContext, preview: OrderPreview) -> VdomDict:
    text = page.text
    foot = html.tr(
        html.th(
            {"scope": "row"}, text.plural("Total of {n} line", "Total of {n} lines", preview.total_lines)
        ),
        html.td({"class": "amount rank-2"}, text.money(preview.monthly_before)),
        html.td({"class": "amount rank-2"}, text.money(preview.monthly_after)),
        html.td({"class": "amount"}, text.difference(preview.monthly_after - preview.monthly_before)),
    )
    frame = table_frame(
        text("Price difference per line and in total, excl. VAT"),
        [
            (text("Line"), ""),
            (text("Today"), "amount rank-2"),
            (text("After"), "amount rank-2"),
            (text("Difference"), "amount"),
        ],
        foot=foot,
        hover=False,
    )
    more = preview.total_lines - len(preview.items)
    # What happens on each line is said there where it is not the same on all, or stands nowhere above.
    several = not preview.asked or len({tuple(item.words) for item in preview.items if item.change}) > 1
    return panel(
        "lines",
        text("Price per line"),
        rows_table(
            frame, [(str(item.line_id), _item(page, item, several=several)) for item in preview.items]
        ),
        html.p(
            {"class": "panel-footer"},
            text.plural(
                "and {n} more line, counted in the total", "and {n} more lines, counted in the total", more
            ),
        )
        if more > 0
        else None,
        beside=[html.span({"class": "small muted"}, text("A month, excl. VAT"))],
        bare=True,
    )


def _item(page: PageContext, item: ItemPreview, *, several: bool) -> VdomDict:
    text, difference, why = page.text, item.monthly_after - item.monthly_before, item_reason(page, item)
    skipped = item.state == ItemState.SKIPPED
    return html.tr(
        {"class": "is-skipped"} if skipped else {},
        html.th(
            {"scope": "row"},
            number(text.msisdn(item.msisdn) if item.msisdn else text("New number")),
            html.span({"class": "cell-sub"}, item.name),
            html.span({"class": "cell-sub"}, ", ".join(item.words)) if several and item.words else None,
            html.span({"class": "cell-sub"}, why) if why else None,
            html.span({"class": "cell-sub"}, text("{amount} once excl. VAT", amount=text.money(item.one_off)))
            if item.one_off
            else None,
        ),
        html.td({"class": "amount rank-2"}, text.money(item.monthly_before)),
        html.td({"class": "amount rank-2"}, text.money(item.monthly_after)),
        html.td(
            {
                "class": classes(
                    "amount",
                    None
                    if skipped
                    else "difference-up"
                    if difference > 0
                    else "difference-down"
                    if difference < 0
                    else None,
                )
            },
            text.difference(difference),
        ),
    )
