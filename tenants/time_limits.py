"""How long a process waits for its database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds after which a process gives up on its database; None waits for ever. Each raises TimeoutError."""

    # For a connection of the pool
    connection: float | None = None
    # For the beginning of a transaction
    begin: float | None = None
    # For any other statement
    statement: float | None = None


NO_LIMITS = TimeLimits()
