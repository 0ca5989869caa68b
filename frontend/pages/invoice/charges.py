"""The charges of an invoice by number, the highest first; each number leads to its charges."""

from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing import charge_views
from backend.billing.schemas import CentreTotal, NumberTotal
from frontend.components.actions import button
from frontend.components.invoices.numbers import number_address
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.queries import use_query

FIRST, ALL = 25, 200


@component
def NumberCharges(invoice: str) -> VdomDict:
    text = use_page().text
    shown, show = use_state(FIRST)
    found = use_query(
        charge_views.charges_by_number, UUID(invoice), topics=(f"invoice:{invoice}",), limit=shown
    )
    if found.data is None:
        return html.div(not_ready(text, found))
    rows: list[NumberTotal] = found.data
    total = rows[0].total_numbers if rows else 0
    left = total - len(rows)
    return panel(
        "by-number",
        text("By number"),
        _table(text, invoice, rows),
        html.div(
            {"class": "panel-footer"},
            html.span(text("{shown} of {total} numbers, the highest first", shown=len(rows), total=total)),
            button(text("Show more"), kind="small", local=True, on_click=lambda _event: show(ALL))
            if shown < ALL
            else None,
        )
        if left
        else None,
        beside=[html.span({"class": "small muted"}, text("excl. VAT"))],
        bare=True,
    )


def _table(text: Translator, invoice: str, rows: list[NumberTotal]) -> VdomDict:
    frame = table_frame(
        text("Charges by number, excluding VAT"),
        [
            (text("Number"), ""),
            (text("Monthly"), "amount rank-2"),
            (text("Use"), "amount rank-2"),
            (text("Other"), "amount rank-3"),
            (text("Total"), "amount"),
        ],
    )
    return rows_table(frame, [(row.msisdn or "-", _row(text, invoice, row)) for row in rows])


def _row(text: Translator, invoice: str, row: NumberTotal) -> VdomDict:
    words = text.msisdn(row.msisdn) if row.msisdn else text("Not of one number")
    name = html.a({"class": "number", "href": number_address(invoice, row.msisdn)}, words)
    return html.tr(
        html.th({"scope": "row"}, name, html.span({"class": "cell-sub"}, row.name) if row.name else None),
        html.td({"class": "amount rank-2"}, text.money(row.recurring_cents)),
        html.td({"class": "amount rank-2"}, text.money(row.usage_cents)),
        html.td({"class": "amount rank-3"}, text.money(row.other_cents)),
        html.td({"class": "amount"}, html.strong(text.money(row.cents))),
    )


@component
def CentreCharges(invoice: str) -> VdomDict | None:
    """The charges of each cost centre; nothing where the invoice names none."""
    text = use_page().text
    found = use_query(
        charge_views.charges_by_centre, UUID(invoice), topics=(f"invoice:{invoice}",), limit=ALL
    )
    if found.error:
        return panel("by-centre", text("By cost centre"), not_ready(text, found))
    rows: list[CentreTotal] = found.data or []
    if not any(row.code for row in rows):
        return None
    frame = table_frame(
        text("Charges by cost centre, excluding VAT"),
        [(text("Cost centre"), ""), (text("Charges"), "amount rank-2"), (text("Total"), "amount")],
    )
    table = rows_table(frame, [(row.code or "-", _centre(text, row)) for row in rows])
    excl = html.span({"class": "small muted"}, text("excl. VAT"))
    return panel("by-centre", text("By cost centre"), table, beside=[excl], bare=True)


def _centre(text: Translator, row: CentreTotal) -> VdomDict:
    return html.tr(
        html.th(
            {"scope": "row"},
            row.code or text("No cost centre"),
            html.span({"class": "cell-sub"}, row.name) if row.name else None,
        ),
        html.td({"class": "amount rank-2"}, text.number(row.charges)),
        html.td({"class": "amount"}, html.strong(text.money(row.cents))),
    )
