"""The form of a new line, with a new number or a transferred one: three pages, four for a transfer, kept as they are typed."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.orders.draft_form import DraftForm, Errors, FormSlots
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext
from frontend.pages.drafts.new_line import person, service, sim, transfer
from frontend.pages.drafts.new_line.contract import Contract
from frontend.pages.drafts.new_line.options import OptionsPanel
from frontend.pages.drafts.new_line.way import question_step, way_of


@component
def NewLineForm(draft: DraftView, step: str = "", *, returns: bool = False) -> Component:
    """`step` names the page; `returns`: it was opened from check answers, which follow again."""
    page = use_page()
    text = page.text
    at = step if step in way_of(draft.kind) else ""
    question = question_step(draft, at, returns=returns)
    if at == "transfer":
        return DraftForm(
            draft,
            text("Which number is transferred, and who agrees?"),
            transfer.transfer_fields,
            transfer.read_transfer,
            dated=False,
            step=question,
        )
    if at == "sim":
        return DraftForm(
            draft,
            text("Which SIM card and which plan?"),
            sim.sim_and_plan_fields,
            sim.read_sim_and_plan(page, draft),
            dated=False,
            step=question,
            slots=FormSlots(aside=sim.esim_advice),
        )
    if at == "options":
        return DraftForm(
            draft,
            text("Which options and limits?"),
            service.limit_fields,
            service.read_limits,
            step=question,
            slots=FormSlots(before=_options, after=_contract, title=text("Limits and billing")),
        )
    return DraftForm(
        draft,
        text("For whom is the line, and with which number?"),
        person.first_fields,
        person.read_first,
        dated=False,
        step=question,
    )


def _options(_page: PageContext, draft: DraftView) -> list[Child]:
    return [OptionsPanel(draft=draft, key="options")]


def _contract(_page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    shown = Contract(draft=draft, error=errors.get("document_id", ""), key="contract")
    return [html.div({"class": "for-split", "key": "contract"}, shown)]
