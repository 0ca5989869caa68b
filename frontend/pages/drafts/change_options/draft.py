"""The draft of a change as it is on the page; saved in the order of the ticks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from backend.orders.kinds.change_options import OptionChoice
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.page_context import PageContext
from frontend.page_errors import PageError, to_page_error


def pressed_value(event: Any) -> str:
    """The value of the button that was pressed, also where its drawing was hit."""
    return str(event.get("currentTarget", event["target"])["value"])


class OptionsDraft:
    """The draft as it is on the page; saved in the order of the ticks."""

    def __init__(
        self,
        page: PageContext,
        view: DraftView,
        show: Callable[[DraftView], None],
        fail: Callable[[PageError], None],
    ) -> None:
        self.page, self.view, self.show, self.fail = page, view, show, fail
        self._read()
        self.saving = asyncio.Lock()

    def _read(self) -> None:
        kind_fields, offered = self.view.asked.kind_fields, {choice.code for choice in self.view.choices}
        # What the catalogue has lost since cannot be unticked: it is left out.
        self.add, self.remove = (
            [code for code in kind_fields[name] if code in offered] for name in ("add", "remove")
        )
        self.on = self.view.asked.on.isoformat() if self.view.asked.on else None

    def choose(self, code: str, *, ticked: bool) -> None:
        """A tick of an option, or one of the caps; no code: each line keeps its cap."""
        choice = next((one for one in self.view.choices if one.code == code), None)
        if choice is None or choice.cap_cents is not None:
            self._choose_cap(choice)
        else:
            self.tick(choice, ticked=ticked)

    def tick(self, choice: OptionChoice, *, ticked: bool) -> None:
        """Ticked: every line shall have it. Unticked: none shall. Back to how it is: nothing changes."""
        self.leave(choice.code)
        if ticked and choice.active_on < self.view.total_lines:
            self.add.append(choice.code)
        elif not ticked and choice.active_on:
            self.remove.append(choice.code)

    def _choose_cap(self, chosen: OptionChoice | None) -> None:
        """Every line gets this cap in place of its own; None: each keeps its own."""
        for choice in self.view.choices:
            if choice.cap_cents is not None:
                self.leave(choice.code)
        if chosen and chosen.active_on < self.view.total_lines:
            self.add.append(chosen.code)

    def leave(self, code: str) -> None:
        self.add = [other for other in self.add if other != code]
        self.remove = [other for other in self.remove if other != code]

    async def save(self) -> bool:
        """Whether it holds and was kept."""
        async with self.saving:
            kind_fields = {"add": self.add, "remove": self.remove, "on": self.on}
            return await self._keep(self._save_choices(kind_fields))

    async def _save_choices(self, kind_fields: Mapping[str, Any]) -> DraftView:
        # With something chosen it has to hold: options that exclude each other are refused at once.
        complete = bool(self.add or self.remove)
        asked = await drafts.save_draft_choices(self.page.actor, self.view.id, kind_fields, complete=complete)
        return msgspec.structs.replace(self.view, asked=asked)

    async def wait_until(self, day: str) -> None:
        """Choose the day on which it happens; "" for at once. A day that is not possible is refused, and not kept."""
        self.on = day or None
        await self.save()

    async def drop(self, line_id: UUID) -> None:
        async with self.saving:
            await self._keep(drafts.drop_draft_line(self.page.actor, self.view.id, line_id))

    async def _keep(self, saved: Awaitable[DraftView]) -> bool:
        try:
            self.view = await saved
            self.show(self.view)
        except Exception as error:
            self._read()
            self.fail(to_page_error(self.page, error))
            return False
        else:
            return True
        finally:
            await self.page.push("idle")
