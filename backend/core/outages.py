"""Says in the log when a counterpart is lost and when it is back: one entry each, however often it is tried between."""

import threading
import time
from typing import Any

import structlog

log = structlog.get_logger()


class OutageLog:
    """One counterpart of this process, and the names of the two entries. For any thread."""

    def __init__(self, *, lost: str, back: str) -> None:
        self._lost, self._back = lost, back
        self._since: float | None = None
        self._lock = threading.Lock()

    def began(self, **fields: Any) -> None:
        """It does not work; said once until it works again."""
        with self._lock:
            if self._since is not None:
                return
            self._since = time.monotonic()
        log.warning(self._lost, **fields)

    def ended(self) -> None:
        """It works; said where it did not before."""
        # Asked often, so without the lock
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.info(self._back, after_seconds=round(time.monotonic() - since, 1))
