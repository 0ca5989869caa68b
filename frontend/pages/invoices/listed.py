"""One page of invoices as a table, and what stands there where nothing matches."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing import service as billing
from backend.billing.schemas import InvoiceGroup, InvoiceList, InvoiceSummary
from backend.core import clock
from frontend.components.actions import button, link_button
from frontend.components.invoices.list_view import INVOICES, InvoiceView
from frontend.components.invoices.words import (
    due_words,
    invoice_title,
    open_words,
    payable_cents,
    state_pill,
)
from frontend.components.layout import empty, panel
from frontend.components.loading import not_ready
from frontend.components.paging import pager
from frontend.components.payments.pay import CHOOSE, pays_online
from frontend.components.table import rows_table, table_frame
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

PAGE = 50
TOPICS = ("invoices",)


@component
def InvoicesListed(view: InvoiceView) -> VdomDict:
    """One page of the invoices that match."""
    page = use_page()
    text = page.text
    found = use_query(
        billing.list_invoices, view.filter, topics=TOPICS, limit=PAGE, offset=(view.page - 1) * PAGE
    )
    if found.data is None:
        return html.div(not_ready(text, found))
    listed: InvoiceList = found.data
    if not listed.items:
        return html.section({"class": "panel"}, _nothing(text, view))
    return html.div(
        panel(
            "list",
            text.plural("{n} invoice", "{n} invoices", listed.total),
            _choice(page, listed.items),
            bare=True,
        ),
        _pager(text, view, listed.total),
    )


def _choice(page: PageContext, invoices: list[InvoiceSummary]) -> VdomDict:
    """The table; where some of it can be paid online, a form in which they are chosen."""
    text = page.text
    may = any(pays_online(page, payable_cents(one)) for one in invoices)
    table = invoices_table(text, invoices, choose=may)
    if not may:
        return table
    return html.form(
        {"action": CHOOSE, "method": "get", "aria-label": text("Choose invoices to pay")},
        html.input({"type": "hidden", "name": "choose", "value": "1"}),
        table,
        html.div(
            {"class": "panel-footer"},
            html.span(text("Tick the invoices that you pay together.")),
            button(text("Pay the chosen invoices"), kind="small", submit=True),
        ),
    )


def invoices_table(text: Translator, invoices: list[InvoiceSummary], *, choose: bool = False) -> VdomDict:
    """Invoices, the newest first; amounts include VAT. `choose`: what can be paid has a box to tick."""
    heads = [
        (text("Invoice"), ""),
        (text("Amount incl. VAT, date"), "amount"),
        (text("Status"), "rank-2"),
    ]
    frame = table_frame(
        text("Invoices, the newest first, amounts including VAT"),
        [(text("Pay"), "tight"), *heads] if choose else heads,
    )
    return rows_table(frame, [(str(one.id), _row(text, one, choose=choose)) for one in invoices])


def _box(text: Translator, invoice: InvoiceSummary) -> VdomDict:
    """The box of an invoice that can be paid now. Of the others the state says why there is none."""
    if not payable_cents(invoice):
        return html.td({"class": "tight"})
    label = text("Pay invoice {number}", number=invoice.number)
    box = {"type": "checkbox", "name": "invoice", "value": str(invoice.id), "aria-label": label}
    return html.td({"class": "tight"}, html.input(box))


def _row(text: Translator, invoice: InvoiceSummary, *, choose: bool) -> VdomDict:
    today = clock.today()
    label = f"{invoice.account} {invoice.account_label}".strip()
    still = open_words(text, invoice)
    due = due_words(text, invoice, today)
    return html.tr(
        _box(text, invoice) if choose else None,
        html.th(
            {"scope": "row"},
            html.a({"class": "number", "href": f"{INVOICES}/{invoice.id}"}, invoice_title(text, invoice)),
            html.span({"class": "cell-sub"}, label),
            html.span({"class": "cell-sub cell-narrow"}, state_pill(text, invoice, today)),
            html.span({"class": "cell-sub cell-narrow"}, due) if due else None,
        ),
        html.td(
            {"class": "amount"},
            html.strong(text.money(invoice.booked_cents)),
            html.span({"class": "cell-sub"}, text.date(invoice.issued_on)),
            html.span({"class": "cell-sub"}, still) if still else None,
        ),
        html.td(
            {"class": "rank-2"},
            state_pill(text, invoice, today),
            html.span({"class": "cell-sub"}, due) if due else None,
        ),
    )


def _nothing(text: Translator, view: InvoiceView) -> VdomDict:
    if view.narrowed:
        return empty(
            text("Nothing matches these filters"),
            text("Look under all invoices, or search for something else."),
            action=link_button(text("Clear the filters"), INVOICES),
        )
    words = {
        InvoiceGroup.TO_PAY: text("Nothing is to be paid."),
        InvoiceGroup.COLLECTING: text("Nothing is being collected."),
        InvoiceGroup.PAID: text("No invoice was paid yet."),
        InvoiceGroup.CREDITS: text("There is no credit note."),
    }
    return empty(
        words.get(view.filter.group, text("No invoice yet")),
        action=link_button(text("See all invoices"), INVOICES),
    )


def _pager(text: Translator, view: InvoiceView, total: int) -> VdomDict | None:
    if total <= PAGE:
        return None
    previous = view.at(view.page - 1).address() if view.page > 1 else None
    following = view.at(view.page + 1).address() if view.page * PAGE < total else None
    return pager(text, previous, following, style="pager push pager-below")
