"""A watchdog over the event loop: which step kept its thread's CPU for long."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backend.core.garbage_collection import tune_garbage_collector

# Seconds of CPU of the loop's thread that one step may take. The product's own bound is 0.05; on a machine whose cores
# are all busy the same work takes up to twice the CPU.
LONGEST_STEP = 0.1


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

    # As the processes do
    threshold = gc.get_threshold()
    tune_garbage_collector()
    asyncio.Handle._run = measured  # type: ignore[method-assign]
    try:
        yield found
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
        asyncio.Handle._run = run  # type: ignore[method-assign]
