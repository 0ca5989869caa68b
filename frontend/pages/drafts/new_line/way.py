"""The pages of a new line in their order: a transfer has one more."""

from collections.abc import Callable, Mapping
from typing import Any

from backend.orders.kinds import KINDS
from backend.orders.schemas import DraftView
from frontend.components.orders.kept_form import REVIEW, QuestionStep

ADD, PORT = "add_line", "port_in"
PAGES = ("", "transfer", "sim", "options")


def way_of(kind: str) -> list[str]:
    """Every page of the form of this kind, from the first."""
    return [page for page in PAGES if page in KINDS[kind].steps]


def question_step(draft: DraftView, step: str, *, returns: bool) -> QuestionStep:
    """One page of the draft, with those before and after it. `returns`: check answers follow, which led here."""
    pages = way_of(draft.kind)
    before = pages[max(pages.index(step) - 1, 0)]
    return QuestionStep(step, before, _following(draft, step, returns=returns))


def _following(draft: DraftView, step: str, *, returns: bool) -> str | Callable[[Mapping[str, Any]], str]:
    if step != "":
        pages = [*way_of(draft.kind), REVIEW]
        return REVIEW if returns else pages[pages.index(step) + 1]

    def after_first(kind_fields: Mapping[str, Any]) -> str:
        # The answer of the first page may make it a line of the other kind, whose pages have to be filled in
        kind = str(kind_fields.get("kind") or draft.kind)
        return REVIEW if returns and kind == draft.kind else way_of(kind)[1]

    return after_first
