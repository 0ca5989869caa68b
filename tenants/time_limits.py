"""How long a process waits for its database: one clock for all that wait, since a timer for each statement costs more."""

import asyncio
import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

# How exact the limits are
TICK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds after which a process gives up on its database. Each raises TimeoutError."""

    # For a connection of the pool, and the beginning of a transaction on it
    begin: float
    # For any other statement; the parts of a cursor have none
    statement: float


class Wait:
    """A block that raises TimeoutError when it takes too long, as `asyncio.timeout` does."""

    __slots__ = ("_cancelling", "_keeper", "_task", "ends", "expired")

    def __init__(self, keeper: "TimeKeeper", seconds: float) -> None:
        # From the last look at the clock: reading it each time costs more than it gives
        self._keeper, self.ends, self.expired = keeper, keeper.now + seconds, False
        self._task: asyncio.Task[Any] | None = None
        self._cancelling = 0

    def __enter__(self) -> Self:
        self._task = task = asyncio.current_task()
        if task is not None:
            self._cancelling = task.cancelling()
            self._keeper.waiting.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keeper.waiting.discard(self)
        if not self.expired or self._task is None:
            return
        # Whoever else cancels the task at the same time is heard
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Interrupt the block."""
        if not self.expired and self._task is not None:
            self.expired = True
            self._task.cancel()


class TimeKeeper:
    """The clock of one event loop: it looks at all that wait a few times a second."""

    def __init__(self, limits: TimeLimits) -> None:
        self.limits, self.loop = limits, asyncio.get_running_loop()
        self.waiting: set[Wait] = set()
        self.now = self.loop.time() + TICK_SECONDS
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self.loop.time()
            # A wait that begins before the next look has its whole time
            self.now = now + TICK_SECONDS
            for one in [one for one in self.waiting if one.ends < now]:
                one.expire()

    async def close(self) -> None:
        """Stop; what still waits has no limit any more."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
