"""A light request while it is filled in: kept at each change, with what it would do."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from backend.core.errors import AppError, NotAuthenticated
from backend.orders.placement import drafts
from backend.orders.schemas import OrderDetail, OrderPreview
from frontend.components.orders.kept_draft import KeptDraft
from frontend.page_context import PageContext
from tenants.scope import Actor


def must_be_seen(preview: OrderPreview) -> bool:
    """Whether something has to be read before it is sent: what is left out, a warning, a confirmation, a price."""
    price = preview.price
    costs = price.one_off or price.monthly_difference or price.total
    told = preview.missing or preview.warnings or preview.information or preview.must_confirm
    return bool(preview.changing and (costs or told))


class LightDraft(KeptDraft):
    """Shows after each save what the request would do: `show` gets it, and None while it is incomplete."""

    def __init__(
        self, page: PageContext, draft_id: UUID, show: Callable[[OrderPreview | None], None]
    ) -> None:
        super().__init__(page, draft_id)
        self._show = show

    async def send(
        self, actor: Actor, kind_fields: Mapping[str, Any], *, shown: str, confirmed: bool
    ) -> OrderPreview | OrderDetail:
        """Send the request; or return what it would do, where that has to be read first and is not what was `shown`.

        `shown` is the fingerprint of what stood on the page when the button was pressed. What is filled in is kept
        before anything is checked: a recent sign-in may be asked for. Raises what `submit_draft` raises.
        """
        await self.keep_now(actor, kind_fields)
        preview = await drafts.preview_draft(actor, self.draft_id)
        if must_be_seen(preview) and preview.fingerprint != shown:
            return preview
        return await drafts.submit_draft(
            actor, self.draft_id, fingerprint=preview.fingerprint, confirmed=confirmed
        )

    async def saved(self) -> None:
        """Show what the request would do now."""
        try:
            self._show(await drafts.preview_draft(self.page.actor, self.draft_id))
        except NotAuthenticated:
            await self.page.push("again")
        except AppError:
            self._show(None)

    async def refused(self) -> None:
        """Nothing is complete."""
        self._show(None)
