"""What is proven of an invoice: a sentence with the sums, what differs with its reason, and what was not checked."""

from collections.abc import Callable, Sequence
from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.proof import service as proof
from backend.billing.proof.schemas import Verdict
from backend.billing.proof.service import ProofSummary, ProvenCharge
from backend.core.permissions import Permission
from frontend.components.actions import button
from frontend.components.invoices.dispute_form import DisputeForm, disputed_net
from frontend.components.invoices.numbers import number_address
from frontend.components.invoices.proof_words import reason_words, thing_name, verdict_mark
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.elements import Child, hidden, pill
from frontend.hooks import component, handler, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

SHOWN, MORE = 10, 100
NOBODY: tuple[ProvenCharge, ...] = ()
Choose = Callable[[tuple[ProvenCharge, ...]], None]


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
            button(text("Show more"), kind="small", on_click=lambda _event: show(MORE))
            if shown < len(charges)
            else None,
            button(
                text(
                    "Dispute all {count}, {amount}",
                    count=len(too_much),
                    amount=text.money(sum(disputed_net(one) for one in too_much)),
                ),
                kind="small",
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
                    html.th({"scope": "col", "key": "act"}, hidden(text("Action"))) if choose else None,
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
        html.td({"class": "amount"}, html.strong(text.money(one.net_cents))),
        html.td(
            button(
                html.span(text("Dispute"), hidden(f" {name}")),
                kind="small",
                on_click=lambda _event: choose((one,)),
            )
            if one.net_cents > 0 and not one.disputed
            else disputed_pill(text, one)
        )
        if choose
        else None,
    )
