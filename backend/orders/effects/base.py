"""The places at which an order kind may act in the database; each does nothing unless the kind says otherwise."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from backend.catalog.names import Catalogue
from backend.orders.kinds.plan import LineNow
from backend.orders.schemas import Asked
from backend.orders.steps import Ended, Placed, Step
from tenants.scope import Scope


async def no_facts(_scope: Scope, _asked: Sequence[Asked], _lines: Sequence[LineNow]) -> Any:
    return None


async def no_choices(_scope: Scope, _catalogue: Catalogue, _asked: Asked, _lines: Sequence[LineNow]) -> Any:
    return None


async def nothing_placed(_scope: Scope, _placed: Placed) -> None:
    return


async def nothing_happened(_scope: Scope, _steps: Sequence[Step]) -> None:
    return


async def nothing_dropped(_scope: Scope, _ended: Sequence[Ended]) -> None:
    return


async def nothing_moved(_scope: Scope, _order_id: UUID, _on: date) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Each runs in the transaction of what it follows.

    `facts`: what the rules must know, read before an order is worked out (every `asked` of it and its lines).
    `choices`: what the draft's page offers. `placed`: the order stands; `moved`: it got another day. `heard`: the carrier said something about items that are under way or done; `done`: items
    are carried out, their lines written. `dropped`: items come to nothing, whatever the reason.
    """

    facts: Callable[[Scope, Sequence[Any], Sequence[LineNow]], Awaitable[Any]] = no_facts
    choices: Callable[[Scope, Catalogue, Any, Sequence[LineNow]], Awaitable[Any]] = no_choices
    placed: Callable[[Scope, Placed], Awaitable[None]] = nothing_placed
    heard: Callable[[Scope, Sequence[Step]], Awaitable[None]] = nothing_happened
    done: Callable[[Scope, Sequence[Step]], Awaitable[None]] = nothing_happened
    moved: Callable[[Scope, UUID, date], Awaitable[None]] = nothing_moved
    dropped: Callable[[Scope, Sequence[Ended]], Awaitable[None]] = nothing_dropped
