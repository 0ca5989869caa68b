"""The disputes of an invoice: what they keep apart of what is due, what became of each, and taking one back."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.disputes import deciding, service
from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.disputes.schemas import DisputeInfo, InvoiceDisputes
from backend.core.permissions import Permission
from frontend.components.actions import button
from frontend.components.invoices.dispute_form import DisputeAmount
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.elements import Child, hidden, notice, pill
from frontend.hooks import Mutation, component, handler, use_mutation, use_page
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext
from frontend.queries import use_query

D = DisputeState
STATES = {
    D.OPEN: (translatable("Your operator decides"), "attention", "half"),
    D.ACCEPTED: (translatable("Accepted: a credit note follows"), "running", "half"),
    D.CREDITED: (translatable("Credited"), "active", "check"),
    D.REFUSED: (translatable("Refused"), "lost", "close"),
    D.WITHDRAWN: (translatable("Withdrawn"), "", "minus"),
}


@component
def DisputesPanel(invoice: str, disputable: bool) -> VdomDict | None:
    """Nothing where nothing is or can be disputed here."""
    page = use_page()
    text = page.text
    found = use_query(service.disputes_of, UUID(invoice), topics=(f"invoice:{invoice}",))
    take_back = use_mutation(
        deciding.withdraw_dispute, done=lambda _: page.push("toast", text=text("The dispute is withdrawn."))
    )
    if found.error:
        return panel("disputes", text("Disputes"), not_ready(text, found))
    if found.data is None:
        return None
    shown: InvoiceDisputes = found.data
    may = page.may(Permission.INVOICES_DISPUTE)
    by_amount = may and disputable and not shown.per_number
    if not shown.disputes and not by_amount:
        return None
    return panel(
        "disputes",
        text("Disputes"),
        notice(take_back.problem.words, tone="danger", mark="alert", live=True)
        if take_back.problem
        else None,
        *_sums(text, shown),
        html.ul({"class": "todo"}, *(_entry(page, one, take_back if may else None) for one in shown.disputes))
        if shown.disputes
        else None,
        DisputeAmount(invoice=invoice, key=f"amount {shown.total}") if by_amount else None,
    )


def _sums(text: Translator, shown: InvoiceDisputes) -> list[Child]:
    """What is kept apart and what is due all the same; what was paid is not kept apart."""
    if not shown.claimed_cents:
        return []
    words: list[Child] = []
    if shown.kept_apart_cents:
        words.append(
            text(
                "{amount} with VAT is kept apart: it need not be paid until your operator decides. VAT is counted on the sum"
                " of the disputed charges and rounded once.",
                amount=text.money(shown.kept_apart_cents),
            )
        )
    if paid := shown.claimed_cents - shown.kept_apart_cents:
        words.append(
            text(
                "{amount} of what is disputed is not open: if your operator accepts, it comes back as a credit.",
                amount=text.money(paid),
            )
        )
    if shown.payable_cents:
        words.append(text("{amount} stays due.", amount=text.money(shown.payable_cents)))
    return [html.p({"class": "small", "key": str(at)}, one) for at, one in enumerate(words)]


def _entry(page: PageContext, one: DisputeInfo, take_back: Mutation[[UUID], None] | None) -> VdomDict:
    text = page.text
    words, tone, mark = STATES[one.state]
    name = one.name or text("An amount of the invoice")
    return html.li(
        {"key": str(one.id)},
        html.div(
            html.h3(name),
            html.p(
                {"class": "small muted"},
                html.span({"class": "number"}, text.msisdn(one.msisdn)) if one.msisdn else None,
                ", " if one.msisdn else None,
                text("{amount} with VAT", amount=text.money(one.gross_cents)),
                ", ",
                text("disputed by {name} on {day}", name=one.opened_name, day=text.date(one.opened_at)),
            ),
            html.p({"class": "small"}, pill(text(words), tone, mark)),
            *_outcome(text, one),
        ),
        button(
            html.span(text("Withdraw"), hidden(f" {name}")),
            kind="small",
            on_click=handler(page, lambda _event: take_back.run(one.id)),
        )
        if take_back and one.state is D.OPEN
        else None,
    )


def _outcome(text: Translator, one: DisputeInfo) -> list[VdomDict]:
    """What was said and done, with the day."""
    said = [one.words] if one.words else []
    if one.state is D.REFUSED and one.decided_at:
        said.append(text("Refused on {day}: {reason}", day=text.date(one.decided_at), reason=one.reason))
    if one.state is D.ACCEPTED and one.decided_at:
        paid = text("It was paid already: the credit note will be in your favour.") if one.was_paid else ""
        said.append(
            f"{text('Accepted on {day}.', day=text.date(one.decided_at))} {one.reason} {paid}".strip()
        )
    if one.state is D.CREDITED and one.ended_at:
        said.append(text("Credit note {number}, {day}", number=one.credit_note, day=text.date(one.ended_at)))
    if one.state is D.WITHDRAWN and one.decided_at:
        said.append(text("Withdrawn by {name} on {day}", name=one.decided_by, day=text.date(one.decided_at)))
    return [html.p({"class": "small muted", "key": str(at)}, words) for at, words in enumerate(said)]
