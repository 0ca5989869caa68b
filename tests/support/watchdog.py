"""A watchdog over the event loop: which step kept its thread's CPU for long."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# Seconds of CPU of the loop's thread that one step may take
LONGEST_STEP = 0.05


@dataclass(slots=True)
class LongSteps:
    """The steps that took longer, as seconds and what ran."""

    steps: list[tuple[float, str]] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max((seconds for seconds, _ in self.steps), default=0.0)


@contextmanager
def watched_loop(limit: float = LONGEST_STEP) -> Iterator[LongSteps]:
    """Note every step of event loops in this process that takes more CPU than `limit`, until the block ends."""
    found, run = LongSteps(), asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        took = time.thread_time() - began
        if took > limit:
            found.steps.append((took, repr(handle)))

    # As the processes do: what was loaded before is in no collection
    gc.collect()
    gc.freeze()
    asyncio.Handle._run = measured  # type: ignore[method-assign]
    try:
        yield found
    finally:
        gc.unfreeze()
        asyncio.Handle._run = run  # type: ignore[method-assign]
