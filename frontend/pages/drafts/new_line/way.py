"""The pages of a new line, one decision each, in their order: it follows from what has been answered so far."""

from collections.abc import Callable, Mapping
from typing import Any

from backend.orders.schemas import DraftView
from frontend.components.orders.kept_form import REVIEW, QuestionStep

PORT = "port_in"


def way_of(draft: DraftView, kind_fields: Mapping[str, Any] | None = None) -> list[str]:
    """Every page of this draft from the first; `kind_fields` are newer than the draft's own."""
    request = {**draft.asked.kind_fields, **(kind_fields or {})}
    moving = draft.kind == PORT
    card = "esim" if request["sim_kind"] == "esim" else "card"
    shared = ["contract"] if request["split_profile"] else []
    return [
        "",
        *(("transfer", "holder", "authorisation") if moving else ()),
        "account",
        "sim",
        card,
        "plan",
        "options",
        "cap",
        "split",
        *shared,
        "date" if moving else "when",
    ]


def next_question(draft: DraftView, step: str) -> str | Callable[[Mapping[str, Any]], str]:
    """The page behind this one; "review" behind the last."""
    if step == way_of(draft)[-1]:
        return REVIEW

    def following(kind_fields: Mapping[str, Any]) -> str:
        pages = way_of(draft, kind_fields)
        return pages[pages.index(step) + 1] if step in pages else pages[-1]

    return following


def previous_question(draft: DraftView, step: str) -> str:
    pages = way_of(draft)
    return pages[max(pages.index(step) - 1, 0)] if step in pages else ""


def question_step(draft: DraftView, step: str) -> QuestionStep:
    """One page of the draft, with those before and after it."""
    return QuestionStep(step, previous_question(draft, step), next_question(draft, step))
