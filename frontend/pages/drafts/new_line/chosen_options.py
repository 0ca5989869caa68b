"""The options that were chosen for a new line; saved in the order of the ticks."""

import asyncio
from collections.abc import Callable
from typing import Any

from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.page_context import PageContext
from frontend.page_errors import PageError, to_page_error


class ChosenOptions:
    """The chosen codes and, after a copy, the sentences about those that were left out.

    `kept` is called with the draft as it was saved, `refused` with what was wrong.
    """

    def __init__(
        self,
        page: PageContext,
        draft: DraftView,
        kept: Callable[[DraftView], None],
        refused: Callable[[PageError], None],
    ) -> None:
        self.codes: list[str] = list(draft.asked.kind_fields["options"])
        self.skipped: tuple[str, ...] = ()
        self._page, self._draft_id, self._kept, self._refused = page, draft.id, kept, refused
        self._saving = asyncio.Lock()

    async def tick(self, code: str, *, ticked: bool) -> None:
        """Choose an option, or take it out again."""
        async with self._saving:
            before = self.codes
            self.codes = [other for other in before if other != code] + ([code] if ticked else [])
            if await self._save() is None:
                self.codes = before
        await self._page.push("idle")

    async def copy_from(self, number: str) -> bool:
        """Add the options of the line with this number. Returns whether that line was found."""
        async with self._saving:
            found = await self._save(copy_options_from=number)
            if found is not None:
                self.codes = [*self.codes, *found.choices.copied]
                self.skipped = tuple(one.words for one in found.choices.skipped)
                await self._save()
        await self._page.push("idle")
        return found is not None

    async def _save(self, copy_options_from: str = "") -> DraftView | None:
        kind_fields: dict[str, Any] = {"options": tuple(self.codes), "copy_options_from": copy_options_from}
        try:
            found = await drafts.save_draft(self._page.actor, self._draft_id, kind_fields, step="choice")
        except Exception as error:
            self._refused(to_page_error(self._page, error))
            return None
        self._kept(found)
        return found
