"""One process of the demo: `python -m backend.demo.child DEMO PORTS NAME`.

It begins once something listens on each of PORTS (numbers with commas between, or "-"), and ends when the process DEMO
is no more: a demo that was killed leaves no web or worker behind, which would hold its ports.
"""

import os
import runpy
import signal
import socket
import sys
import threading
import time
from pathlib import Path

WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.5
LEAVE_SECONDS = 5.0


def is_alive(process: int) -> bool:
    """Whether a process runs; one that nobody has reaped does not."""
    try:
        os.kill(process, 0)
        stat = Path(f"/proc/{process}/stat").read_text("utf-8", errors="replace")
    except ProcessLookupError:
        return False
    except OSError:
        # Another user's, or a system without /proc
        return True
    return stat.rpartition(")")[2].split()[0] != "Z"


def end_with(process: int) -> None:
    """End this process as a supervisor would, soon after the other has ended."""
    while is_alive(process):
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LEAVE_SECONDS)
    os._exit(1)


def wait_for(port: int) -> None:
    """Return once something listens on the port, or after half a minute."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


if __name__ == "__main__":
    demo, ports, name = sys.argv[1:]
    threading.Thread(target=end_with, args=(int(demo),), daemon=True).start()
    for number in ports.split(",") if ports != "-" else ():
        wait_for(int(number))
    sys.argv = ["fleetline", name]
    runpy.run_module("backend.cli", run_name="__main__")
