"""The hooks by which an order kind reads and writes the database; each does nothing unless the kind sets it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from backend.catalog.catalogue import Catalogue
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.kinds.base import LineSnapshot
from backend.orders.schemas import OrderRequest
from tenants.scope import Scope


async def no_context(_scope: Scope, _request: Sequence[OrderRequest], _lines: Sequence[LineSnapshot]) -> Any:
    return None


async def no_choices(
    _scope: Scope, _catalogue: Catalogue, _request: OrderRequest, _lines: Sequence[LineSnapshot]
) -> Any:
    return None


async def no_defaults(_scope: Scope, _request: OrderRequest) -> Mapping[str, Any]:
    return {}


async def ignore_placed(_scope: Scope, _placed: PlacedOrder) -> None:
    return


async def ignore_updates(_scope: Scope, _steps: Sequence[ItemUpdate]) -> None:
    return


async def ignore_cancelled(_scope: Scope, _ended: Sequence[ClosedItem]) -> None:
    return


async def allow_correction(_scope: Scope) -> None:
    return


async def ignore_rescheduled(_scope: Scope, _order_id: UUID, _on: date) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """The hooks of one kind. Each runs in the transaction of what it follows."""

    # Reads what the kind's rules need, before its requests are worked out for these lines
    load_context: Callable[[Scope, Sequence[Any], Sequence[LineSnapshot]], Awaitable[Any]] = no_context
    # Reads what the form of a draft offers
    form_choices: Callable[[Scope, Catalogue, Any, Sequence[LineSnapshot]], Awaitable[Any]] = no_choices
    # Reads what a new draft is filled in with, from what is known
    draft_defaults: Callable[[Scope, Any], Awaitable[Mapping[str, Any]]] = no_defaults
    # Before somebody corrects an item that is held; may refuse
    before_correction: Callable[[Scope], Awaitable[None]] = allow_correction
    # After an order was placed
    on_placed: Callable[[Scope, PlacedOrder], Awaitable[None]] = ignore_placed
    # After a carrier's update of items that are open or done
    on_update: Callable[[Scope, Sequence[ItemUpdate]], Awaitable[None]] = ignore_updates
    # After items are done and their lines are written
    on_completed: Callable[[Scope, Sequence[ItemUpdate]], Awaitable[None]] = ignore_updates
    # After an order got another day
    on_rescheduled: Callable[[Scope, UUID, date], Awaitable[None]] = ignore_rescheduled
    # After items ended without being carried out, for whatever reason
    on_cancelled: Callable[[Scope, Sequence[ClosedItem]], Awaitable[None]] = ignore_cancelled
