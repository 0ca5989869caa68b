"""Charges with verdict, reason and amount, as rows; and the words around disputing them."""

from collections.abc import Callable, Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.proof.service import ProvenCharge
from frontend.components.actions import button
from frontend.components.invoices.numbers import number_address
from frontend.components.invoices.proof_words import reason_words, thing_name, verdict_mark
from frontend.elements import Child, hidden, pill
from frontend.i18n import Translator
from frontend.page_context import PageContext

NOBODY: tuple[ProvenCharge, ...] = ()
Choose = Callable[[tuple[ProvenCharge, ...]], None]


def dispute_title(page: PageContext, charges: Sequence[ProvenCharge]) -> str:
    """What is about to be disputed."""
    text = page.text
    if len(charges) == 1:
        return text("Dispute: {what}", what=charge_name(page, charges[0]))
    return text.plural("Dispute {n} charge", "Dispute {n} charges", len(charges))


def charge_name(page: PageContext, charge: ProvenCharge) -> str:
    """A charge as the invoice calls it; by the catalogue where it has no words."""
    return charge.name or thing_name(page, charge.code)


def disputed_pill(text: Translator, charge: ProvenCharge) -> VdomDict | None:
    """That a charge is disputed, or was credited after a dispute."""
    if not charge.disputed:
        return None
    if charge.disputed == DisputeState.CREDITED:
        return pill(text("Credited"), "active", "check")
    return pill(text("In dispute"), "attention", "half")


def charges_table(
    page: PageContext, invoice: str, charges: Sequence[ProvenCharge], choose: Choose | None
) -> VdomDict:
    """Charges with verdict, reason and amount; `choose` begins a dispute of one."""
    text = page.text
    heads: list[tuple[str, str]] = [
        (text("Charge"), ""),
        (text("Proof"), "rank-2"),
        (text("Amount"), "amount"),
    ]
    return html.div(
        {"class": "table-wrap"},
        html.table(
            {"class": "table"},
            html.caption(
                {"class": "visually-hidden"},
                text("Charges with their proof or their difference, excluding VAT"),
            ),
            html.thead(
                html.tr(
                    *(
                        html.th({"scope": "col", "key": words, **({"class": kind} if kind else {})}, words)
                        for words, kind in heads
                    ),
                )
            ),
            html.tbody(*(_row(page, invoice, one, choose) for one in charges)),
        ),
    )


def _row(page: PageContext, invoice: str, one: ProvenCharge, choose: Choose | None) -> VdomDict:
    text, name = page.text, charge_name(page, one)
    number: Child = (
        html.a({"class": "number", "href": number_address(invoice, one.msisdn)}, text.msisdn(one.msisdn))
        if one.msisdn
        else text("Not of one number")
    )
    why = reason_words(page, one)
    return html.tr(
        {"key": str(one.id)},
        html.th(
            {"scope": "row"},
            name,
            html.span({"class": "cell-sub"}, number, f", {one.user_name}" if one.user_name else ""),
            html.span({"class": "cell-sub cell-narrow"}, verdict_mark(text, one), html.br(), *why),
        ),
        html.td({"class": "rank-2"}, verdict_mark(text, one), html.span({"class": "cell-sub"}, *why)),
        html.td(
            {"class": "amount"},
            html.strong(text.money(one.net_cents)),
            html.div(_act(text, one, name, choose)),
        ),
    )


def _act(text: Translator, one: ProvenCharge, name: str, choose: Choose | None) -> VdomDict | None:
    """The button that begins a dispute, or that there is one."""
    if choose is None or one.net_cents <= 0 or one.disputed:
        return disputed_pill(text, one)
    words = html.span(text("Dispute"), hidden(f" {name}"))
    return button(words, kind="small", local=True, on_click=lambda _event: choose((one,)))
