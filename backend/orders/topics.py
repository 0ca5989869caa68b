"""The topics that wake the pages which show an order or lines."""

from collections.abc import Iterable
from uuid import UUID

from tenants.scope import Scope


def invalidate_order(scope: Scope, order_id: UUID) -> None:
    """Wake the pages of this order and the lists of orders."""
    scope.invalidate(f"order:{order_id}")
    scope.invalidate("orders")


def drafts_topic(member_id: UUID | None) -> str:
    """The live topic of a member's drafts."""
    return f"drafts:{member_id}"


def invalidate_drafts(scope: Scope) -> None:
    """Wake the pages that list the drafts of the acting member."""
    scope.invalidate(drafts_topic(scope.actor.member_id))


def invalidate_lines(scope: Scope, line_ids: Iterable[UUID]) -> None:
    """Wake the pages of these lines and the lists of lines."""
    for line_id in line_ids:
        scope.invalidate(f"line:{line_id}")
    scope.invalidate("fleet")
