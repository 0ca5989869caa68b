"""The first choice of a new line: a new number, or one that exists and is transferred (F-054)."""

from typing import Any
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.actions import button
from frontend.components.forms import radio_cards
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.orders.draft_form import one
from frontend.components.orders.draft_layout import question_form
from frontend.components.steps import change_steps
from frontend.elements import Child, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.pages.drafts.new_line.way import PORT, way_of

ADD = "add_line"
OF_TRANSFERS = (
    "operator",
    "card",
    "port_on",
    "authorised",
    "authorised_by",
    "contact_person",
    "company_name",
    "vat_number",
)


@component
def FirstChoice(draft: DraftView) -> VdomDict:
    page = use_page()
    text = page.text

    async def started(draft_id: UUID) -> None:
        await page.navigate(f"/app/drafts/{draft_id}/{second[0]}", replace=True)

    start = use_mutation(drafts.start_draft, done=started)
    second = ["account"]

    async def chosen(sent: Any) -> None:
        kind = one(sent["target"]["values"], "kind") or draft.kind
        if kind == draft.kind:
            await page.navigate(f"/app/drafts/{draft.id}/{way_of(draft)[1]}")
            await page.push("idle")
            return
        second[0] = "transfer" if kind == PORT else "account"
        start.run(kind, kind_fields=_kept_fields(draft))

    form = question_form(
        chosen,
        radio_cards("kind", text("Which number?"), _ways(text), value=draft.kind),
        html.div(
            {"class": "row", "key": "send"},
            button(text("Go on"), kind="primary large", submit=True, busy=start.pending),
        ),
    )
    return html.div(
        page_header(
            text("Which number does the line get?"),
            crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (draft.title, None)),
        ),
        change_steps(text, 0, draft),
        html.div(
            {"class": "before-columns"}, notice(start.problem.words, tone="danger", mark="alert", live=True)
        )
        if start.problem
        else None,
        html.div(
            {"class": "columns", "key": "columns"},
            html.div({"class": "stack"}, panel("questions", draft.title, form)),
        ),
    )


def _kept_fields(draft: DraftView) -> dict[str, Any]:
    """The answers that the other kind of number takes over."""
    return {
        name: value
        for name, value in draft.asked.kind_fields.items()
        if name != "number" and not name.startswith("donor_") and name not in OF_TRANSFERS
    }


def _ways(text: Translator) -> list[tuple[str, Child, Child]]:
    return [
        (
            ADD,
            text("A new number"),
            text("The carrier chooses it, or you take one of your reserved numbers."),
        ),
        (
            PORT,
            text("Transfer an existing number"),
            text("From another operator, or from another holder. The number stays the same."),
        ),
    ]
