"""One visit: an open page's person, language and line to the browser; and what the portal is given from outside."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from backend.core.permissions import Permission, holds
from backend.settings import Settings
from frontend.text import Text
from tenants.scope import Actor, TenantId

Unsubscribe = Callable[[], None]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the frame shows about where the person is."""

    tenant_name: str
    carrier: str  # profile code
    carrier_name: str
    customer_number: str = ""
    portals: tuple[str, ...] = ("manager",)  # which of manager and user this person holds
    portal: str = "manager"  # the one this session is in
    memberships: tuple["Membership", ...] = ()  # other tenants to switch to


class Membership(msgspec.Struct, frozen=True):
    """Another tenant that the same person belongs to."""

    member_id: str
    tenant_name: str


class Subscribe(Protocol):
    """Ask to be called on this loop whenever a topic of a tenant is touched."""

    def __call__(self, tenant_id: TenantId, topic: str, callback: Callable[[], None]) -> Unsubscribe: ...


@dataclass(frozen=True)
class Doors:
    """What the web process hands to the portal: identity and live topics."""

    authenticate: Callable[[str], Awaitable[Actor | None]]  # the session cookie's token -> who acts
    profile: Callable[[Actor], Awaitable[Profile]]
    subscribe: Subscribe
    set_language: Callable[[Actor, str], Awaitable[None]]


class SignedOut(Exception):
    """The session ended while the page was open."""


@dataclass
class Visit:
    """One request or one open socket of one person."""

    settings: Settings
    doors: Doors
    token: str
    actor: Actor
    profile: Profile
    text: Text
    booted: bool = False  # the browser holds this page's first view as HTML
    send: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None
    go: Callable[[str], Awaitable[None]] | None = None
    _versions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def may(self, permission: Permission) -> bool:
        return holds(self.actor.roles, permission)

    def __post_init__(self) -> None:
        self.actor = replace(self.actor, language=self.text.language)

    async def recheck(self) -> Actor:
        """Who acts now: roles may have changed, the session may have ended, since the page was opened."""
        actor = await self.doors.authenticate(self.token)
        if actor is None:
            raise SignedOut
        # Services name plans and options in the language that the page is in.
        self.actor = replace(actor, language=self.text.language)
        return self.actor

    def version(self) -> int:
        """The next number for data sent to this page; taken before reading, so that stale data loses."""
        return next(self._versions)

    async def tell(self, kind: str, **message: Any) -> None:
        """Send one message to the page's own script."""
        if self.send is not None:
            await self.send({"type": kind, **message})

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work beside the page; a command goes on to its end even when the page closes first."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
