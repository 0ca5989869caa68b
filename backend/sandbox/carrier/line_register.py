"""The lines in a sandbox carrier's books, by number, by SIM and by customer, and the numbers that are free."""

import secrets
from bisect import bisect_left, insort
from collections.abc import Iterator

import msgspec

from backend.sandbox.carrier.documents import CarrierLine, Inventory, TmfError
from backend.sandbox.store import Store

GONE = frozenset({"released_prepaid", "released_private", "terminated"})
# Numbers of a carrier's own range
POOL = 1_000_000


class LineRegister:
    """A line that left stays here, so that its number is not given away, and is in nobody's inventory."""

    def __init__(self, carrier: str, store: Store, number_range: str) -> None:
        self.lines: dict[str, CarrierLine] = {}
        # Customer -> its numbers, sorted
        self._numbers: dict[str, list[str]] = {}
        # SIM number -> the line it is in
        self._sims: dict[str, str] = {}
        # For lines that are on order
        self._reserved: set[str] = set()
        self._carrier = carrier
        self._journal = store
        self._range = number_range

    def load(self) -> None:
        """Read what an earlier process left."""
        for (document,) in self._journal.rows(
            "SELECT document FROM lines WHERE carrier = ?", (self._carrier,)
        ):
            self._keep(msgspec.json.decode(document, type=CarrierLine))

    def numbers(self, customer: str = "") -> list[str]:
        """The numbers of one customer, or of all, in an order that does not change between pages."""
        if customer:
            return self._numbers.get(customer, [])
        return sorted(number for numbers in self._numbers.values() for number in numbers)

    def holder(self, sim: str) -> CarrierLine | None:
        """The line that a SIM is in."""
        return self.lines.get(self._sims.get(sim, ""))

    def active(self, msisdn: str) -> CarrierLine | None:
        line = self.lines.get(msisdn)
        return None if line is None or line.status in GONE else line

    def free(self, msisdn: str) -> bool:
        """Whether a new line may have the number: one that left may come back."""
        return msisdn not in self._reserved and self.active(msisdn) is None

    def reserve(self, msisdn: str) -> None:
        self._reserved.add(msisdn)

    def give_back(self, msisdn: str) -> None:
        self._reserved.discard(msisdn)

    def give_back_all(self) -> None:
        self._reserved.clear()

    def new_number(self) -> str:
        """A number of the carrier's own range that nobody has or had."""
        for number in self._range_from(secrets.randbelow(POOL)):
            if number not in self.lines and number not in self._reserved:
                return number
        raise TmfError(409, "noNumbers", "This carrier has no numbers left.")

    def _range_from(self, start: int) -> Iterator[str]:
        return (f"{self._range}{(start + step) % POOL:06}" for step in range(POOL))

    def load_lines(self, inventory: Inventory) -> None:
        """Put the lines of a customer in the books."""
        if inventory.replace:
            mine = [line.msisdn for line in self.lines.values() if line.customer == inventory.customer]
            for msisdn in mine:
                self._drop(self.lines.pop(msisdn))
                self._journal.add("DELETE FROM lines WHERE carrier = ? AND msisdn = ?", self._carrier, msisdn)
        for line in inventory.lines:
            line.customer = inventory.customer
            self.put(line)

    def put(self, line: CarrierLine) -> None:
        """Write a line that is new, or that changed in any way."""
        self._keep(line)
        document = msgspec.json.encode(line)
        self._journal.add(
            "INSERT OR REPLACE INTO lines VALUES (?, ?, ?)", self._carrier, line.msisdn, document
        )

    def _keep(self, line: CarrierLine) -> None:
        before = self.lines.get(line.msisdn)
        if before is not None:
            self._drop(before)
        self.lines[line.msisdn] = line
        if line.status in GONE:
            return
        insort(self._numbers.setdefault(line.customer, []), line.msisdn)
        for sim in (line.sim_number, line.companion_sim):
            if sim:
                self._sims[sim] = line.msisdn

    def _drop(self, line: CarrierLine) -> None:
        """Take a line out of the lists; what it had may have changed since it was put there."""
        for sim in (line.sim_number, line.companion_sim):
            if self._sims.get(sim) == line.msisdn:
                del self._sims[sim]
        numbers = self._numbers.get(line.customer, [])
        place = bisect_left(numbers, line.msisdn)
        if numbers[place : place + 1] == [line.msisdn]:
            del numbers[place]
