"""An open page's person, language and line to the browser; and what the portal is given from outside."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from backend.core.permissions import Permission, has_permission
from backend.lines.schemas import FleetFrame
from backend.lines.service import fleet_frame
from backend.members.schemas import Profile
from backend.settings import Settings
from frontend.i18n import Translator
from tenants.scope import Actor, TenantId

Unsubscribe = Callable[[], None]


class Subscribe(Protocol):
    """Ask to be called on this loop whenever a topic of a tenant is touched."""

    def __call__(self, tenant_id: TenantId, topic: str, callback: Callable[[], None]) -> Unsubscribe: ...


@dataclass(frozen=True)
class Services:
    """What the web process hands to the portal: identity and live topics."""

    # The session cookie's token -> who acts
    authenticate: Callable[[str], Awaitable[Actor | None]]
    profile: Callable[[Actor], Awaitable[Profile]]
    subscribe: Subscribe
    # What the frame of every page says of the lines
    fleet: Callable[[Actor], Awaitable[FleetFrame]] = fleet_frame


@dataclass
class PageContext:
    """One request or one open socket of one person.

    The actor is the one of the connection: a use case refuses it, or renews it, once its rows have changed.
    """

    settings: Settings
    services: Services
    actor: Actor
    profile: Profile
    text: Translator
    fleet: FleetFrame = field(default_factory=FleetFrame)
    # The browser holds this page's first view as HTML
    booted: bool = False
    send: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None
    go: Callable[..., Awaitable[None]] | None = None
    # A page that takes a changed query by itself
    take_query: Callable[[str], None] | None = None
    _versions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Services name plans and options in the language that the page is in.
        self.actor = replace(self.actor, language=self.text.language)

    def may(self, permission: Permission) -> bool:
        return has_permission(self.actor.roles, permission)

    def next_version(self) -> int:
        """The next number for data sent to this page; taken before reading, so that stale data loses."""
        return next(self._versions)

    async def push(self, kind: str, /, **message: Any) -> None:
        """Send one message to the page's own script."""
        if self.send is not None:
            await self.send({**message, "type": kind})

    async def navigate(self, to: str, *, replace: bool = False) -> None:
        """Go to another page of the portal; `replace` leaves no trace of this one behind the back button."""
        if self.go is not None:
            await self.go(to, replace=replace)

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work beside the page; a command goes on to its end even when the page closes first."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
