"""The states of one thing and the moves between them (domain reference, part 3). Pure."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from backend.core.errors import Conflict

S = TypeVar("S", bound=StrEnum)


class Lifecycle(Generic[S]):
    """Which state may follow which. A state that is not a key of `moves`, or has no move, is final.

    Staying in a state is always allowed: repeated messages change nothing.
    """

    def __init__(
        self, states: type[S], moves: Mapping[S, Collection[S]], *, code: str = "wrong_state"
    ) -> None:
        self.code = code
        self.moves: dict[S, frozenset[S]] = {state: frozenset(moves.get(state, ())) for state in states}
        self.open = frozenset(state for state, targets in self.moves.items() if targets)
        self.final = frozenset(states) - self.open

    def allows(self, current: S, target: S) -> bool:
        """Whether a thing in `current` may be in `target` next."""
        return current == target or target in self.moves[current]

    def sources(self, target: S) -> list[S]:
        """The states from which a move leads to `target`, for `WHERE state = ANY($n)`."""
        return [state for state, targets in self.moves.items() if target in targets]

    def check(self, current: S, target: S) -> None:
        """Raise Conflict (`wrong_state`, or this lifecycle's own `code`) for a move that is not listed."""
        if not self.allows(current, target):
            raise Conflict(f"This cannot go from {current} to {target}.", code=self.code)
