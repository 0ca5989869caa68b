"""Disputing charges in one step: what it does to the amount due, a word for the operator, and one button with the amount."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from reactpy import event, html
from reactpy.types import VdomDict

from backend.billing.disputes import opening
from backend.billing.disputes.schemas import LONGEST_WORDS, ContestedCharge, NewDispute
from backend.billing.proof.service import ProvenCharge
from backend.billing.queries import cents_of
from frontend.components.actions import button
from frontend.components.forms import error_summary, field, text_field
from frontend.components.layout import panel
from frontend.elements import notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator


def disputed_net(charge: ProvenCharge) -> int:
    """What is disputed of a charge, excluding VAT: what it is too much, where that is known, else all of it."""
    more = charge.too_much_cents
    return more if 0 < more < charge.net_cents else charge.net_cents


def _words_field(text: Translator) -> VdomDict:
    control = html.textarea(
        {"class": "input", "id": "words", "name": "words", "rows": "2", "maxLength": str(LONGEST_WORDS)}
    )
    label = html.span(text("Add a word"), " ", html.span({"class": "optional"}, text("(optional)")))
    return field("words", label, control)


@component
def DisputeForm(
    invoice: str, charges: tuple[ProvenCharge, ...], closed: Callable[[], Any], title: str
) -> VdomDict:
    """Dispute these charges. `closed` is called when it is done or given up."""
    page = use_page()
    text = page.text

    async def done(opened: int) -> None:
        said = (
            text.plural("{n} charge is disputed.", "{n} charges are disputed.", opened)
            if opened
            else text("These charges are disputed already.")
        )
        await page.push("toast", text=said)
        result = closed()
        if isinstance(result, Awaitable):
            await result

    send = use_mutation(opening.open_disputes, done=done)

    async def sent(found: Any) -> None:
        words = (found["target"]["values"].get("words") or [""])[0]
        contested = [ContestedCharge(charge_id=one.id, cents=disputed_net(one)) for one in charges]
        send.run(UUID(invoice), NewDispute(charges=contested, words=words))

    net = sum(disputed_net(one) for one in charges)
    return panel(
        "dispute",
        title,
        html.form(
            {
                "class": "form",
                "id": "dispute-form",
                "key": "dispute-form",
                "novalidate": True,
                "onSubmit": event(sent, prevent_default=True),
            },
            error_summary(text, {"words": send.problem.words}) if send.problem else None,
            notice(what_follows(text), mark="shield"),
            _words_field(text),
            html.div(
                {"class": "row", "key": "send"},
                button(
                    text("Dispute {amount}", amount=text.money(net)),
                    kind="primary",
                    submit=True,
                    busy=send.pending,
                ),
                button(text("Cancel"), kind="quiet", on_click=lambda _event: closed()),
                html.span({"class": "small muted"}, text("excl. VAT")),
            ),
        ),
    )


def what_follows(text: Translator) -> str:
    """What a dispute does: said before it is sent."""
    return text(
        "The proof goes with it. The amount with its VAT is kept apart: it need not be paid and no reminder asks for it"
        " until your operator decides. The rest stays due. What is paid already comes back as a credit."
    )


@component
def DisputeAmount(invoice: str) -> VdomDict:
    """Dispute an amount of an invoice that has no charges per number."""
    page = use_page()
    text = page.text

    async def done(opened: int) -> None:
        await page.push(
            "toast",
            text=text("The amount is disputed.")
            if opened
            else text("An amount of this invoice is disputed already."),
        )

    send = use_mutation(opening.open_disputes, done=done)

    async def sent(found: Any) -> None:
        values = found["target"]["values"]
        cents = cents_of((values.get("amount") or [""])[0])
        send.run(
            UUID(invoice), NewDispute(amount_cents=cents or None, words=(values.get("words") or [""])[0])
        )

    problem = send.problem
    refused = text("Enter an amount in euros, at most that of the invoice.")
    error = (refused if problem.fields else problem.words) if problem else ""
    return html.details(
        {"class": "more"},
        html.summary(text("Dispute an amount")),
        html.form(
            {
                "class": "form",
                "id": "dispute-amount",
                "key": "dispute-amount",
                "novalidate": True,
                "onSubmit": event(sent, prevent_default=True),
            },
            html.p({"class": "small muted"}, what_follows(text)),
            text_field(
                "amount", text("Amount, VAT included"), error=error, short=True, more={"inputMode": "decimal"}
            ),
            _words_field(text),
            html.div(button(text("Dispute this amount"), submit=True, busy=send.pending)),
        ),
    )
