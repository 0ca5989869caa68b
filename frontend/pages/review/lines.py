"""What a request changes on each of its lines."""

from reactpy import html
from reactpy.types import VdomDict

from backend.core.formats import labelled
from backend.orders.lifecycle import ItemState
from backend.orders.outcome import WaitsFor, is_missing
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.schemas import ItemPreview, OrderPreview
from frontend.components.layout import panel
from frontend.components.table import rows_table, table_frame
from frontend.elements import classes, icon, number
from frontend.page_context import PageContext


def remarks(page: PageContext, item: ItemPreview) -> list[VdomDict]:
    """Why a line stays as it is, or what of the request changes nothing on it; amber where a wish is left out."""
    texts, skipped = OutcomeTexts(page.text.language), item.state is ItemState.SKIPPED
    if skipped:
        words = ", ".join(item.noted) or item.why
        how = texts.item(item.state, item.reason, WaitsFor.NOBODY)
        said = labelled(page.text.language, how, f"{words.rstrip('.')}.")
        return [_remark(said, missing=is_missing(item.reason))]
    return [
        _remark(texts.left_out(words), missing=True) if what in item.left_out else _remark(words)
        for what, words in zip(item.notes, item.noted, strict=True)
    ]


def _remark(words: str, *, missing: bool = False) -> VdomDict:
    mark = icon("alert", "icon-small", "icon-attention") if missing else None
    return html.span({"class": "cell-sub", "key": words}, mark, " " if mark else None, words)


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
    return panel(
        "lines",
        text("Price per line"),
        rows_table(frame, [(str(item.line_id), _item(page, item)) for item in preview.items]),
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


def _item(page: PageContext, item: ItemPreview) -> VdomDict:
    text, difference = page.text, item.monthly_after - item.monthly_before
    skipped = item.state == ItemState.SKIPPED
    return html.tr(
        {"class": "is-skipped"} if skipped else {},
        html.th(
            {"scope": "row"},
            number(text.msisdn(item.msisdn) if item.msisdn else text("New number")),
            html.span({"class": "cell-sub"}, item.name),
            # The old value and the new one
            *(html.span({"class": "cell-sub", "key": words}, words) for words in item.words),
            *remarks(page, item),
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
