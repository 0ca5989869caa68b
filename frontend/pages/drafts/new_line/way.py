"""The pages of a new line, one decision each, in their order: it follows from what has been answered so far."""

from collections.abc import Callable, Mapping
from typing import Any

from backend.orders.schemas import DraftView

PORT = "port_in"


def way(draft: DraftView, wishes: Mapping[str, Any] | None = None) -> list[str]:
    """Every page of this draft from the first; `wishes` are newer than the draft's own."""
    asked = {**draft.asked.wishes, **(wishes or {})}
    moving = draft.kind == PORT
    card = "esim" if asked["sim_kind"] == "esim" else "card"
    shared = ["contract"] if asked["split_profile"] else []
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


def after(draft: DraftView, step: str) -> str | Callable[[Mapping[str, Any]], str]:
    """The page behind this one; "review" behind the last."""
    if step == way(draft)[-1]:
        return "review"

    def following(wishes: Mapping[str, Any]) -> str:
        pages = way(draft, wishes)
        return pages[pages.index(step) + 1] if step in pages else pages[-1]

    return following


def before(draft: DraftView, step: str) -> str:
    pages = way(draft)
    return pages[max(pages.index(step) - 1, 0)] if step in pages else ""
