"""The form of a new line, with a new number or a transferred one: a page for each decision, kept as it is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.orders.draft_form import DraftForm, DrawFields, DrawPanels, FormSlots, Values, one
from frontend.hooks import component, use_page
from frontend.i18n import translatable
from frontend.pages.drafts.new_line import person, service, transfer
from frontend.pages.drafts.new_line.choose_way import FirstChoice
from frontend.pages.drafts.new_line.contract import ContractStep
from frontend.pages.drafts.new_line.options import OptionsStep
from frontend.pages.drafts.new_line.way import previous_question, question_step, way_of


@dataclass(frozen=True)
class Question:
    """One page: its title, its fields, and how what was filled in is read."""

    title: str
    fields: DrawFields
    read: Callable[[Values], dict[str, Any]]
    aside: DrawPanels | None = None


def _named(*names: str) -> Callable[[Values], dict[str, Any]]:
    return lambda values: {name: one(values, name) for name in names}


QUESTIONS: dict[str, Question] = {
    "transfer": Question(
        translatable("Where is the number now?"), transfer.transfer_fields, _named("operator", "card")
    ),
    "holder": Question(
        translatable("Which number, and whose?"), transfer.holder_fields, transfer.read_holder
    ),
    "authorisation": Question(
        translatable("Does the holder agree?"),
        transfer.authorisation_fields,
        lambda values: {
            "authorised": bool(values.get("authorised")),
            "authorised_by": one(values, "authorised_by"),
        },
    ),
    "date": Question(
        translatable("When does the number move?"),
        transfer.date_fields,
        lambda values: {"port_on": one(values, "port_on") or None},
    ),
    "account": Question(translatable("For whom is the line?"), person.account_fields, person.read_account),
    "sim": Question(translatable("SIM card or eSIM?"), person.sim_fields, _named("sim_kind")),
    "card": Question(translatable("Which SIM card?"), person.card_fields, _named("sim_number")),
    "esim": Question(
        translatable("Who gets the eSIM?"),
        person.esim_fields,
        lambda values: {
            "email": one(values, "email"),
            "language": one(values, "language"),
            "qr_copy": one(values, "qr_copy") == "yes",
        },
        aside=person.esim_advice,
    ),
    "plan": Question(translatable("Which tariff plan?"), service.plan_fields, _named("plan")),
    "cap": Question(translatable("Monthly cap on data abroad"), service.money_fields, service.read_money),
    "split": Question(translatable("Who pays?"), service.split_fields, service.read_split),
    "when": Question(
        translatable("When does the line begin?"), lambda _visit, _draft, _errors: (), lambda _values: {}
    ),
}


@component
def NewLineForm(draft: DraftView, step: str = "") -> Component:
    text = use_page().text
    if step not in way_of(draft) and step not in QUESTIONS:
        step = ""
    if step == "":
        return FirstChoice(draft)
    if step == "options":
        return OptionsStep(draft, back=previous_question(draft, step))
    if step == "contract":
        return ContractStep(draft)
    question = QUESTIONS[step]
    return DraftForm(
        draft,
        text(question.title),
        question.fields,
        service.read_plan(draft) if step == "plan" else question.read,
        step=question_step(draft, step),
        slots=FormSlots(aside=question.aside),
    )
