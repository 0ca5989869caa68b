"""Which cost centre the lines get."""

from reactpy.types import Component

from backend.orders.kinds.change_cost_centre import CostCentreChoice
from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors, one
from frontend.components.forms import select_field
from frontend.hooks import component, use_visit
from frontend.visit import Visit

NONE = "-"


@component
def CostCentreForm(draft: DraftView) -> Component:
    text = use_visit().text

    def read(values: dict[str, list[str]]) -> dict[str, str | None]:
        chosen = one(values, "cost_centre")
        return {"cost_centre": "" if chosen == NONE else chosen or None}

    return DraftForm(
        draft,
        text.plural(
            "Which cost centre for this line?", "Which cost centre for these {n} lines?", draft.total_lines
        ),
        _fields,
        read,
    )


def _fields(visit: Visit, draft: DraftView, errors: Errors) -> list[Child]:
    text = visit.text
    choices: list[CostCentreChoice] = draft.choices
    asked = draft.asked.wishes["cost_centre"]
    return [
        select_field(
            "cost_centre",
            text("Cost centre"),
            [
                ("", text("Choose")),
                *((c.code, f"{c.code} {c.name}".strip()) for c in choices),
                (NONE, text("None")),
            ],
            value=NONE if asked == "" else asked or "",
            error=errors.get("cost_centre", ""),
        )
    ]
