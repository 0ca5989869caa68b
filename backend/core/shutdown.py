"""Every process ends in its own time: told to stop, it has a deadline, and the supervisor need not escalate."""

import asyncio
import os
import signal
import threading

# Whatever hangs by then is cut: jobs are left to their lease, sweeps to the next slot
LEAVE_SECONDS = 4.5


def wait_for_stop_signal(*, within: float = LEAVE_SECONDS) -> asyncio.Event:
    """Set at SIGTERM or Ctrl-C; the process is gone by the deadline whatever its threads and connections wait for."""
    stop = asyncio.Event()

    def tell() -> None:
        stop.set()
        exit_within(within)

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, tell)
    return stop


def exit_within(seconds: float, *, code: int = 0) -> None:
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
