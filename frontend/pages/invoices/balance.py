"""What is owed, beside the list: the amount to pay, what is being collected, the balance per customer number."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.schemas import AccountBalance, Balance
from frontend.components.invoices.due import due_panel
from frontend.components.layout import panel
from frontend.elements import Child, key_values
from frontend.i18n import Translator
from frontend.page_context import PageContext


def balance_panels(page: PageContext, balance: Balance) -> list[Child]:
    """The panels beside the list."""
    text = page.text
    return [due_panel(page, balance), *_aside(text, balance), _accounts(text, balance)]


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
        html.p(html.a({"href": "/app/billing"}, text("How you pay, direct debit"))),
    )


def _name(account: AccountBalance) -> str:
    return f"{account.account} {account.label}".strip()


def _amount(text: Translator, account: AccountBalance) -> str:
    if account.cents < 0:
        return text("{amount} in your favour", amount=text.money(-account.cents))
    return text.money(account.cents)
