"""Check a payment before it is made: which invoices, how much of each, and one button with the amount."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing.payments import service
from backend.billing.payments.lifecycle import MOST_INVOICES
from backend.billing.payments.schemas import Payable, PayableInvoice, PaymentPart
from backend.billing.queries import cents_of
from frontend.components.actions import button, link_button
from frontend.components.forms import error_summary, text_field
from frontend.components.invoices.list_view import INVOICES
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel
from frontend.components.loading import not_ready, view_not_shown
from frontend.components.payments.pay import CHOOSE, PayButton, pays_online
from frontend.elements import Child, notice, number
from frontend.hooks import component, handler, use_page
from frontend.i18n import Translator
from frontend.page_address import address_key, first_values, read_query
from frontend.page_context import PageContext
from frontend.queries import use_query

LONGEST_AMOUNT = 14


def chosen_of(query: str) -> list[UUID] | None:
    """The invoices that an address names, each once; None where it names none. Raises ValueError for what is no id."""
    named = read_query(query).get("invoice", [])
    ids = list(dict.fromkeys(UUID(one) for one in named))
    if len(ids) > MOST_INVOICES:
        raise ValueError("more invoices than one payment holds")
    return ids or None


@component
def PayPage(query: str) -> VdomDict:
    text = use_page().text
    words = ""
    chosen: list[UUID] | None = None
    try:
        chosen = chosen_of(query)
    except ValueError:
        words = text("The address names invoices that cannot be read, or more than 100.")
    asked = first_values(query)
    if "choose" in asked and not chosen and not words:
        words = text("Choose at least one invoice that is to be paid.")
    if words:
        way_back = link_button(text("See all invoices"), INVOICES, kind="primary")
        return html.div(page_header(text("Check what you pay")), view_not_shown(text, words, way_back))
    part = asked.get("part", "").replace("\0", "").strip()[:LONGEST_AMOUNT]
    key = f"check {address_key(query)}"
    return html.div(CheckPayment(chosen=tuple(chosen or ()), part=part, key=key))


@component
def CheckPayment(chosen: tuple[UUID, ...], part: str) -> VdomDict:
    """What is to be paid, as it is now: what a colleague pays meanwhile leaves the list."""
    page = use_page()
    text = page.text
    found = use_query(service.payable, list(chosen) or None, topics=("invoices",))
    # What stands in the field counts at once: nobody who wrote a part pays the whole by the other button
    typed, set_typed = use_state(part)
    crumbs = breadcrumb(text, (text("Invoices"), INVOICES), (text("Pay"), None))
    head = page_header(text("Check what you pay"), crumbs=crumbs)
    if found.data is None:
        return html.div(head, not_ready(text, found))
    payable: Payable = found.data
    if not payable.invoices:
        return html.div(head, html.section({"class": "panel"}, _nothing(text, chosen)))
    only = payable.invoices[0] if len(payable.invoices) == 1 else None
    cents = cents_of(typed) if only and typed else payable.cents
    unfit = _wrong(text, cents, payable.cents) if only else ""
    # Said beside the field once the amount was taken, not while it is being written
    wrong = unfit if typed == part else ""

    def write(what: Any) -> None:
        set_typed(str(what["target"]["value"]).replace("\0", "").strip()[:LONGEST_AMOUNT])

    summary = html.div({"class": "before-columns"}, error_summary(text, {"part": wrong})) if wrong else None
    return html.div(
        head,
        summary,
        columns(
            [
                panel("invoices", text("Invoices"), _lines(text, payable.invoices)),
                _left_out(text, payable, chosen),
                _part_form(page, only, part, wrong, write) if only else None,
            ],
            [_pay(page, payable.invoices, payable.cents if unfit or cents is None else cents, unfit)],
        ),
    )


def _wrong(text: Translator, cents: int | None, most: int) -> str:
    if cents is None:
        return text("Write an amount in euros, such as 12,50.")
    if not 0 < cents <= most:
        return text("Up to {amount} can be paid of this invoice now.", amount=text.money(most))
    return ""


def _part_form(
    page: PageContext, invoice: PayableInvoice, part: str, wrong: str, write: Callable[[Any], None]
) -> VdomDict:
    """A part of one invoice, as a form of the address; the amount on the button follows what is written."""
    text = page.text
    return panel(
        "part-of-it",
        text("Only a part?"),
        html.form(
            {"class": "form", "action": CHOOSE, "method": "get", "novalidate": True, "key": f"part {part}"},
            html.input({"type": "hidden", "name": "invoice", "value": str(invoice.id)}),
            text_field(
                "part",
                text("Amount in euros"),
                value=part,
                hint=text("Leave it empty to pay {amount}.", amount=text.money(invoice.cents)),
                error=wrong,
                short=True,
                more={
                    "inputMode": "decimal",
                    "autocomplete": "off",
                    "maxLength": str(LONGEST_AMOUNT),
                    "onInput": handler(page, write),
                },
            ),
            html.div({"key": "send"}, button(text("Take this amount"), submit=True)),
        ),
    )


def _lines(text: Translator, invoices: Sequence[PayableInvoice]) -> VdomDict:
    return html.dl(
        {"class": "total"},
        *(
            html.div(
                {"key": str(one.id)},
                html.dt(html.a({"href": f"{INVOICES}/{one.id}"}, number(one.number))),
                html.dd(text.money(one.cents)),
            )
            for one in invoices
        ),
    )


def _left_out(text: Translator, payable: Payable, chosen: Sequence[UUID]) -> VdomDict | None:
    """What was chosen and is not in this payment."""
    if payable.left_out:
        words = text.plural(
            "{n} invoice does not fit into this payment: pay it afterwards.",
            "{n} invoices do not fit into this payment: pay them afterwards.",
            payable.left_out,
        )
        return notice(words, mark="info")
    missing = len(chosen) - len(payable.invoices)
    if not chosen or missing <= 0:
        return None
    words = text.plural(
        "{n} of the chosen invoices needs no payment now.",
        "{n} of the chosen invoices need no payment now.",
        missing,
    )
    return notice(words, mark="info")


def _pay(page: PageContext, invoices: Sequence[PayableInvoice], cents: int, unfit: str) -> Child:
    """The amount and its button; where `unfit` says why an amount cannot be paid, that instead of both."""
    text = page.text
    parts = tuple(
        PaymentPart(invoice_id=one.id, cents=cents if len(invoices) == 1 else one.cents) for one in invoices
    )
    can = pays_online(page, cents)
    return html.section(
        {"class": "amount-due first-narrow", "aria-labelledby": "to-pay"},
        html.h2({"id": "to-pay"}, text("To pay")),
        None
        if unfit
        else html.div(
            html.p({"class": "figure"}, text.money(cents)),
            html.p({"class": "muted"}, text("VAT included")),
        ),
        html.p({"key": "unfit"}, unfit)
        if unfit
        else PayButton(parts=parts, cents=cents, key=f"pay {cents}")
        if can
        else html.p({"class": "muted"}, text("This amount cannot be paid online: pay it by bank transfer.")),
    )


def _nothing(text: Translator, chosen: Sequence[UUID]) -> VdomDict:
    words = text("These invoices are paid, or are being paid by somebody else, or will be debited.")
    return empty(
        text("Nothing is to be paid"),
        words if chosen else None,
        action=link_button(text("See all invoices"), INVOICES, kind="primary"),
    )
