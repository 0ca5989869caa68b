"""The button that opens the page on which a mandate is signed."""

import secrets
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.mandates.asking import ask_for_debit
from backend.billing.mandates.schemas import MandateInfo
from backend.billing.mandates.service import wait_for_mandate_page
from frontend.components.actions import button
from frontend.elements import notice
from frontend.hooks import component, use_mutation, use_page
from frontend.page_context import PageContext
from tenants.scope import Actor


async def ask_and_wait(actor: Actor, account_id: UUID) -> MandateInfo:
    """Begin a mandate, and wait until its page is open. Each press is a request of its own: the last one counts."""
    mandate_id = await ask_for_debit(actor, account_id, request_key=secrets.token_hex(16))
    return await wait_for_mandate_page(actor, mandate_id)


async def go_to_sign(page: PageContext, mandate: MandateInfo) -> None:
    """Leave for the hosted page; where it is not open yet, the list says so."""
    if mandate.address:
        await page.push("go", to=mandate.address, outside=True)
    else:
        await page.push("toast", text=page.text("The page could not be opened yet. Try again in a moment."))


@component
def AskButton(account_id: str, label: str, main: bool) -> VdomDict:
    """Ask for direct debit; the page on which the mandate is signed opens."""
    page = use_page()
    ask = use_mutation(ask_and_wait, done=lambda mandate: go_to_sign(page, mandate))
    return html.div(
        {"class": "stack stack-tight"},
        button(
            page.text("Opening the page…") if ask.pending else label,
            kind="primary" if main else "",
            busy=ask.pending,
            on_click=lambda _event: ask.run(UUID(account_id)),
        ),
        notice(ask.problem.words, tone="attention", mark="alert", live=True) if ask.problem else None,
    )
