"""Which cost centre the lines get."""

from reactpy.types import Component

from backend.orders.kinds.change_cost_centre import CostCentreChoice
from backend.orders.schemas import DraftView
from frontend.components.forms import select_field
from frontend.components.orders.draft_form import Errors, one
from frontend.components.orders.light_form import LightForm
from frontend.components.orders.present import present_words
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext

NONE = "-"


@component
def CostCentreForm(draft: DraftView) -> Component:
    text = use_page().text

    def read(values: dict[str, list[str]]) -> dict[str, str | None]:
        chosen = one(values, "cost_centre")
        return {"cost_centre": "" if chosen == NONE else chosen or None}

    return LightForm(
        draft,
        text.plural(
            "Which cost centre for this line?", "Which cost centre for these {n} lines?", draft.total_lines
        ),
        _fields,
        read,
        text("Change the cost centre"),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text = page.text
    choices: list[CostCentreChoice] = draft.choices
    request = draft.asked.kind_fields["cost_centre"]
    return [
        select_field(
            "cost_centre",
            text("Cost centre"),
            [
                ("", text("Choose")),
                *((c.code, f"{c.code} {c.name}".strip()) for c in choices),
                (NONE, text("None")),
            ],
            value=NONE if request == "" else request or "",
            hint=present_words(text, [(c.code, c.present_on) for c in choices], draft.total_lines),
            error=errors.get("cost_centre", ""),
        )
    ]
