"""What requests share that add codes to lines and remove others (options, barrings). Pure."""

from collections.abc import Mapping
from typing import Any

from backend.orders.schemas import OrderRequest


class AddRemove(OrderRequest, frozen=True, kw_only=True):
    """Add codes to lines and remove others."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def added_and_removed(change: Mapping[str, Any]) -> dict[str, str]:
    """The codes that were added and removed, for the timeline."""
    return {name: ", ".join(codes) for name in ("add", "remove") if (codes := change.get(name))}
