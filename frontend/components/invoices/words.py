"""Words for invoices: their state, when they are due, kinds of charges, movements."""

from datetime import date

from reactpy.types import VdomDict

from backend.billing.lifecycle import CollectionMode, DueBasis, InvoiceState, LedgerKind, payable_now
from backend.billing.schemas import ChargeKind, InvoiceSummary
from backend.billing.ubl.document import BooksAs
from frontend.elements import pill
from frontend.i18n import Translator, translatable

# State -> words, tone, shape
STATES = {
    InvoiceState.ISSUED: (translatable("To be paid"), "attention", "clock"),
    InvoiceState.PARTIALLY_PAID: (translatable("Partly paid"), "attention", "half"),
    InvoiceState.OVERDUE: (translatable("Overdue"), "attention", "alert"),
    InvoiceState.COLLECTING: (translatable("Collection in progress"), "running", "half"),
    InvoiceState.DISPUTED: (translatable("Disputed"), "running", "pause"),
    InvoiceState.PAID: (translatable("Paid"), "active", "check"),
    InvoiceState.CREDITED: (translatable("Credited"), "active", "check"),
    InvoiceState.WRITTEN_OFF: (translatable("Written off"), "", "minus"),
    InvoiceState.CREDIT_OPEN: (translatable("Credit not used yet"), "active", "ring"),
    InvoiceState.CREDIT_USED: (translatable("Credit used"), "active", "check"),
}
DEBIT = (translatable("Direct debit"), "running", "half")
KINDS = {
    ChargeKind.RECURRING: translatable("Monthly charges"),
    ChargeKind.ONE_OFF: translatable("One-off charges"),
    ChargeKind.USAGE: translatable("Use beyond the bundle"),
    ChargeKind.DISCOUNT: translatable("Discounts"),
    ChargeKind.CREDIT: translatable("Credits"),
    ChargeKind.OTHER: translatable("Other charges"),
}
MOVEMENTS = {
    LedgerKind.INVOICE: translatable("Invoice"),
    LedgerKind.CREDIT_NOTE: translatable("Credit note"),
    LedgerKind.PAYMENT: translatable("Payment"),
    LedgerKind.REFUND: translatable("Refund"),
    LedgerKind.REVERSAL: translatable("Payment that came back"),
    LedgerKind.WRITE_OFF: translatable("Written off by the operator"),
    LedgerKind.ALLOCATION: translatable("Credit used"),
}


def invoice_title(text: Translator, invoice: InvoiceSummary) -> str:
    """What it is, with its number."""
    if invoice.books_as == BooksAs.CREDIT:
        return text("Credit note {number}", number=invoice.number)
    return text("Invoice {number}", number=invoice.number)


def _shown(invoice: InvoiceSummary, today: date) -> tuple[str, str, str]:
    """Words, tone and mark of its state. One that announces its debit asks nobody to pay."""
    state = invoice.state(today)
    asks = state in {InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID, InvoiceState.OVERDUE}
    announced = asks and invoice.collection == CollectionMode.DIRECT_DEBIT
    return DEBIT if announced else STATES[state]


def state_words(text: Translator, invoice: InvoiceSummary, today: date) -> str:
    """The state of an invoice, as its page says it."""
    return text(_shown(invoice, today)[0])


def state_pill(text: Translator, invoice: InvoiceSummary, today: date) -> VdomDict:
    """The state of an invoice."""
    words, tone, mark = _shown(invoice, today)
    return pill(text(words), tone, mark)


def due_words(text: Translator, invoice: InvoiceSummary, today: date) -> str:
    """When it has to be paid, or when it was closed; "" where there is nothing to say."""
    if invoice.open_cents == 0:
        return text("on {date}", date=text.date(invoice.closed_on)) if invoice.closed_on else ""
    if invoice.books_as == BooksAs.CREDIT:
        return text("{amount} left", amount=text.money(-invoice.open_cents))
    # Of what is being collected a day would read as the day of the collection
    collecting = invoice.state(today) == InvoiceState.COLLECTING
    debit_on = invoice.collect_on or invoice.due_on
    if debit_on is not None and not collecting and invoice.will_be_debited:
        return text("debit on {date}", date=text.date(debit_on))
    if invoice.due_on is not None and not collecting:
        before = text("before {date}", date=text.date(invoice.due_on))
        late = text("since {date}", date=text.date(invoice.due_on))
        return late if invoice.due_on < today else before
    if collecting:
        return ""
    return text("by its payment terms") if invoice.due_basis == DueBasis.TERMS else text("due on receipt")


def open_words(text: Translator, invoice: InvoiceSummary) -> str:
    """What is still open where that is not the whole; "" otherwise."""
    if invoice.books_as == BooksAs.CREDIT or invoice.open_cents in {0, invoice.booked_cents}:
        return ""
    return text("{amount} still open", amount=text.money(invoice.open_cents))


def payable_cents(invoice: InvoiceSummary) -> int:
    """What may be paid by its customer now: nothing where a debit is announced."""
    return payable_now(invoice.facts) if invoice.collection == CollectionMode.MANUAL else 0
