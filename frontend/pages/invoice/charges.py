"""The charges of an invoice by number, the highest first; each number leads to its line."""

from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing import charge_views
from backend.billing.schemas import NumberTotal
from backend.core.permissions import Permission
from frontend.components.actions import button
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

FIRST, ALL = 25, 200


@component
def NumberCharges(invoice: str) -> VdomDict:
    page = use_page()
    text = page.text
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
        _table(page, rows),
        html.div(
            {"class": "panel-footer"},
            html.span(text("{shown} of {total} numbers, the highest first", shown=len(rows), total=total)),
            button(text("Show more"), kind="small", on_click=lambda _event: show(ALL))
            if shown < ALL
            else None,
        )
        if left
        else None,
        beside=[html.span({"class": "small muted"}, text("excl. VAT"))],
        bare=True,
    )


def _table(page: PageContext, rows: list[NumberTotal]) -> VdomDict:
    text = page.text
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
    may = page.may(Permission.LINES_READ)
    return rows_table(frame, [(row.msisdn or "-", _row(text, row, may_open=may)) for row in rows])


def _row(text: Translator, row: NumberTotal, *, may_open: bool) -> VdomDict:
    words = text.msisdn(row.msisdn) if row.msisdn else text("Not of one number")
    name: VdomDict | str = (
        html.a({"class": "number", "href": f"/app/lines/{row.line_id}"}, words)
        if row.line_id and may_open
        else html.span({"class": "number"}, words)
    )
    return html.tr(
        html.th({"scope": "row"}, name, html.span({"class": "cell-sub"}, row.name) if row.name else None),
        html.td({"class": "amount rank-2"}, text.money(row.recurring_cents)),
        html.td({"class": "amount rank-2"}, text.money(row.usage_cents)),
        html.td({"class": "amount rank-3"}, text.money(row.other_cents)),
        html.td({"class": "amount"}, html.strong(text.money(row.cents))),
    )
