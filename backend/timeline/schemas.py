"""Entries of timelines: what they are about, their codes, and one entry as it is read."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class TimelineSubject(StrEnum):
    """What a timeline is about."""

    LINE = "line"
    ORDER = "order"


class TimelineCode(StrEnum):
    """What happened, as a stable code. Each feature derives its own codes from this class."""


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a line or an order."""

    id: int
    at: datetime
    # None and "" where the product or the carrier acted
    actor_id: UUID | None
    actor_name: str
    # The value of a `TimelineCode`
    code: str
    # Of a move; "" for any other entry
    from_state: str = ""
    to_state: str = ""
    params: dict[str, str] = {}

    @property
    def key(self) -> tuple[datetime, int]:
        """Its place among the entries of its subject."""
        return self.at, self.id
