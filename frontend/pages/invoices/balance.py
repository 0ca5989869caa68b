"""What is owed, beside the list: the amount to pay, what is being collected, the balance per customer number."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.schemas import AccountBalance, Balance, InvoiceGroup
from frontend.components.invoices.list_view import InvoiceView
from frontend.components.layout import panel
from frontend.elements import Child, key_values, notice
from frontend.i18n import Translator


def balance_panels(text: Translator, balance: Balance) -> list[Child]:
    """The panels beside the list."""
    return [_due(text, balance), *_aside(text, balance), _accounts(text, balance)]


def _due(text: Translator, balance: Balance) -> VdomDict:
    many = text.plural("{n} invoice, VAT included", "{n} invoices, VAT included", balance.due_invoices)
    until = text("the first before {date}", date=text.date(balance.due_on)) if balance.due_on else ""
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
        html.a(
            {"class": "button button-wide", "href": InvoiceView().in_group(InvoiceGroup.TO_PAY).address()},
            text("See what is to be paid"),
        )
        if balance.due_invoices
        else None,
    )


def _aside(text: Translator, balance: Balance) -> list[VdomDict]:
    """What is open and not asked for now."""
    rows = []
    if balance.collecting_cents:
        rows.append((text("Being collected"), text.money(balance.collecting_cents)))
    if balance.disputed_cents:
        rows.append((text("Disputed"), text.money(balance.disputed_cents)))
    return [panel("aside", text("Open, not to be paid now"), key_values(rows))] if rows else []


def _accounts(text: Translator, balance: Balance) -> VdomDict:
    rows = [(_name(one), _amount(text, one)) for one in balance.accounts]
    total = (text("Total"), html.strong(text.money(balance.cents)))
    return panel(
        "balances",
        text("Balance per customer number"),
        key_values([*rows, total] if len(rows) > 1 else rows, stacked=True),
        html.p({"class": "small muted"}, text("Invoices less payments and credits, VAT included.")),
    )


def _name(account: AccountBalance) -> str:
    return f"{account.account} {account.label}".strip()


def _amount(text: Translator, account: AccountBalance) -> str:
    if account.cents < 0:
        return text("{amount} in your favour", amount=text.money(-account.cents))
    return text.money(account.cents)
