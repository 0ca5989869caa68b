"""States of an eSIM profile and the allowed moves (domain reference 3.5). Pure."""

from datetime import datetime
from enum import StrEnum


class EsimState(StrEnum):
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
ENDED = frozenset({E.DELETED, E.EXPIRED, E.REVOKED})
# The code was not used: it may be shown and sent again
SENDABLE = frozenset({E.RELEASED, E.ERROR})

MOVES: dict[EsimState, frozenset[EsimState]] = {
    E.REQUESTED: frozenset({E.ALLOCATED, E.REVOKED}),
    E.ALLOCATED: frozenset({E.RELEASED, E.REVOKED}),
    E.RELEASED: frozenset({E.DOWNLOADED, E.EXPIRED, E.REVOKED, E.ERROR}),
    E.DOWNLOADED: frozenset({E.INSTALLED, E.REVOKED, E.ERROR}),
    E.INSTALLED: frozenset({E.ENABLED, E.DELETED, E.REVOKED}),
    E.ENABLED: frozenset({E.DISABLED, E.DELETED, E.REVOKED}),
    E.DISABLED: frozenset({E.ENABLED, E.DELETED, E.REVOKED}),
    # A retry keeps the code; a re-issue is a profile of its own.
    E.ERROR: frozenset({E.RELEASED, E.DOWNLOADED, E.EXPIRED, E.REVOKED}),
}


def may_move(current: EsimState, target: EsimState) -> bool:
    """Whether the move is listed. Staying where one is always is: repeats are harmless."""
    return current == target or target in MOVES.get(current, frozenset())


def next_state(current: EsimState, said: str) -> EsimState | None:
    """The state after the carrier said one; None where that changes nothing: unknown, repeated, or older.

    News may be lost: a state that lies further on the listed way is taken as well. No way leads back through an error.
    """
    if said not in set(EsimState) or said == current:
        return None
    target, seen, next_ones = EsimState(said), {current}, [current]
    while next_ones:
        here = next_ones.pop()
        if here is E.ERROR and here is not current:
            continue
        for one in MOVES.get(here, frozenset()) - seen:
            if one is target:
                return target
            seen.add(one)
            next_ones.append(one)
    return None


def unusable_reason(state: str, valid_until: datetime | None, now: datetime, *, sealed: bool) -> str:
    """Why a profile's code cannot be used (again): esim_not_ready, esim_expired, esim_spent; "" where it can."""
    if state == E.EXPIRED or (valid_until is not None and valid_until <= now and state in SENDABLE):
        return "esim_expired"
    if state in {E.REQUESTED, E.ALLOCATED} or (state in SENDABLE and not sealed):
        return "esim_not_ready"
    return "" if state in SENDABLE else "esim_spent"
