"""Our web process, which on SIGUSR1 gives unused memory back: what is left is what open pages hold."""

import ctypes
import gc
import signal
from types import FrameType

from frontend.http import gateway
from frontend.http.gateway import Gateway
from frontend.main import serve


def create() -> Gateway:
    # One member opens all pages here, more than a member may
    gateway.SOCKETS = 10_000
    signal.signal(signal.SIGUSR1, _trim)
    return serve()


def _trim(_: int, __: FrameType | None) -> None:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
