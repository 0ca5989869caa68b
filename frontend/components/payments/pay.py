"""Buttons that carry an amount: one that pays now, and one that leads to the page where a payment is chosen."""

import secrets
from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.payments.lifecycle import LEAST_CENTS, MOST_CENTS
from backend.billing.payments.schemas import PaymentInfo, PaymentPart
from backend.billing.payments.service import wait_for_page
from backend.billing.payments.starting import start_payment
from backend.core.permissions import Permission
from frontend.components.actions import button, link_button
from frontend.elements import notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from tenants.scope import Actor

PAYMENTS = "/app/payments"
CHOOSE = "/app/pay"


def pays_online(page: PageContext, cents: int) -> bool:
    """Whether this person may pay this amount online, here."""
    offered = bool(page.settings.stripe_key) and page.may(Permission.INVOICES_PAY)
    return offered and LEAST_CENTS <= cents <= MOST_CENTS


def choose_address(invoice_ids: Sequence[UUID] = ()) -> str:
    """The address of the page where a payment of these invoices is checked; of all that is due, without any."""
    return f"{CHOOSE}?{urlencode([('invoice', str(one)) for one in invoice_ids])}" if invoice_ids else CHOOSE


def pay_link(text: Translator, cents: int, invoice_ids: Sequence[UUID] = ()) -> VdomDict:
    """To the page where the payment is checked, with the amount."""
    return link_button(
        text("Pay {amount}", amount=text.money(cents)),
        choose_address(invoice_ids),
        kind="primary wide",
    )


async def start_and_wait(actor: Actor, parts: Sequence[PaymentPart]) -> PaymentInfo:
    """Begin a payment, and wait until its page is open. Each press is a request of its own: the last one counts."""
    payment_id = await start_payment(actor, parts, request_key=secrets.token_hex(16))
    return await wait_for_page(actor, payment_id)


async def go_to_page(page: PageContext, payment: PaymentInfo) -> None:
    """Leave for the hosted page; where there is none, go to the payment's own page, which says why."""
    if payment.address:
        await page.push("go", to=payment.address, outside=True)
    else:
        await page.navigate(f"{PAYMENTS}/{payment.id}")


@component
def PayButton(parts: tuple[PaymentPart, ...], cents: int) -> VdomDict:
    """Pay now: the payment page opens at once. It shows what was refused, and why."""
    page = use_page()
    text = page.text
    pay = use_mutation(start_and_wait, done=lambda payment: go_to_page(page, payment))
    problem = pay.problem
    return html.div(
        {"class": "stack stack-tight"},
        button(
            text("Opening the payment page…")
            if pay.pending
            else text("Pay {amount}", amount=text.money(cents)),
            kind="primary wide",
            busy=pay.pending,
            on_click=lambda _event: pay.run(parts),
        ),
        html.p({"class": "small muted"}, methods_note(text)),
        notice(problem.words, tone="attention", mark="alert", live=True) if problem else None,
    )


def methods_note(text: Translator) -> str:
    """How one can pay online."""
    return text("By card, Bancontact or SEPA debit, on the page of the payment service.")
