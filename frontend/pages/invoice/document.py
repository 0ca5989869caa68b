"""What an invoice's document says of the whole: VAT by rate, parties, words."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.schemas import InvoiceDetail, VatRow
from frontend.components.layout import panel
from frontend.components.table import rows_table, table_frame
from frontend.elements import Child, key_values, number
from frontend.i18n import Translator


def _about_pdf(text: Translator, detail: InvoiceDetail) -> VdomDict | None:
    """That the PDF is ours, where the operator sent none."""
    if any(one.kind == "pdf" for one in detail.files):
        return None
    return html.p(
        {"class": "small muted"},
        text(
            "Your operator sent no PDF. This one is made from the electronic invoice, which is the invoice itself."
        ),
    )


def vat_panel(text: Translator, detail: InvoiceDetail) -> VdomDict:
    frame = table_frame(
        text("VAT by rate, as the document says it"),
        [
            (text("Rate"), ""),
            (text("Base"), "amount"),
            (text("VAT"), "amount"),
            (text("Total"), "amount rank-2"),
        ],
        hover=False,
    )
    return panel(
        "vat",
        text("VAT"),
        rows_table(frame, [(str(at), _rate(text, row)) for at, row in enumerate(detail.vat)]),
        bare=True,
    )


def _rate(text: Translator, row: VatRow) -> VdomDict:
    rate = (
        text("{rate} %", rate=text.decimal(float(row.percent))) if row.percent is not None else row.category
    )
    return html.tr(
        html.th(
            {"scope": "row"}, rate, html.span({"class": "cell-sub"}, row.exemption) if row.exemption else None
        ),
        html.td({"class": "amount"}, text.money(row.taxable_cents)),
        html.td({"class": "amount"}, text.money(row.tax_cents)),
        html.td({"class": "amount rank-2"}, text.money(row.taxable_cents + row.tax_cents)),
    )


def parties_panel(text: Translator, detail: InvoiceDetail) -> VdomDict:
    buyer = [detail.buyer_name, *detail.buyer_address.splitlines()]
    rows: list[tuple[Child, Child]] = [
        (text("Issued by"), detail.seller_name),
        (text("Addressed to"), html.span(*(part for line in buyer if line for part in (line, html.br())))),
    ]
    if detail.buyer_number:
        rows.append((text("Enterprise number"), number(detail.buyer_number)))
    if detail.corrects:
        rows.append((text("Corrects"), ", ".join(detail.corrects)))
    rows.append((text("Received"), text.moment(detail.received_at)))
    return panel(
        "parties", text("About this document"), key_values(rows, stacked=True), _about_pdf(text, detail)
    )


def note_panel(text: Translator, detail: InvoiceDetail) -> VdomDict | None:
    words = [part for part in (detail.note, detail.terms) if part.strip()]
    if not words:
        return None
    return panel(
        "note", text("Words of the invoice"), *(html.p({"key": str(at)}, one) for at, one in enumerate(words))
    )
