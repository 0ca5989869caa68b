"""What the fleet page says of the last reading of the inventory: lines that would end, lines that could not be read."""

from reactpy import html
from reactpy.types import VdomDict

from backend.lines.schemas import HeldReading, SyncStatus
from frontend.components.actions import button
from frontend.components.lines.held_reading import may_decide
from frontend.elements import notice
from frontend.page_context import PageContext

# Lines that the notice names
NAMED = 3


def inventory_notices(page: PageContext, snapshot: SyncStatus) -> list[VdomDict]:
    """The notices above the list; none where the last reading is wholly in it."""
    found = []
    if snapshot.held:
        found.append(_held(page, snapshot.held))
    if snapshot.unreadable:
        words = page.text.plural(
            "{n} line of the operator's list could not be read. It is shown as it was before.",
            "{n} lines of the operator's list could not be read. They are shown as they were before.",
            snapshot.unreadable,
        )
        found.append(notice(words, tone="attention", mark="alert"))
    return found


def _held(page: PageContext, held: HeldReading) -> VdomDict:
    text = page.text
    words = text.plural(
        "Since {date}, the operator's list has {n} line fewer: {lines}. Nothing was ended.",
        "Since {date}, the operator's list has {n} lines fewer, among them {lines}. Nothing was ended.",
        held.lines,
        date=text.moment(held.since),
        lines=", ".join(
            f"{text.msisdn(line.msisdn)} ({line.name})" if line.name else text.msisdn(line.msisdn)
            for line in held.first[:NAMED]
        ),
    )
    ask = text("If they are still yours, keep them and refresh the list later.")
    return notice(
        words,
        " ",
        ask,
        tone="attention",
        mark="alert",
        action=_choice(page, held) if may_decide(page) else None,
    )


def _choice(page: PageContext, held: HeldReading) -> VdomDict:
    text = page.text
    end = text.plural("End {n} line", "End {n} lines", held.lines)
    return html.div(
        {"class": "actions"},
        button(text("Keep these lines"), more={"data-act": f"keep-lines:{held.lines}", "id": "keep-lines"}),
        button(f"{end} …", kind="danger", more={"popovertarget": "end-lines-menu", "id": "end-lines-ask"}),
        html.div(
            {"class": "menu", "id": "end-lines-menu", "popover": "auto"},
            html.p(
                text(
                    "They leave the fleet. Where the operator lists them again, they return with their users."
                )
            ),
            html.button(
                {
                    "class": "menu-danger",
                    "type": "button",
                    "data-act": f"end-lines:{held.lines}",
                    "id": "end-lines",
                },
                end,
            ),
        ),
    )
