"""One customer number on the page that says how it pays: its state in words, and what its owner may do."""

from typing import Any

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing.mandates.asking import end_debit, resume_debit
from backend.billing.mandates.lifecycle import Ending, MandateState
from backend.billing.mandates.mails import account_words
from backend.billing.mandates.schemas import DebitSettings, MandateInfo
from backend.billing.mandates.service import ask_about_mandate
from frontend.components.actions import button, link_button
from frontend.components.layout import panel
from frontend.elements import Child, key_values, notice, pill
from frontend.hooks import Mutation, component, use_mutation, use_page
from frontend.i18n import Translator, translatable
from frontend.pages.billing.ask import AskButton

WHY_ENDED = {
    Ending.CANCELLED: translatable("Direct debit was ended by your company on {day}."),
    Ending.BANK: translatable("Your bank ended direct debit on {day}."),
    Ending.LAPSED: translatable("Direct debit ended on {day}: nothing was collected for 36 months."),
}
WHY_SUSPENDED = {
    Ending.FAILURES: translatable("Debits of two invoices failed. Pay what is open, then resume, or end it."),
    Ending.PAYER: translatable(
        "Your bank refuses debits until you speak with it. Pay what is open, then resume."
    ),
}


@component
def AccountPanel(account: DebitSettings, may: bool) -> VdomDict:
    """How one customer number pays."""
    text = use_page().text
    name = f"{account.account} {account.label}".strip()
    return panel(
        f"account-{account.billing_account_id}",
        name,
        *_words(text, account),
        *([_Actions(account=account, key="actions")] if may else []),
        beside=[_pill(text, account)],
    )


def _pill(text: Translator, account: DebitSettings) -> VdomDict:
    mandate = account.mandate
    if mandate is None:
        waits = account.draft is not None
        return pill(text("Waits for a signature"), "attention") if waits else pill(text("Paid by you"))
    if mandate.state is MandateState.SUSPENDED:
        return pill(text("Direct debit suspended"), "attention", mark="alert")
    if mandate.state is MandateState.SIGNED:
        return pill(text("Direct debit from the next invoice"), "running")
    return pill(text("Direct debit"), "active", mark="check")


def _words(text: Translator, account: DebitSettings) -> list[Child]:
    mandate = account.mandate
    if mandate is None:
        return [_ended(text, account.ended), html.p(text("You pay each invoice online or by transfer."))]
    found: list[Child] = [key_values(_facts(text, mandate))]
    if mandate.state is MandateState.SIGNED:
        found.append(html.p(promise(text)))
    elif mandate.state is MandateState.SUSPENDED:
        found.append(notice(text(WHY_SUSPENDED[Ending(mandate.ending)]), tone="attention", mark="alert"))
    elif account.announced:
        found.append(
            html.p(
                text.plural(
                    "{n} invoice says that it will be debited.",
                    "{n} invoices say that they will be debited.",
                    account.announced,
                )
            )
        )
    else:
        found.append(html.p(text("Each invoice that says so is debited on the day on which it is due.")))
    return found


def promise(text: Translator) -> str:
    """What direct debit changes, and what it does not."""
    return text(
        "Invoices that you have now are still to be paid by you. Collection begins with the next invoice that is issued,"
        " and is certain only once an invoice says so."
    )


def _ended(text: Translator, ended: MandateInfo | None) -> VdomDict | None:
    if ended is None or ended.ended_at is None or ended.ending not in WHY_ENDED:
        return None
    return notice(text(WHY_ENDED[Ending(ended.ending)], day=text.date(ended.ended_at)), mark="info")


def _facts(text: Translator, mandate: MandateInfo) -> list[tuple[Child, Child]]:
    rows: list[tuple[Child, Child]] = [
        (text("Account"), account_words(mandate.country, mandate.last4)),
        (text("Account holder"), mandate.holder),
        (
            text("Mandate reference"),
            html.a(
                {"href": mandate.text_address, "rel": "noreferrer", "target": "_blank"}, mandate.reference
            ),
        ),
    ]
    if mandate.signed_at:
        day = text.date(mandate.signed_at)
        rows.append((text("Signed"), text("{day}, by {name}", day=day, name=mandate.signer_name or "-")))
    if mandate.collected_on:
        rows.append((text("Last debit"), text.date(mandate.collected_on)))
    return rows


@component
def _Actions(account: DebitSettings) -> VdomDict:
    page = use_page()
    text, mandate, draft = page.text, account.mandate, account.draft
    ending, set_ending = use_state(False)
    end = use_mutation(end_debit, done=lambda _none: page.push("toast", text=text("Direct debit has ended.")))
    resume = use_mutation(
        resume_debit, done=lambda _none: page.push("toast", text=text("Direct debit is resumed."))
    )
    leave = use_mutation(ask_about_mandate)
    problems = [
        notice(one.problem.words, tone="danger", mark="alert", live=True)
        for one in (end, resume, leave)
        if one.problem
    ]
    if ending and mandate is not None:
        return html.div({"class": "stack"}, *problems, _confirm(text, account, end, set_ending))
    return html.div(
        {"class": "stack stack-tight"},
        *problems,
        None if mandate else html.p({"class": "small muted"}, promise(text)),
        html.div(
            {"class": "actions"},
            AskButton(
                account_id=str(account.billing_account_id),
                label=_ask_label(text, account),
                main=mandate is None and draft is None,
                key="ask",
            ),
            *_draft_buttons(text, draft, leave),
            *_mandate_buttons(text, mandate, resume, set_ending),
        ),
    )


def _ask_label(text: Translator, account: DebitSettings) -> str:
    if account.mandate is not None:
        return text("Another account")
    return text("Begin again") if account.draft is not None else text("Set up direct debit")


def _draft_buttons(text: Translator, draft: MandateInfo | None, leave: Mutation[..., None]) -> list[VdomDict]:
    if draft is None:
        return []
    go_on = link_button(text("Go on to sign"), draft.address, kind="primary", more={"key": "on"})
    stop = button(
        text("Do not sign"),
        kind="quiet",
        busy=leave.pending,
        on_click=lambda _event: leave.run(draft.id, leave=True),
        more={"key": "leave"},
    )
    return [go_on, stop] if draft.address else [stop]


def _mandate_buttons(
    text: Translator, mandate: MandateInfo | None, resume: Mutation[..., None], set_ending: Any
) -> list[VdomDict]:
    if mandate is None:
        return []
    found = []
    if mandate.state is MandateState.SUSPENDED:
        found.append(
            button(
                text("Resume direct debit"),
                kind="primary",
                busy=resume.pending,
                on_click=lambda _event: resume.run(mandate.id),
                more={"key": "resume"},
            )
        )
    end = button(
        text("End direct debit"), kind="quiet", on_click=lambda _event: set_ending(True), more={"key": "end"}
    )
    return [*found, end]


def _confirm(text: Translator, account: DebitSettings, end: Mutation[..., None], set_ending: Any) -> VdomDict:
    """What ending means, before it is done."""
    mandate = account.mandate
    assert mandate is not None  # noqa: S101 - asked for only where there is one
    words = (
        text.plural(
            "{n} invoice that was announced as a debit is then to be paid by you.",
            "{n} invoices that were announced as debits are then to be paid by you.",
            account.announced,
        )
        if account.announced
        else text("Nothing is collected any more; later invoices are paid by you.")
    )
    return html.div(
        {"class": "stack stack-tight", "role": "group", "aria-label": text("End direct debit")},
        html.p(html.strong(text("End direct debit?")), " ", words),
        html.div(
            {"class": "actions"},
            button(
                text("End it"),
                kind="danger",
                busy=end.pending,
                on_click=lambda _event: end.run(mandate.id),
                more={"key": "yes"},
            ),
            button(
                text("Keep it"), kind="quiet", on_click=lambda _event: set_ending(False), more={"key": "no"}
            ),
        ),
    )
