"""Rules about members: which roles exist, which portals they open, and when a session ends. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from backend.core.errors import ValidationFailed
from backend.core.lifecycle import Lifecycle
from backend.core.permissions import MANAGER_ROLES, Portal, Role


class MemberState(StrEnum):
    """Only an active member may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    BLOCKED = "blocked"
    REMOVED = "removed"


# A removed member comes back by being added again.
MEMBER_LIFECYCLE = Lifecycle(
    MemberState,
    {
        MemberState.INVITED: {MemberState.ACTIVE, MemberState.REMOVED},
        MemberState.ACTIVE: {MemberState.BLOCKED, MemberState.REMOVED},
        MemberState.BLOCKED: {MemberState.ACTIVE, MemberState.REMOVED},
    },
)
# A token of a member or of the operator's staff lasts so long at most
LONGEST_TOKEN = timedelta(days=365)


# session_actor() in the database also ends a session after eight idle hours
ABSOLUTE = timedelta(hours=24)
NOTE_USE_EVERY = timedelta(minutes=1)


def portals(roles: Iterable[str]) -> tuple[Portal, ...]:
    """What the roles open, the manager portal first."""
    held = frozenset(roles)
    manager = (Portal.MANAGER,) if held & MANAGER_ROLES else ()
    return manager + ((Portal.USER,) if Role.END_USER in held else ())


def roles_in(portal: str, roles: Iterable[str]) -> frozenset[str]:
    """The roles that count in a portal: there a manager is no end user, and here nothing else."""
    held = frozenset(roles)
    return held & ({Role.END_USER} if portal == Portal.USER else MANAGER_ROLES)


def check_roles(roles: Iterable[str]) -> list[str]:
    """The roles in their usual order. Raises ValidationFailed for none and for one that does not exist."""
    wanted = frozenset(roles)
    known = [role.value for role in Role if role in wanted]
    if not wanted or len(known) != len(wanted):
        raise ValidationFailed(roles=f"Choose among {', '.join(role.value for role in Role)}.")
    return known


def token_life(days: int) -> timedelta:
    """How long a token lasts. Raises ValidationFailed for less than a day and for more than a year."""
    if not 1 <= days <= LONGEST_TOKEN.days:
        raise ValidationFailed(days=f"A token lasts 1 to {LONGEST_TOKEN.days} days.")
    return timedelta(days=days)


def last_seen_is_stale(used_at: datetime | None, now: datetime) -> bool:
    """Whether this use is written down: a minute's precision is enough, and saves a write per request."""
    return used_at is None or now - used_at > NOTE_USE_EVERY
