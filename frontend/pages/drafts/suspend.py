"""Why the lines are suspended: after loss or theft it happens at once."""

from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards
from frontend.components.orders.draft_form import Errors, one
from frontend.components.orders.light_form import LightForm
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def SuspendForm(draft: DraftView) -> Component:
    text = use_page().text
    return LightForm(
        draft,
        text.plural("Why suspend this number?", "Why suspend these {n} numbers?", draft.total_lines),
        _fields,
        lambda values: {"reason": one(values, "reason")},
        text.plural("Suspend the number", "Suspend the {n} numbers", draft.total_lines),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text = page.text
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
            value=draft.asked.kind_fields["reason"],
            error=errors.get("reason", ""),
        )
    ]
