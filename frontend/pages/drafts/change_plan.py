"""Which plan: one card each, with its price and the options that it would cost."""

from reactpy import html
from reactpy.types import Component

from backend.orders.kinds.change_plan import PlanChoice
from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards
from frontend.components.orders.draft_form import DraftForm, Errors, one
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def PlanForm(draft: DraftView) -> Component:
    text = use_page().text
    return DraftForm(
        draft,
        text.plural("Which plan for this line?", "Which plan for these {n} lines?", draft.total_lines),
        _fields,
        lambda values: {"plan": one(values, "plan")},
        lead=", ".join(plan.name for plan in draft.plans),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, choices = page.text, draft.choices

    def about(choice: PlanChoice) -> Child:
        price = text("{amount} a month excl. VAT", amount=text.money(choice.monthly_cents))
        parts: list[Child] = [choice.allowance, html.br(), price]
        if choice.lost_options:
            parts += [
                html.br(),
                text("Without: {options}", options=", ".join(choice.lost_options)),
            ]
        return html.span({"class": "muted"}, *parts)

    current = {c.code: text("The present plan") for c in choices if c.current_on == draft.total_lines}
    return [
        radio_cards(
            "plan",
            text("New tariff plan"),
            [(c.code, c.name, about(c)) for c in choices],
            value=draft.asked.kind_fields.get("plan", ""),
            error=errors.get("plan", ""),
            disabled=current,
        )
    ]
