"""What was paid of an invoice: its entries in the ledger, and the online payments with what happened to the money."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.lifecycle import LedgerKind
from backend.billing.payments import service
from backend.billing.payments.schemas import InvoicePayment
from backend.billing.schemas import Entry, InvoiceDetail
from frontend.components.invoices.words import MOVEMENTS
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.payments.pay import PAYMENTS
from frontend.components.payments.words import method_words, payment_pill
from frontend.elements import Child, key_values
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.queries import use_query

SHOWN = 10


@component
def InvoicePayments(invoice: str) -> VdomDict:
    """The newest first; nothing where nobody began to pay online."""
    text = use_page().text
    found = use_query(service.payments_of_invoice, UUID(invoice), topics=(f"invoice:{invoice}",))
    if found.data is None:
        return html.div(not_ready(text, found))
    listed: list[InvoicePayment] = found.data
    if not listed:
        return html.div()
    rows: list[tuple[Child, Child]] = [(_name(text, one), _state(text, one)) for one in listed[:SHOWN]]
    more = len(listed) - SHOWN
    return html.div(
        panel(
            "online-payments",
            text("Online payments"),
            key_values(rows, stacked=True),
            html.p({"class": "small muted"}, text.plural("{n} earlier one", "{n} earlier ones", more))
            if more > 0
            else None,
        )
    )


def _name(text: Translator, payment: InvoicePayment) -> VdomDict:
    at = payment.paid_at or payment.created_at
    words = text("{amount}, {date}", amount=text.money(payment.cents), date=text.date(at))
    return html.a({"href": f"{PAYMENTS}/{payment.id}"}, words)


def _state(text: Translator, payment: InvoicePayment) -> VdomDict:
    how = method_words(text, payment.method)
    who = ", ".join(part for part in (payment.payer_name, how) if part)
    return html.span(
        payment_pill(text, payment.state, payment.failure),
        " ",
        html.span({"class": "cell-sub"}, who) if who else None,
    )


def movements(text: Translator, detail: InvoiceDetail) -> VdomDict | None:
    """What was paid or credited, and what is left."""
    after = [one for one in detail.entries if one.kind not in {LedgerKind.INVOICE, LedgerKind.CREDIT_NOTE}]
    if not after and not detail.reminders:
        return None
    rows: list[tuple[Child, Child]] = [(_moved(text, one), text.money(one.cents)) for one in after]
    rows += [(text("Reminder {step}", step=one.step), text.date(one.reminded_on)) for one in detail.reminders]
    rows.append((text("Still open"), html.strong(text.money(detail.summary.open_cents))))
    title = text("Payments and credits") if after else text("Reminders")
    return panel("movements", title, key_values(rows, stacked=True))


def _moved(text: Translator, entry: Entry) -> str:
    return text(
        "{what}, {date}", what=text(MOVEMENTS[LedgerKind(entry.kind)]), date=text.date(entry.value_on)
    )
