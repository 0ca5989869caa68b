"""A page of a draft at work: kept while it is typed, checked when it is sent, and the page after it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reactpy import use_state

from backend.core.use_case import require_recent_sign_in
from backend.orders.kinds import KINDS
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.orders.kept_draft import KeptDraft
from frontend.hooks import use_mutation, use_once
from frontend.page_context import PageContext
from frontend.page_errors import PageError, no_page_error
from tenants.scope import Actor

REVIEW = "review"
# The query of a page that was opened from check answers, and goes on to them again
RETURN = "then=review"


@dataclass(frozen=True)
class QuestionStep:
    """One of several pages of a draft: its name, the page before it, and the page after it.

    `following` may depend on the answers. Only the fields of this step are checked when the form is sent.
    """

    name: str
    back: str
    following: str | Callable[[Mapping[str, Any]], str]

    def next_page(self, kind_fields: Mapping[str, Any]) -> str:
        """The page to open after this one, with these answers."""
        return self.following if isinstance(self.following, str) else self.following(kind_fields)


@dataclass(frozen=True)
class KeptForm:
    """A form of a draft at work: what went wrong, and what its events do."""

    problem: PageError | None
    pending: bool
    typed: Callable[[Any], None]
    submitted: Callable[[Any], Awaitable[None]]


def use_kept_form(
    page: PageContext, draft: DraftView, asked: Callable[[Any], dict[str, Any]], step: QuestionStep | None
) -> KeptForm:
    """Keep a draft while it is typed, check this page of it when it is sent, and go on to the next page."""
    problem, set_problem = use_state(no_page_error)
    target = use_once(lambda: [REVIEW])
    mine = use_once(lambda: KeptDraft(page, draft.id))
    last = step is None or step.following == REVIEW

    async def kept(_view: DraftView) -> None:
        set_problem(None)
        await page.navigate(f"/app/drafts/{draft.id}/{target[0]}")

    async def refused(found: PageError) -> None:
        set_problem(found)

    async def save_and_check(actor: Actor, kind_fields: Mapping[str, Any]) -> DraftView:
        await mine.keep_now(actor, kind_fields)
        saved = await drafts.save_draft(
            actor,
            draft.id,
            kind_fields,
            complete=last,
            step=step.name if step else None,
            next_page=target[0],
        )
        # Asked for here, what is confirmed on check answers need not be confirmed twice
        if last and KINDS[draft.kind].needs_recent_sign_in:
            require_recent_sign_in(actor)
        return saved

    save = use_mutation(save_and_check, done=kept, failed=refused)

    def typed(what: Any) -> None:
        mine.keep(asked(what))

    async def submitted(sent: Any) -> None:
        kind_fields = asked(sent)
        target[0] = step.next_page(kind_fields) if step else REVIEW
        save.run(kind_fields)

    return KeptForm(problem, save.pending, typed, submitted)
