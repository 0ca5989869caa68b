"""What is to be paid, on the page of invoices and on the home page."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing import service as billing
from backend.billing.payments.lifecycle import MOST_INVOICES
from backend.billing.schemas import Balance, InvoiceGroup
from frontend.components.invoices.list_view import INVOICES, InvoiceView
from frontend.components.loading import not_ready
from frontend.components.payments.pay import pay_link, pays_online
from frontend.elements import notice
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query


@component
def InvoicesDue() -> VdomDict:
    """The amount to pay; nothing where the company has no invoice yet."""
    page = use_page()
    text = page.text
    found = use_query(billing.balance, topics=("invoices",))
    if found.data is None:
        return html.div(not_ready(text, found))
    balance: Balance = found.data
    return html.div(due_panel(page, balance) if balance.accounts else None)


def due_panel(page: PageContext, balance: Balance, *, see: bool = True) -> VdomDict:
    """The amount, until when, the button that pays all of it, and with `see` the way to the invoices."""
    text = page.text
    all_in_one = balance.due_invoices <= MOST_INVOICES and pays_online(page, balance.due_cents)
    many = text.plural("{n} invoice, VAT included", "{n} invoices, VAT included", balance.due_invoices)
    until = _until(text, balance)
    return html.section(
        {"class": "amount-due first-narrow", "aria-labelledby": "due"},
        html.h2({"id": "due"}, text("To pay")),
        html.div(
            html.p({"class": "figure"}, text.money(balance.due_cents)),
            html.p({"class": "muted"}, ", ".join(part for part in (many, until) if part))
            if balance.due_invoices
            else html.p({"class": "muted"}, text("Nothing is to be paid.")),
        ),
        notice(
            text("{amount} of it is overdue.", amount=text.money(balance.overdue_cents)),
            tone="attention",
            mark="alert",
        )
        if balance.overdue_cents
        else None,
        pay_link(text, balance.due_cents) if balance.due_invoices and all_in_one else None,
        _way(text, balance) if see else None,
    )


def _way(text: Translator, balance: Balance) -> VdomDict:
    if balance.due_invoices:
        to_pay = InvoiceView().in_group(InvoiceGroup.TO_PAY).address()
        return html.a({"class": "button button-wide", "href": to_pay}, text("See what is to be paid"))
    return html.a({"class": "button button-wide", "href": INVOICES}, text("See all invoices"))


def _until(text: Translator, balance: Balance) -> str:
    """By when; of several, that it is the day of the first."""
    if not balance.due_on:
        return ""
    day = text.date(balance.due_on)
    if balance.due_invoices > 1:
        return text("the first before {date}", date=day)
    return text("before {date}", date=day)
