"""The online payments of an invoice, each with its state and a link to what happened to the money."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.payments import service
from backend.billing.payments.schemas import InvoicePayment
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
        payment_pill(text, payment.state), html.span({"class": "cell-sub"}, who) if who else None
    )
