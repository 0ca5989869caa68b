"""Ends a process: after the signal to stop it has a deadline, so that no supervisor needs to kill it."""

import asyncio
import os
import signal
import threading

# What still runs by then is cut off: jobs run again after their lease, periodic tasks in their next slot
LEAVE_SECONDS = 4.5


def wait_for_stop_signal(*, within: float = LEAVE_SECONDS) -> asyncio.Event:
    """Return an event that is set at SIGTERM or Ctrl-C.

    From then on the process ends within so many seconds, whatever its threads and connections wait for.
    """
    stop = asyncio.Event()

    def tell() -> None:
        stop.set()
        exit_within(within)

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, tell)
    return stop


def exit_within(seconds: float, *, code: int = 0) -> None:
    """End the process with this code after so many seconds, unless it has ended before."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
