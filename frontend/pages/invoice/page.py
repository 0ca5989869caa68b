"""One invoice: what it charges, its VAT, what was paid of it, how to pay the rest, and its files."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing import service as billing
from backend.billing.schemas import ChargeKind, FileInfo, InvoiceDetail
from backend.billing.ubl.document import BooksAs
from backend.core import clock
from frontend.components.actions import link_button
from frontend.components.invoices.list_view import INVOICES
from frontend.components.invoices.words import KINDS, invoice_title, state_pill
from frontend.components.layout import breadcrumb, columns, page_header, panel
from frontend.components.loading import not_ready
from frontend.elements import Child, key_values
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.pages.invoice.charges import CentreCharges, NumberCharges
from frontend.pages.invoice.difference import DifferencePanel
from frontend.pages.invoice.disputes import DisputesPanel
from frontend.pages.invoice.document import note_panel, parties_panel, vat_panel
from frontend.pages.invoice.number import disputable
from frontend.pages.invoice.paid import InvoicePayments, movements
from frontend.pages.invoice.payment import amount_due, transfer
from frontend.pages.invoice.proof import ProofPanel
from frontend.queries import use_query


@component
def InvoicePage(invoice: str) -> VdomDict:
    page = use_page()
    text, invoice_id = page.text, UUID(invoice)
    found = use_query(billing.get_invoice, invoice_id, topics=("invoices", f"invoice:{invoice}"))
    if found.data is None:
        return html.div(not_ready(text, found, alone=True))
    detail: InvoiceDetail = found.data
    credit = detail.summary.books_as == BooksAs.CREDIT
    return html.div(
        _header(page, detail),
        columns(
            [
                _kinds(text, detail),
                ProofPanel(invoice=invoice, disputable=disputable(detail), key="proof")
                if detail.charges and not credit
                else None,
                DifferencePanel(invoice=invoice, key="difference") if not credit else None,
                NumberCharges(invoice=invoice, key="numbers") if detail.charges else None,
                CentreCharges(invoice=invoice, key="centres") if detail.charges else None,
                vat_panel(text, detail),
                note_panel(text, detail),
            ],
            [
                amount_due(page, detail),
                transfer(text, detail),
                InvoicePayments(invoice=invoice, key="payments"),
                movements(text, detail),
                DisputesPanel(invoice=invoice, disputable=disputable(detail), key="disputes"),
                parties_panel(text, detail),
            ],
        ),
    )


def _header(page: PageContext, detail: InvoiceDetail) -> VdomDict:
    text, summary = page.text, detail.summary
    title = invoice_title(text, summary)
    period = (
        text(
            "{first} to {last}",
            first=text.date(summary.period_start),
            last=text.date(summary.period_end),
        )
        if summary.period_start and summary.period_end
        else ""
    )
    account = text("customer no. {number}", number=f"{summary.account} {summary.account_label}".strip())
    return page_header(
        html.h1(title),
        html.p(
            ", ".join(
                part
                for part in (
                    detail.seller_name,
                    account,
                    period,
                    text("issued on {date}", date=text.date(summary.issued_on)),
                )
                if part
            )
        ),
        beside=state_pill(text, summary, clock.today()),
        actions=_files(text, detail),
        crumbs=breadcrumb(text, (text("Invoices"), INVOICES), (summary.number, None)),
    )


def _files(text: Translator, detail: InvoiceDetail) -> list[VdomDict]:
    """The PDF, the operator's or ours, before the document itself, then what is attached."""
    order = {"pdf": 0, "original": 1, "attachment": 2}
    files = sorted(detail.files, key=lambda one: order[one.kind])
    links = [_file_link(text, detail, one) for one in files]
    if any(one.kind == "pdf" for one in files):
        return links
    ours = f"/app/files/invoice-pdf/{detail.summary.id}"
    return [link_button("PDF", ours, mark="download", more={"key": "pdf"}), *links]


def _file_link(text: Translator, detail: InvoiceDetail, file: FileInfo) -> VdomDict:
    words = {"pdf": "PDF", "original": text("Electronic invoice (XML)")}.get(file.kind, file.name)
    address = f"/app/files/invoices/{detail.summary.id}/{file.id}"
    return link_button(words, address, mark="download", more={"key": str(file.id)})


def _kinds(text: Translator, detail: InvoiceDetail) -> VdomDict:
    rows: list[tuple[str, Child]] = [
        (text(KINDS[ChargeKind(one.kind)]), text.money(one.cents)) for one in detail.by_kind
    ]
    rows.append((text("Total excl. VAT"), html.strong(text.money(detail.excl_vat_cents))))
    rows.append((text("VAT"), text.money(detail.vat_cents)))
    rows.append((text("Total incl. VAT"), html.strong(text.money(detail.incl_vat_cents))))
    if detail.prepaid_cents:
        rows.append((text("Paid in advance"), text.money(-detail.prepaid_cents)))
    if detail.rounding_cents:
        rows.append((text("Rounding"), text.money(detail.rounding_cents)))
    if detail.prepaid_cents or detail.rounding_cents:
        rows.append((text("Amount of the invoice"), html.strong(text.money(detail.summary.booked_cents))))
    count = text.plural("{n} charge, excl. VAT", "{n} charges, excl. VAT", detail.charges)
    return panel(
        "kinds",
        text("What is charged"),
        key_values(rows),
        beside=[html.span({"class": "small muted"}, count)],
    )
