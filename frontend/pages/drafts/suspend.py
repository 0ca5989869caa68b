"""Why the lines are suspended: after loss or theft it happens at once."""

from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors, one
from frontend.components.forms import radio_cards
from frontend.hooks import component, use_visit
from frontend.visit import Visit


@component
def SuspendForm(draft: DraftView) -> Component:
    text = use_visit().text
    return DraftForm(
        draft,
        text.plural("Why suspend this number?", "Why suspend these {n} numbers?", draft.total_lines),
        _fields,
        lambda values: {"reason": one(values, "reason")},
    )


def _fields(visit: Visit, draft: DraftView, errors: Errors) -> list[Child]:
    text = visit.text
    at_once = text("Sent at once, without time to undo.")
    return [
        radio_cards(
            "reason",
            text("Reason"),
            [
                ("lost", text("Lost"), at_once),
                ("stolen", text("Stolen"), at_once),
                ("absence", text("Long absence"), text("The number waits until you reactivate it.")),
                ("other", text("Other reason"), text("The number waits until you reactivate it.")),
            ],
            value=draft.asked.wishes["reason"],
            error=errors.get("reason", ""),
        )
    ]
