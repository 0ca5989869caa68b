"""The filters of the list of invoices: a form of its address."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.schemas import Balance
from frontend.components.actions import button
from frontend.components.invoices.list_view import INVOICES, InvoiceView
from frontend.elements import icon
from frontend.i18n import Translator


def filters(text: Translator, view: InvoiceView, balance: Balance) -> VdomDict:
    """A form of the address: it works before anything else does."""
    wanted = view.filter
    hidden = [("show", str(wanted.group)), ("month", f"{wanted.month:%Y-%m}" if wanted.month else "")]
    accounts = [("", text("Every customer number"))] + [
        (one.account, f"{one.account} {one.label}".strip()) for one in balance.accounts
    ]
    return html.form(
        {
            "class": "toolbar toolbar-plain",
            "action": INVOICES,
            "method": "get",
            "role": "search",
            "key": f"filters {view.address()}",
        },
        *(
            html.input({"type": "hidden", "name": name, "value": value, "key": name})
            for name, value in hidden
            if value
        ),
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
        html.div(
            html.label({"class": "visually-hidden", "for": "invoice-account"}, text("Customer number")),
            html.select(
                {"class": "input input-compact", "id": "invoice-account", "name": "account"},
                *(
                    html.option(
                        {
                            "value": code,
                            "key": code,
                            **({"selected": True} if code == wanted.account else {}),
                        },
                        words,
                    )
                    for code, words in accounts
                ),
            ),
        ),
        button(text("Filter"), mark="filter", submit=True),
        html.a({"class": "button button-quiet", "href": INVOICES}, text("Clear")) if view.narrowed else None,
    )
