"""Which customer number the lines are under from now on; those that serve invoicing only say so."""

from reactpy.types import Component

from backend.orders.kinds.move_account import AccountChoice
from backend.orders.schemas import DraftView
from frontend.components.forms import select_field
from frontend.components.orders.draft_form import Errors, one
from frontend.components.orders.light_form import LightForm
from frontend.components.orders.present import present_words
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext


@component
def AccountForm(draft: DraftView) -> Component:
    text = use_page().text
    return LightForm(
        draft,
        text.plural(
            "Which customer number for this line?",
            "Which customer number for these {n} lines?",
            draft.total_lines,
        ),
        _fields,
        lambda values: {"account": one(values, "account")},
        text.plural("Move the line", "Move the lines", draft.total_lines),
        lead=text("It decides on which invoice a line appears, from that day on."),
    )


def account_field(
    text: Translator, choices: list[AccountChoice], *, value: str, error: str, hint: str | None = None
) -> Child:
    return select_field(
        "account",
        text("Customer number"),
        [
            ("", text("Choose")),
            *(
                (c.number, ", ".join(part for part in (c.number, c.label, c.organisation) if part))
                for c in choices
            ),
        ],
        value=value,
        hint=hint,
        error=error,
        disabled={c.number: text("for invoices only") for c in choices if c.why_not},
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    request = draft.asked.kind_fields["account"]
    present = [(c.number, c.present_on) for c in draft.choices]
    return [
        account_field(
            page.text,
            draft.choices,
            value=request,
            error=errors.get("account", ""),
            hint=present_words(page.text, present, draft.total_lines),
        )
    ]
