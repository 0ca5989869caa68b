"""Which services are blocked: ticks for one line, a choice per service for several."""

from reactpy.types import Component

from backend.orders.kinds.change_barrings import BarringChoice
from backend.orders.schemas import DraftView
from frontend.components.forms import checks_field, select_field
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.components.orders.light_form import LightForm
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def BarringsForm(draft: DraftView) -> Component:
    text = use_page().text
    choices: list[BarringChoice] = draft.choices

    def read(values: Values) -> dict[str, list[str]]:
        if draft.total_lines == 1:
            ticked = set(values.get("blocked", []))
            return {
                "add": [c.code for c in choices if c.code in ticked and not c.active_on],
                "remove": [c.code for c in choices if c.code not in ticked and c.active_on],
            }
        wanted = {c.code: one(values, c.code) for c in choices}
        return {
            "add": [code for code, wish in wanted.items() if wish == "block"],
            "remove": [code for code, wish in wanted.items() if wish == "open"],
        }

    return LightForm(
        draft,
        text.plural(
            "What is blocked on this line?", "What is blocked on these {n} lines?", draft.total_lines
        ),
        _fields,
        read,
        text("Change the barrings"),
        lead=text("Blocking a service is free; the plan stays as it is."),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text = page.text
    choices: list[BarringChoice] = draft.choices
    add, remove = draft.asked.kind_fields["add"], draft.asked.kind_fields["remove"]
    if draft.total_lines == 1:
        entries = [
            (c.code, c.name, c.code in add or (bool(c.active_on) and c.code not in remove)) for c in choices
        ]
        return [
            checks_field(
                "blocked",
                text("Blocked services"),
                entries,
                hint=text("Tick to block, untick to open again."),
                error=errors.get("add", "") or errors.get("remove", ""),
            )
        ]
    error = errors.get("add", "") or errors.get("remove", "")
    return [
        select_field(
            c.code,
            c.name,
            [("", text("No change")), ("block", text("Block")), ("open", text("Open again"))],
            value="block" if c.code in add else "open" if c.code in remove else "",
            hint=text.plural("Blocked on {n} line now", "Blocked on {n} lines now", c.active_on)
            if c.active_on
            else text("Not blocked now"),
            error=error if index == 0 else "",
        )
        for index, c in enumerate(choices)
    ]
