"""`@use_case(permission)`: checks the permission, opens or joins the scope, and keeps the register of all use cases."""

import asyncio
import functools
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from backend.core import clock
from backend.core.database_errors import is_retryable, to_app_error
from backend.core.errors import Forbidden, NotAuthenticated, ReauthenticationRequired
from backend.core.outbox import flush
from backend.core.permissions import OPERATOR_PERMISSIONS, Permission, has_permission
from tenants.scope import Actor, Scope
from tenants.transaction import ActorChanged, open_scope

log = structlog.get_logger()

P = ParamSpec("P")
R = TypeVar("R")

RECENT_SIGN_IN = timedelta(minutes=5)
# Of a transaction that was rolled back only to let another one through
MAX_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class UseCase:
    """One entry of the register: tests walk it with every role and with another tenant's ids."""

    name: str
    permission: Permission
    function: Callable[..., Awaitable[Any]]


USE_CASES: dict[str, UseCase] = {}

ActorLoader = Callable[[Actor], Awaitable[Actor | None]]
_actor_loaders: list[ActorLoader] = []


def set_actor_loader(renewal: ActorLoader) -> None:
    """Set the function that reads an actor again when its rows have changed; `backend/members` calls this once."""
    _actor_loaders[:] = [renewal]


def always(*_: object, **__: object) -> bool:
    """For `one_plan`: whatever the arguments are."""
    return True


def never(*_: object, **__: object) -> bool:
    """For `one_plan`: the planner looks at the values of each call."""
    return False


def use_case(
    permission: Permission, *, read_only: bool = False, one_plan: Callable[..., bool] = never
) -> Callable[
    [Callable[Concatenate[Scope, P], Awaitable[R]]], Callable[Concatenate[Actor | Scope, P], Awaitable[R]]
]:
    """Make a function of a scope callable with an Actor (one transaction of its own) or with an open Scope.

    `one_plan`: from the call's arguments, whether its statements are planned once for all values, which pays where
    planning takes longer than running. A call that lost a deadlock is run again, unless an argument can be read only
    once. Raises Forbidden where the actor's roles do not hold the permission, before anything is read, and Unavailable
    where the database cannot do it now.
    """

    def wrap(
        function: Callable[Concatenate[Scope, P], Awaitable[R]],
    ) -> Callable[Concatenate[Actor | Scope, P], Awaitable[R]]:
        @functools.wraps(function)
        async def call(who: Actor | Scope, /, *args: P.args, **kwargs: P.kwargs) -> R:
            actor = who.actor if isinstance(who, Scope) else who
            if not is_allowed(actor, permission):
                raise Forbidden
            if isinstance(who, Scope):
                return await function(who, *args, **kwargs)
            return await run_with_retry(
                name, lambda: renewed(who, *args, **kwargs), max_attempts(args, kwargs)
            )

        async def renewed(who: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await perform(who, *args, **kwargs)
            except ActorChanged:
                # Raised before the function was called, so calling it now is the first time
                return await perform(await _load_actor(who, permission), *args, **kwargs)

        async def perform(who: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            async with open_scope(who, read_only=read_only, one_plan=one_plan(*args, **kwargs)) as scope:
                result = await function(scope, *args, **kwargs)
                await flush(scope)
                return result

        name = f"{function.__module__}.{function.__qualname__}"
        USE_CASES[name] = UseCase(name, permission, call)
        return call

    return wrap


def max_attempts(args: Sequence[object], kwargs: Mapping[str, object]) -> int:
    """How often a call may be tried: once where an argument can be read only once."""
    return 1 if any(isinstance(value, Iterator) for value in (*args, *kwargs.values())) else MAX_ATTEMPTS


async def run_with_retry(name: str, attempt: Callable[[], Awaitable[R]], tries: int) -> R:
    """Run the attempt; again, up to `tries` times, where it was rolled back for another transaction.

    Raises an AppError in place of an error that is about the state of the database.
    """
    while True:
        tries -= 1
        try:
            return await attempt()
        except Exception as error:
            if tries and is_retryable(error):
                await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - spreads, guards nothing
            elif refusal := to_app_error(error):
                log.warning("use case failed", use_case=name, why=f"{type(error).__name__}: {error}")
                raise refusal from error
            else:
                raise


async def _load_actor(actor: Actor, permission: Permission) -> Actor:
    """The actor as it is now. Raises NotAuthenticated or Forbidden."""
    renewed = await _actor_loaders[0](actor) if _actor_loaders else None
    if renewed is None:
        raise NotAuthenticated
    if not is_allowed(renewed, permission):
        raise Forbidden
    return renewed


def is_allowed(actor: Actor, permission: Permission) -> bool:
    """Whether the actor may: a job of the product always, the operator's staff by their list, a member by role."""
    if actor.operator:
        return permission in OPERATOR_PERMISSIONS
    return actor.system or has_permission(actor.roles, permission)


def require_recent_sign_in(actor: Actor) -> None:
    """Raise ReauthenticationRequired unless the person signed in within the last five minutes."""
    if actor.signed_in_at is None or clock.now() - actor.signed_in_at > RECENT_SIGN_IN:
        raise ReauthenticationRequired
