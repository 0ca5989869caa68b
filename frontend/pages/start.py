"""Begins a request of a kind on one line, or a new one, and goes to its form; says so where it cannot begin."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from reactpy import html, use_effect, use_state
from reactpy.types import VdomDict

from backend.core.errors import NotFound
from backend.lines.schemas import Selection
from backend.orders.placement import drafts
from frontend.components.actions import link_button
from frontend.components.layout import empty, page_header, skeleton
from frontend.components.lines.line_actions import OFFERS
from frontend.components.orders.draft_layout import first_page
from frontend.hooks import component, use_page
from frontend.page_address import read_query
from frontend.page_errors import no_page_error, to_page_error


@component
def StartPage(kind: str, query: str) -> VdomDict:
    page = use_page()
    text = page.text
    problem, set_problem = use_state(no_page_error)

    request = [line for line in read_query(query).get("line", []) if line]

    async def begin() -> None:
        try:
            lines = _ids(request)
            draft = await drafts.start_draft(page.actor, kind, Selection(line_ids=lines))
        except Exception as error:
            set_problem(to_page_error(page, error))
        else:
            await page.navigate(first_page(kind, draft), replace=True)

    def start() -> Any:
        page.run_in_background(begin())

    use_effect(start, [])
    if problem is None:
        return html.div(skeleton(text))
    support = problem.code == "through_support"
    if len(request) == 1 and problem.code != NotFound.code:
        back = link_button(text("Back to the line"), f"/app/lines/{quote(request[0])}")
    else:
        back = link_button(text("Back to the fleet"), "/app/fleet")
    words = next((words for offer, _, words in OFFERS if offer == kind), "")
    return html.div(
        page_header(text(words) if support and words else text("This request cannot begin")),
        html.section(
            {"class": "panel"},
            empty(
                problem.words if support else text("This is not possible here"),
                *(() if support else (problem.words,)),
                action=back,
                mark="mail" if support else None,
            ),
        ),
    )


def _ids(texts: Sequence[str]) -> tuple[UUID, ...]:
    """The lines that an address names. Raises NotFound for what is no id: there is no such line."""
    try:
        return tuple(UUID(text) for text in texts)
    except ValueError:
        raise NotFound from None
