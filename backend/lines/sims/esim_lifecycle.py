"""States of an eSIM profile and the allowed moves (domain reference 3.5). Pure."""

from datetime import datetime
from enum import StrEnum

from backend.core.lifecycle import Lifecycle


class EsimState(StrEnum):
    """The state of a profile."""

    REQUESTED = "requested"
    ALLOCATED = "allocated"
    RELEASED = "released"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ERROR = "error"


E = EsimState
# The code was not used: it may be shown and sent again
SENDABLE = frozenset({E.RELEASED, E.ERROR})

ESIM_LIFECYCLE = Lifecycle(
    E,
    {
        E.REQUESTED: {E.ALLOCATED, E.REVOKED},
        E.ALLOCATED: {E.RELEASED, E.REVOKED},
        E.RELEASED: {E.DOWNLOADED, E.EXPIRED, E.REVOKED, E.ERROR},
        E.DOWNLOADED: {E.INSTALLED, E.REVOKED, E.ERROR},
        E.INSTALLED: {E.ENABLED, E.DELETED, E.REVOKED},
        E.ENABLED: {E.DISABLED, E.DELETED, E.REVOKED},
        E.DISABLED: {E.ENABLED, E.DELETED, E.REVOKED},
        # A retry keeps the code; a re-issue is a profile of its own.
        E.ERROR: {E.RELEASED, E.DOWNLOADED, E.EXPIRED, E.REVOKED},
    },
)
ENDED = ESIM_LIFECYCLE.final


def next_state(current: EsimState, said: str) -> EsimState | None:
    """The state after the carrier reported one; None where that changes nothing: unknown, repeated, or older.

    Reports may be lost, so a state that several listed moves lead to is taken as well, except through an error.
    """
    if said not in set(EsimState) or said == current:
        return None
    target, seen, next_ones = EsimState(said), {current}, [current]
    while next_ones:
        here = next_ones.pop()
        if here is E.ERROR and here is not current:
            continue
        for one in ESIM_LIFECYCLE.moves[here] - seen:
            if one is target:
                return target
            seen.add(one)
            next_ones.append(one)
    return None


def waits_for_user(state: str, confirmed_at: datetime | None, *, carrier_asks: bool) -> bool:
    """Whether the user has to confirm a profile that is ready, at a carrier that asks for it: nobody sees its code."""
    return carrier_asks and confirmed_at is None and state in SENDABLE


def unusable_reason(state: str, valid_until: datetime | None, now: datetime, *, sealed: bool) -> str:
    """Why a profile's code cannot be used (again): esim_not_ready, esim_expired, esim_spent; "" where it can."""
    if state == E.EXPIRED or (valid_until is not None and valid_until <= now and state in SENDABLE):
        return "esim_expired"
    if state in {E.REQUESTED, E.ALLOCATED} or (state in SENDABLE and not sealed):
        return "esim_not_ready"
    return "" if state in SENDABLE else "esim_spent"
