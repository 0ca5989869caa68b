"""The invoices of the company: what is to be paid, by customer number, and the list with its filters."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing import service as billing
from backend.billing.queries import GroupCounts
from backend.billing.schemas import Balance, InvoiceGroup, InvoicePage, InvoiceSummary
from backend.core import clock
from frontend.components.actions import button, link_button
from frontend.components.invoices.list_view import GROUPS, INVOICES, InvoiceView
from frontend.components.invoices.words import due_words, invoice_title, open_words, state_pill
from frontend.components.layout import columns, empty, page_header, panel, tabs
from frontend.components.loading import not_ready
from frontend.components.paging import pager
from frontend.components.table import rows_table, table_frame
from frontend.elements import icon
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import FILE_FORMATS
from frontend.page_context import PageContext
from frontend.pages.invoices.balance import balance_panels
from frontend.queries import use_query

PAGE = 50
TOPICS = ("invoices",)


@component
def InvoicesPage(query: str) -> VdomDict:
    page = use_page()
    text, view = page.text, InvoiceView.read(query)
    found = use_query(billing.balance, topics=TOPICS)
    if found.data is None:
        return html.div(page_header(text("Invoices")), not_ready(text, found))
    balance: Balance = found.data
    head = page_header(
        text("Invoices"),
        html.p(text("What your operator charges the company, per customer number.")),
        actions=_exports(page, view) if balance.accounts else (),
    )
    if view.unknown:
        return html.div(head, _unknown(text, view.unknown))
    if not balance.accounts and not view.narrowed:
        return html.div(head, html.section({"class": "panel"}, _none(text)))
    return html.div(
        head,
        columns(
            [
                Groups(view=view, key="groups"),
                _filters(text, view, balance),
                Listed(view=view, key=f"listed {view.address()}"),
            ],
            balance_panels(text, balance),
        ),
    )


@component
def Groups(view: InvoiceView) -> VdomDict:
    """The groups as tabs, each with its count."""
    text = use_page().text
    counts: GroupCounts | None = use_query(billing.counts_by_group, view.filter, topics=TOPICS).data
    numbers = {
        InvoiceGroup.ALL: counts.everything if counts else None,
        InvoiceGroup.TO_PAY: counts.to_pay if counts else None,
        InvoiceGroup.COLLECTING: counts.collecting if counts else None,
        InvoiceGroup.PAID: counts.paid if counts else None,
        InvoiceGroup.CREDITS: counts.credits if counts else None,
    }
    entries = [
        (text(words), view.in_group(group).address(), numbers[group]) for group, words in GROUPS.items()
    ]
    return tabs(text, text("Invoices by state"), entries, view.in_group(view.filter.group).address())


@component
def Listed(view: InvoiceView) -> VdomDict:
    """One page of the invoices that match."""
    text = use_page().text
    found = use_query(
        billing.list_invoices, view.filter, topics=TOPICS, limit=PAGE, offset=(view.page - 1) * PAGE
    )
    if found.data is None:
        return html.div(not_ready(text, found))
    listed: InvoicePage = found.data
    if not listed.items:
        return html.section({"class": "panel"}, _nothing(text, view))
    return html.div(
        panel(
            "list",
            text.plural("{n} invoice", "{n} invoices", listed.total),
            invoices_table(text, listed.items),
            bare=True,
        ),
        _pager(text, view, listed.total),
    )


def invoices_table(text: Translator, invoices: list[InvoiceSummary]) -> VdomDict:
    """Invoices, the newest first; amounts include VAT."""
    frame = table_frame(
        text("Invoices, the newest first, amounts including VAT"),
        [
            (text("Invoice"), ""),
            (text("Amount incl. VAT"), "amount"),
            (text("Status"), ""),
            (text("Date"), "rank-2"),
        ],
    )
    return rows_table(frame, [(str(one.id), _row(text, one)) for one in invoices])


def _row(text: Translator, invoice: InvoiceSummary) -> VdomDict:
    today = clock.today()
    label = f"{invoice.account} {invoice.account_label}".strip()
    still = open_words(text, invoice)
    due = due_words(text, invoice, today)
    return html.tr(
        html.th(
            {"scope": "row"},
            html.a({"class": "number", "href": f"{INVOICES}/{invoice.id}"}, invoice_title(text, invoice)),
            html.span({"class": "cell-sub"}, label),
            html.span({"class": "cell-sub cell-narrow"}, text.date(invoice.issued_on)),
        ),
        html.td(
            {"class": "amount"},
            html.strong(text.money(invoice.booked_cents)),
            html.span({"class": "cell-sub"}, still) if still else None,
        ),
        html.td(state_pill(text, invoice, today), html.span({"class": "cell-sub"}, due) if due else None),
        html.td({"class": "rank-2"}, text.date(invoice.issued_on)),
    )


def _exports(page: PageContext, view: InvoiceView) -> list[VdomDict]:
    text = page.text
    return [
        link_button(
            text("Export as {kind}", kind=name),
            view.at(1).address(f"/app/export/invoices.{kind}"),
            mark="download",
        )
        for kind, name in FILE_FORMATS.items()
    ]


def _filters(text: Translator, view: InvoiceView, balance: Balance) -> VdomDict:
    """A form of the address: it works before anything else does."""
    wanted = view.filter
    hidden = [("show", str(wanted.group)), ("month", f"{wanted.month:%Y-%m}" if wanted.month else "")]
    accounts = [("", text("Every customer number"))] + [
        (one.account, f"{one.account} {one.label}".strip()) for one in balance.accounts
    ]
    return html.form(
        {
            "class": "toolbar toolbar-plain",
            "action": INVOICES,
            "method": "get",
            "role": "search",
            "key": f"filters {view.address()}",
        },
        *(
            html.input({"type": "hidden", "name": name, "value": value, "key": name})
            for name, value in hidden
            if value
        ),
        html.div(
            {"class": "search"},
            html.label({"class": "visually-hidden", "for": "invoice-search"}, text("Search the invoices")),
            icon("search"),
            html.input(
                {
                    "class": "input input-compact",
                    "type": "search",
                    "id": "invoice-search",
                    "name": "search",
                    "defaultValue": wanted.search,
                    "placeholder": text("Number, amount or communication"),
                    "autocomplete": "off",
                }
            ),
        ),
        html.div(
            html.label({"class": "visually-hidden", "for": "invoice-account"}, text("Customer number")),
            html.select(
                {"class": "input input-compact", "id": "invoice-account", "name": "account"},
                *(
                    html.option(
                        {
                            "value": code,
                            "key": code,
                            **({"selected": True} if code == wanted.account else {}),
                        },
                        words,
                    )
                    for code, words in accounts
                ),
            ),
        ),
        button(text("Filter"), mark="filter", submit=True),
        html.a({"class": "button button-quiet", "href": INVOICES}, text("Clear")) if view.narrowed else None,
    )


def _unknown(text: Translator, value: str) -> VdomDict:
    """In place of the list: without what does not exist it would show more than was meant."""
    words = text("This address filters by something that does not exist: {value}.", value=value)
    action = link_button(text("See all invoices"), INVOICES)
    return html.section(
        {"class": "panel"}, empty(text("This view cannot be shown"), words, action=action, mark="alert")
    )


def _none(text: Translator) -> VdomDict:
    return empty(
        text("No invoice yet"),
        text("Every invoice of your customer numbers will be here, with what is to be paid and until when."),
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
