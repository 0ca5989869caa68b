"""The lines in a sandbox carrier's books, by number and by customer."""

from bisect import insort

import msgspec

from backend.sandbox.journal import Journal
from backend.sandbox.shapes import Inventory, Line


class Books:
    def __init__(self, carrier: str, journal: Journal) -> None:
        self.lines: dict[str, Line] = {}
        self._numbers: dict[str, list[str]] = {}  # customer -> its numbers, sorted
        self._carrier = carrier
        self._journal = journal

    def load(self) -> None:
        """Read what an earlier process left."""
        for (document,) in self._journal.rows(
            "SELECT document FROM lines WHERE carrier = ?", (self._carrier,)
        ):
            self._keep(msgspec.json.decode(document, type=Line))

    def numbers(self, customer: str = "") -> list[str]:
        """The numbers of one customer, or of all, in an order that does not change between pages."""
        return self._numbers.get(customer, []) if customer else sorted(self.lines)

    def take_over(self, inventory: Inventory) -> None:
        """Put the lines of a customer in the books."""
        if inventory.replace:
            for msisdn in self._numbers.pop(inventory.customer, []):
                del self.lines[msisdn]
                self._journal.add("DELETE FROM lines WHERE carrier = ? AND msisdn = ?", self._carrier, msisdn)
        for line in inventory.lines:
            line.customer = inventory.customer
            self._keep(line)
            self.save(line)

    def save(self, line: Line) -> None:
        document = msgspec.json.encode(line)
        self._journal.add(
            "INSERT OR REPLACE INTO lines VALUES (?, ?, ?)", self._carrier, line.msisdn, document
        )

    def _keep(self, line: Line) -> None:
        before = self.lines.get(line.msisdn)
        if before is not None:
            self._numbers[before.customer].remove(line.msisdn)
        self.lines[line.msisdn] = line
        insort(self._numbers.setdefault(line.customer, []), line.msisdn)
