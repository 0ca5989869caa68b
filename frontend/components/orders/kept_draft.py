"""A draft that is saved while it is filled in, so that a reload, a sign-out or another device loses nothing typed."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backend.core.errors import AppError, NotAuthenticated
from backend.orders.placement import drafts
from frontend.page_context import PageContext
from tenants.scope import Actor

# Keystrokes that come in a burst are saved together
TYPING_SECONDS = 0.25


class KeptDraft:
    """Saves what is filled in, complete or not: one save at a time, the newest last."""

    def __init__(self, page: PageContext, draft_id: UUID) -> None:
        self.page, self.draft_id = page, draft_id
        self.saving = asyncio.Lock()
        self._newest: Mapping[str, Any] | None = None

    def keep(self, kind_fields: Mapping[str, Any]) -> None:
        """Save it soon, beside the page: a page that closes meanwhile loses nothing."""
        at_work = self._newest is not None
        self._newest = kind_fields
        if not at_work:
            self.page.run_in_background(self._keep_newest())

    async def keep_now(self, actor: Actor, kind_fields: Mapping[str, Any]) -> None:
        """Save it before it is checked; what waits to be saved is older. Raises what the save raises."""
        self._newest = None
        async with self.saving:
            await drafts.save_draft_choices(actor, self.draft_id, kind_fields, complete=False)

    async def saved(self) -> None:
        """Called after each save that nobody waits for."""

    async def refused(self) -> None:
        """Called where a save was refused: the button says why."""

    async def _keep_newest(self) -> None:
        await asyncio.sleep(TYPING_SECONDS)
        newest, self._newest = self._newest, None
        if newest is None:
            return
        async with self.saving:
            try:
                await drafts.save_draft_choices(self.page.actor, self.draft_id, newest, complete=False)
            except NotAuthenticated:
                await self.page.push("again")
            except AppError:
                await self.refused()
            else:
                await self.saved()
