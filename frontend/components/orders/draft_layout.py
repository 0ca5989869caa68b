"""Parts of the pages of a draft: the form element, the errors above it, the lines it is about."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from reactpy import event, html
from reactpy.types import VdomDict

from backend.orders.kinds import KINDS
from backend.orders.schemas import DraftView, PossibleDays
from frontend.components.forms import error_summary, text_field
from frontend.components.layout import panel
from frontend.elements import Child, number
from frontend.i18n import Translator
from frontend.page_context import PageContext


def question_form(
    on_submit: Callable[[Any], Any], *content: Child, more: Mapping[str, Any] | None = None
) -> VdomDict:
    """The form element of a draft's page; what was typed stays in it when it is drawn again."""
    return html.form(
        {
            "class": "form",
            "id": "form",
            "key": "form",
            "novalidate": True,
            "onSubmit": event(on_submit, prevent_default=True),
            **(more or {}),
        },
        *content,
    )


def error_box_above(text: Translator, errors: Mapping[str, str]) -> VdomDict | None:
    """The summary of what is wrong, above the columns of a page."""
    if not errors:
        return None
    return html.div({"class": "before-columns", "key": "problem"}, error_summary(text, errors))


def first_page(kind: str, draft_id: UUID) -> str:
    """The address at which a request that was just begun goes on."""
    return f"/app/drafts/{draft_id}/review" if KINDS[kind].asks_nothing else f"/app/drafts/{draft_id}"


def lines_panel(text: Translator, draft: DraftView) -> VdomDict:
    """For which lines: the first ones by name and number, and how many more."""
    more = draft.total_lines - len(draft.lines)
    return panel(
        "lines",
        text.plural("{n} line", "{n} lines", draft.total_lines),
        html.ul(
            {"class": "file-list small"},
            *(
                html.li(
                    {"key": str(line.line_id)},
                    number(text.msisdn(line.msisdn)),
                    html.span({"class": "muted"}, line.name),
                )
                for line in draft.lines[:10]
            ),
        ),
        html.p(
            {"class": "small muted"},
            text.plural("and {n} more line", "and {n} more lines", more + len(draft.lines[10:])),
        )
        if draft.total_lines > 10
        else None,
    )


def day_field(page: PageContext, draft: DraftView, errors: Mapping[str, str]) -> VdomDict:
    """The day on which it happens, within those that are possible."""
    text = page.text
    return text_field(
        "on",
        html.span(text("On which day?"), " ", html.span({"class": "optional"}, text("(optional)"))),
        kind="date",
        value=draft.asked.on.isoformat() if draft.asked.on else "",
        hint=day_hint(text, draft.days),
        error=errors.get("on", ""),
        short=True,
        more=day_limits(draft.days),
    )


def day_hint(text: Translator, days: PossibleDays) -> str:
    """That the day may stay empty, and the days between which it may be; or why there is none."""
    if days.earliest is None or days.latest is None:
        return days.why_not
    return text(
        "Leave it empty to have it done at once. Possible from {first} to {last}.",
        first=text.date(days.earliest),
        last=text.date(days.latest),
    )


def day_limits(days: PossibleDays) -> dict[str, str]:
    """The earliest and the latest day, as the attributes of a field."""
    limits = {"min": days.earliest, "max": days.latest}
    return {name: day.isoformat() for name, day in limits.items() if day}
