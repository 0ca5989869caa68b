"""The places at which an order kind may act in the database; each does nothing unless the kind says otherwise."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from backend.catalog.catalogue import Catalogue
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.kinds.base import LineSnapshot
from backend.orders.schemas import OrderRequest
from tenants.scope import Scope


async def no_context(_scope: Scope, _asked: Sequence[OrderRequest], _lines: Sequence[LineSnapshot]) -> Any:
    return None


async def no_choices(
    _scope: Scope, _catalogue: Catalogue, _asked: OrderRequest, _lines: Sequence[LineSnapshot]
) -> Any:
    return None


async def ignore_placed(_scope: Scope, _placed: PlacedOrder) -> None:
    return


async def ignore_updates(_scope: Scope, _steps: Sequence[ItemUpdate]) -> None:
    return


async def ignore_cancelled(_scope: Scope, _ended: Sequence[ClosedItem]) -> None:
    return


async def ignore_rescheduled(_scope: Scope, _order_id: UUID, _on: date) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Each runs in the transaction of what it follows.

    `facts`: what the rules must know, read before an order is worked out (every `asked` of it and its lines).
    `choices`: what the draft's page offers. `placed`: the order stands; `moved`: it got another day. `heard`: the carrier said something about items that are under way or done; `done`: items
    are carried out, their lines written. `dropped`: items come to nothing, whatever the reason.
    """

    load_context: Callable[[Scope, Sequence[Any], Sequence[LineSnapshot]], Awaitable[Any]] = no_context
    form_choices: Callable[[Scope, Catalogue, Any, Sequence[LineSnapshot]], Awaitable[Any]] = no_choices
    on_placed: Callable[[Scope, PlacedOrder], Awaitable[None]] = ignore_placed
    on_update: Callable[[Scope, Sequence[ItemUpdate]], Awaitable[None]] = ignore_updates
    on_completed: Callable[[Scope, Sequence[ItemUpdate]], Awaitable[None]] = ignore_updates
    on_rescheduled: Callable[[Scope, UUID, date], Awaitable[None]] = ignore_rescheduled
    on_cancelled: Callable[[Scope, Sequence[ClosedItem]], Awaitable[None]] = ignore_cancelled
