"""One reading of a carrier's inventory, page by page, and the rule for when it may end lines. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from backend.integrations.network import InventoryLine, InventoryPage, UnreadableService

# Messages of one reading that are kept; the others are counted
MOST_SET_ASIDE = 100
# A few lines: they may end without a question
FEW_LINES = 3
# In a large fleet a few are more; in a small one half of the fleet is not a few
SMALL_SHARE = 0.02
LARGE_SHARE = 0.5


@dataclass(slots=True)
class InventoryReading:
    """What was read so far. A line is known by its number; a service that cannot be read is only counted."""

    began: datetime
    # By number, with the time at which its page was asked for
    lines: dict[str, tuple[InventoryLine, datetime]] = field(default_factory=dict)
    unreadable: list[UnreadableService] = field(default_factory=list)
    # Services, those that came twice included
    read: int = 0
    total: int = 0

    def add(self, page: InventoryPage, asked_at: datetime) -> bool:
        """Take a page in. False where it brought nothing that was not read before: the list is at its end."""
        before = len(self.lines) + len(self.unreadable)
        for line in page.lines:
            self.lines[line.msisdn] = (line, asked_at)
        kept = max(MOST_SET_ASIDE - len(self.unreadable), 0)
        self.unreadable += page.unreadable[:kept]
        self.unreadable += [
            UnreadableService(msisdn=one.msisdn, why="", body="") for one in page.unreadable[kept:]
        ]
        self.read += len(page.lines) + len(page.unreadable)
        self.total = page.total
        return len(self.lines) + len(self.unreadable) > before

    @property
    def at_end(self) -> bool:
        return self.read == self.total

    @property
    def broken_off(self) -> bool:
        """Whether the list ended before its own total: a part of it must not replace the whole."""
        return self.read < self.total

    @property
    def complete(self) -> bool:
        """Whether a line that was not read is gone: every service was read once, and the number of each is known."""
        seen = len(self.lines) + len(self.unreadable)
        return seen >= self.total and all(one.msisdn for one in self.unreadable)


def must_ask(*, ending: int, alive: int, read: int) -> bool:
    """Whether somebody has to be asked before `ending` of `alive` lines end after a reading of `read` services.

    One line may always end, unless the list is empty. Up to three may, or two in a hundred of a large fleet, as long as
    that is less than half of the fleet.
    """
    if not ending:
        return False
    if not read:
        return True
    few = ending <= FEW_LINES or ending <= alive * SMALL_SHARE
    return ending > 1 and (not few or ending >= alive * LARGE_SHARE)
