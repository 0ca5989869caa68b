"""The filters of the list of invoices: a form of its address."""

from datetime import date

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.schemas import Balance
from backend.core import clock
from backend.usage.lifecycle import month_before, period_of
from frontend.components.actions import button
from frontend.components.invoices.list_view import INVOICES, InvoiceView
from frontend.components.usage.words import month_words
from frontend.elements import icon
from frontend.i18n import Translator

MONTHS = 24


def filters(text: Translator, view: InvoiceView, balance: Balance) -> VdomDict:
    """A form of the address: it works before anything else does."""
    wanted = view.filter
    accounts = [("", text("Every customer number"))] + [
        (one.account, f"{one.account} {one.label}".strip()) for one in balance.accounts
    ]
    months = [("", text("Every month"))] + [
        (f"{month:%Y-%m}", month_words(text, month)) for month in _months(wanted.month)
    ]
    return html.form(
        {
            "class": "toolbar toolbar-plain",
            "action": INVOICES,
            "method": "get",
            "role": "search",
            "key": f"filters {view.address()}",
        },
        html.input({"type": "hidden", "name": "show", "value": str(wanted.group)}),
        html.div(
            {"class": "search"},
            html.label({"class": "visually-hidden", "for": "invoice-search"}, text("Search the invoices")),
            icon("search"),
            html.input(
                {
                    "class": "input input-compact",
                    "type": "search",
                    "id": "invoice-search",
                    "name": "search",
                    "defaultValue": wanted.search,
                    "placeholder": text("Number, amount or communication"),
                    "autocomplete": "off",
                }
            ),
        ),
        _choice("account", text("Customer number"), accounts, wanted.account),
        _choice("month", text("Month of issue"), months, f"{wanted.month:%Y-%m}" if wanted.month else ""),
        button(text("Filter"), mark="filter", submit=True),
        html.a({"class": "button button-quiet", "href": INVOICES}, text("Clear")) if view.narrowed else None,
    )


def _choice(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> VdomDict:
    """One of a list, without a visible label."""
    return html.div(
        html.label({"class": "visually-hidden", "for": f"invoice-{name}"}, label),
        html.select(
            {"class": "input input-compact", "id": f"invoice-{name}", "name": name},
            *(
                html.option(
                    {"value": code, "key": code, **({"selected": True} if code == chosen else {})}, words
                )
                for code, words in options
            ),
        ),
    )


def _months(chosen: date | None) -> list[date]:
    """The last two years, the newest first, and the month that is chosen."""
    months = [period_of(clock.now())]
    while len(months) < MONTHS:
        months.append(month_before(months[-1]))
    return months if chosen is None or chosen in months else [*months, chosen]
