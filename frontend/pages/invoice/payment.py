"""What is to be paid of an invoice, and how: by transfer with its code, or by the debit that it announces."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.lifecycle import InvoiceState
from backend.billing.mandates.words import not_debited_words
from backend.billing.payments.schemas import PaymentPart
from backend.billing.qr import code_path, transfer_code
from backend.billing.schemas import InvoiceDetail
from backend.billing.ubl.document import BooksAs
from backend.catalog.identifiers import format_communication
from backend.core import clock
from frontend.components.invoices.words import due_words, payable_cents
from frontend.components.layout import panel
from frontend.components.payments.pay import PayButton, choose_address, pays_online
from frontend.elements import Child, key_values, notice, number
from frontend.i18n import Translator
from frontend.page_context import PageContext


def amount_due(page: PageContext, detail: InvoiceDetail) -> VdomDict | None:
    """The amount, until when, and the button that pays it; or why nobody has to pay."""
    text, summary, today = page.text, detail.summary, clock.today()
    state = summary.state(today)
    if summary.books_as == BooksAs.CREDIT or summary.open_cents <= 0:
        return None
    if summary.will_be_debited:
        return notice(_debit_words(text, detail), tone="", mark="bank")
    if state is InvoiceState.COLLECTING:
        return notice(text("A payment is being collected: do not pay a second time."), mark="half")
    due = payable_cents(summary)
    if not due:
        return notice(text("What is open is disputed: nothing is to be paid now."), mark="pause")
    late = state is InvoiceState.OVERDUE
    return html.section(
        {"class": "amount-due first-narrow", "aria-labelledby": "due"},
        html.h2({"id": "due"}, text("Amount to pay")),
        html.div(
            html.p({"class": "figure"}, text.money(due)),
            html.p({"class": "muted"}, ", ".join((text("VAT included"), due_words(text, summary, today)))),
        ),
        _not_debited(text, detail),
        notice(text("The due date has passed."), tone="attention", mark="alert") if late else None,
        notice(
            text("{amount} more are being collected.", amount=text.money(summary.collecting_cents)),
            mark="half",
        )
        if summary.collecting_cents
        else None,
        *(_online(text, summary.id, due) if pays_online(page, due) else ()),
    )


def _debit_words(text: Translator, detail: InvoiceDetail) -> str:
    if detail.summary.collect_on is None:
        return text("This invoice will be debited: you have nothing to pay.")
    day = text.date(detail.summary.collect_on)
    return text("This invoice will be debited on {date}: you have nothing to pay.", date=day)


def _not_debited(text: Translator, detail: InvoiceDetail) -> VdomDict | None:
    """Why an invoice that announced a debit is to be paid after all."""
    # What is disputed is not asked for
    amount = text.money(payable_cents(detail.summary))
    words = not_debited_words(text.language, detail.not_debited, number=detail.summary.number, amount=amount)
    return notice(words, tone="attention", mark="bank") if words else None


def _online(text: Translator, invoice_id: UUID, due: int) -> list[Child]:
    """The button that pays, and the way to pay a part."""
    return [
        PayButton(parts=(PaymentPart(invoice_id=invoice_id),), cents=due, key=f"pay {due}"),
        html.p({"class": "small"}, html.a({"href": choose_address([invoice_id])}, text("Pay only a part"))),
    ]


def transfer(text: Translator, detail: InvoiceDetail) -> VdomDict | None:
    """Account, beneficiary and communication of a transfer, with the code for banking applications."""
    summary = detail.summary
    if not payable_cents(summary) or not detail.iban:
        return None
    rows: list[tuple[Child, Child]] = []
    if detail.structured:
        rows.append((text("Structured communication"), number(format_communication(detail.structured))))
    elif detail.payment_reference:
        rows.append((text("Communication"), detail.payment_reference))
    rows.append((text("Account"), number(grouped_account(detail.iban))))
    rows.append((text("Beneficiary"), detail.payee))
    code = transfer_code(detail)
    return panel(
        "transfer",
        text("By bank transfer"),
        _drawing(text, code, payable_cents(summary)) if code else None,
        key_values(rows, stacked=True),
    )


def _drawing(text: Translator, code: str, cents: int) -> VdomDict:
    width, path = code_path(code)
    label = text("QR code of the transfer, {amount}", amount=text.money(cents))
    return html.div(
        {"class": "row"},
        html.svg(
            {
                "class": "qr",
                "viewBox": f"0 0 {width} {width}",
                "role": "img",
                "aria-label": label,
                "shape-rendering": "crispEdges",
            },
            html.svg.path({"fill": "currentColor", "d": path}),
        ),
        html.p({"class": "small muted"}, text("Scan it with your banking application.")),
    )


def grouped_account(account: str) -> str:
    """An IBAN in groups of four."""
    plain = account.replace(" ", "")
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
