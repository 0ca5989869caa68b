"""What is proven of an invoice: a sentence with the sums, what differs with its reason, and what was not checked."""

from collections.abc import Sequence
from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing.proof import service as proof
from backend.billing.proof.schemas import Verdict
from backend.billing.proof.service import ProofSummary, ProvenCharge
from backend.core.permissions import Permission
from frontend.components.actions import button
from frontend.components.invoices.dispute_form import DisputeForm, disputed_net
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.hooks import component, handler, use_mutation, use_page
from frontend.page_context import PageContext
from frontend.pages.invoice.charge_rows import NOBODY, charges_table, dispute_title
from frontend.queries import use_query

SHOWN, MORE = 10, 100


@component
def ProofPanel(invoice: str, disputable: bool) -> VdomDict:
    """The sums of the proof, and under them the charges that do not follow."""
    page = use_page()
    text = page.text
    found = use_query(proof.proof_of, UUID(invoice), topics=(f"proof:{invoice}", f"invoice:{invoice}"))
    again = use_mutation(
        proof.check_again, done=lambda _: page.push("toast", text=text("The invoice is being checked again."))
    )
    title = text("What we have checked")
    if found.data is None:
        return panel("proof", title, not_ready(text, found))
    summary: ProofSummary = found.data
    count = text.plural("{n} charge, excl. VAT", "{n} charges, excl. VAT", summary.charges)
    unchecked = (
        Unproven(
            invoice=invoice,
            verdict=Verdict.UNCHECKED,
            disputable=disputable,
            key=f"unchecked {summary.proved_at}",
        )
        if summary.unchecked
        else None
    )
    return html.div(
        {"class": "stack"},
        panel(
            "proof",
            title,
            html.div({"class": "panel-body stack stack-tight"}, *_sentences(page, summary)),
            Unproven(
                invoice=invoice,
                verdict=Verdict.DIFFERENT,
                disputable=disputable,
                key=f"different {summary.proved_at}",
            )
            if summary.different
            else None,
            html.details(
                {"class": "more panel-body"}, html.summary(text("Charges that were not checked")), unchecked
            )
            if unchecked
            else None,
            html.div(
                {"class": "panel-footer"},
                html.span(
                    text("Checked on {moment}", moment=text.moment(summary.proved_at))
                    if summary.proved_at
                    else text("Being checked")
                ),
                button(
                    text("Check again"),
                    kind="small quiet",
                    busy=again.pending,
                    on_click=handler(page, lambda _event: again.run(UUID(invoice))),
                ),
            ),
            beside=[html.span({"class": "small muted"}, count)],
            bare=True,
        ),
    )


def _sentences(page: PageContext, summary: ProofSummary) -> list[VdomDict]:
    text = page.text
    if summary.proved_at is None:
        return [
            html.p(
                text("The charges of this invoice are being checked. Until then nothing is known of them.")
            )
        ]
    parts = []
    if summary.proven:
        words = text.plural("{n} charge is proven", "{n} charges are proven", summary.proven)
        parts.append(
            html.p(
                {"key": "proven"},
                html.strong(words),
                " ",
                text(
                    "by your tariff plans, your requests and your usage: {amount}.",
                    amount=text.money(summary.proven_cents),
                ),
            )
        )
    if summary.different:
        words = text.plural("{n} charge does not follow", "{n} charges do not follow", summary.different)
        amount = text.difference(summary.difference_cents)
        parts.append(
            html.p({"key": "different"}, html.strong(text("{what}: {amount}.", what=words, amount=amount)))
        )
    if summary.unchecked:
        words = text.plural("{n} charge was not checked", "{n} charges were not checked", summary.unchecked)
        amount = text.money(summary.unchecked_cents)
        parts.append(
            html.p(
                {"key": "unchecked"},
                text("{what}: {amount}.", what=words, amount=amount),
                " ",
                text("Each says why: nobody is accused."),
            )
        )
    return parts or [html.p(text("This invoice has no charges."))]


@component
def Unproven(invoice: str, verdict: Verdict, disputable: bool) -> VdomDict:
    """The charges with one verdict, the highest difference first; what differs can be disputed one by one or together."""
    page = use_page()
    text = page.text
    shown, show = use_state(SHOWN)
    chosen, choose = use_state(NOBODY)
    found = use_query(
        proof.proven_charges, UUID(invoice), verdict, topics=(f"invoice:{invoice}",), limit=MORE
    )
    if found.data is None:
        return html.div({"class": "panel-body"}, not_ready(text, found))
    charges: Sequence[ProvenCharge] = found.data
    if not charges:
        return html.div()
    may = disputable and page.may(Permission.INVOICES_DISPUTE)
    too_much = tuple(
        one for one in charges if verdict is Verdict.DIFFERENT and one.too_much_cents > 0 and not one.disputed
    )
    total = charges[0].total
    return html.div(
        charges_table(page, invoice, charges[:shown], choose if may else None),
        html.div(
            {"class": "panel-footer"},
            html.span(
                text(
                    "{shown} of {total} charges, the highest first",
                    shown=min(shown, len(charges)),
                    total=total,
                )
            ),
            button(text("Show more"), kind="small", local=True, on_click=lambda _event: show(MORE))
            if shown < len(charges)
            else None,
            button(
                text(
                    "Dispute all {count}, {amount}",
                    count=len(too_much),
                    amount=text.money(sum(disputed_net(one) for one in too_much)),
                ),
                kind="small",
                local=True,
                on_click=lambda _event: choose(too_much),
            )
            if may and len(too_much) > 1
            else None,
        ),
        html.div(
            {"class": "panel-body"},
            DisputeForm(
                invoice=invoice,
                charges=chosen,
                closed=lambda: choose(NOBODY),
                title=dispute_title(page, chosen),
                key=f"dispute {len(chosen)} {chosen[0].id}",
            ),
        )
        if chosen
        else None,
    )
