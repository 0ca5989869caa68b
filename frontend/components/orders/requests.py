"""Requests in a list: one row each, the same on home, on a line and on the page of all requests."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.lifecycle import OrderState
from backend.orders.schemas import OrderSummary
from frontend.components.orders.outcome import outcome_pill
from frontend.components.orders.promise import hour_or_day
from frontend.components.table import rows_table, table_frame
from frontend.i18n import Translator


def promised_or_ended(text: Translator, order: OrderSummary) -> str:
    """When it is promised, or when it ended; the hour alone while it is today's. A held request promises nothing."""
    if order.state is OrderState.HELD:
        return text("on hold for now")
    if order.state is OrderState.SCHEDULED and order.due_on:
        return text.date(order.due_on)
    at = order.ended_at or order.promise.due_at
    return hour_or_day(text, at) if at else ""


def _when_narrow(text: Translator, order: OrderSummary) -> VdomDict | None:
    """The same in a sentence, below the state, where the table is too narrow for its column."""
    when = promised_or_ended(text, order)
    if not when:
        return None
    if order.state is OrderState.HELD:
        words = text("The promised time is on hold")
    elif order.state is OrderState.SCHEDULED and order.due_on:
        words = text("Planned: {when}", when=when)
    elif order.ended_at:
        words = text("Ended: {when}", when=when)
    else:
        words = text("Promised: {when}", when=when)
    return html.span({"class": "cell-sub cell-narrow"}, words)


def whose(text: Translator, order: OrderSummary) -> str:
    """The one line by its number and name, or how many lines it is about."""
    known = [part for part in (order.msisdn and text.msisdn(order.msisdn), order.name) if part]
    if order.lines == 1 and known:
        return ", ".join(known)
    return text.plural("{n} line", "{n} lines", order.lines)


def request_rows(
    text: Translator, orders: Sequence[OrderSummary], *, of_line: bool = False
) -> list[tuple[str, VdomDict]]:
    """`of_line`: all are about one line, which the page names already."""
    return [
        (
            str(order.id),
            html.tr(
                html.th(
                    {"scope": "row"},
                    html.a(
                        {"href": f"/app/requests/{order.reference}"},
                        order.title if of_line else whose(text, order),
                    ),
                    None if of_line else html.span({"class": "cell-sub"}, order.title),
                    html.span({"class": "cell-sub number"}, order.reference),
                ),
                html.td(outcome_pill(text, order.kind, order.outcome), _when_narrow(text, order)),
                html.td({"class": "rank-3"}, order.requested_by),
                html.td({"class": "rank-2 amount"}, promised_or_ended(text, order)),
            ),
        )
        for order in orders
    ]


def requests_table(
    text: Translator, caption: str, orders: Sequence[OrderSummary], *, of_line: bool = False
) -> VdomDict:
    frame = table_frame(
        caption,
        [
            (text("Request"), ""),
            (text("Status"), ""),
            (text("Requested by"), "rank-3"),
            (text("Promised or ended"), "rank-2 amount"),
        ],
    )
    return rows_table(frame, request_rows(text, orders, of_line=of_line))
