"""How many requests one address may make in a while, counted in this process."""

from collections import OrderedDict

from backend.core import clock

TRIES, WINDOW_SECONDS, ADDRESSES = 60, 60.0, 10_000


class RateLimit:
    """So many requests from an address in a window, counted in this process.

    A token has 256 bits: this limits load, not guessing.
    """

    def __init__(self, tries: int = TRIES, seconds: float = WINDOW_SECONDS) -> None:
        self._tries, self._seconds = tries, seconds
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Count a request of this address; whether it may go on."""
        now = clock.now().timestamp()
        since, count = self._counts.pop(address, (now, 0))
        if now - since >= self._seconds:
            since, count = now, 0
        self._counts[address] = since, count + 1
        if len(self._counts) > ADDRESSES:
            self._counts.popitem(last=False)
        return count < self._tries
