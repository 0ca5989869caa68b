"""The processes of the demo under honcho, and what is said once all of them answer."""

import asyncio
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from honcho.manager import Manager
from honcho.printer import Printer

from backend.demo.seed import PASSWORD, load_sandbox

FOLDER = Path(".fleetline")
READY_SECONDS = 60
ESCALATE_SECONDS = 5.0
# Honcho ended by Ctrl-C or SIGTERM
SIGNALLED = (130, 143)


class Supervisor(Manager):  # type: ignore[misc]
    """Honcho's manager, which also kills processes that have not ended some seconds after they were asked to."""

    def __init__(self, printer: Printer, started: Callable[[], None]) -> None:
        super().__init__(printer)
        self._started = started

    def _start(self) -> None:
        super()._start()
        # Threads begin after the forks
        self._started()

    def terminate(self) -> None:
        if not self._terminating:
            timer = threading.Timer(ESCALATE_SECONDS, self.kill)
            timer.daemon = True
            timer.start()
        super().terminate()

    def first_to_end(self) -> str:
        ended = [
            name for name, process in self._processes.items() if process.get("returncode") not in {None, -15}
        ]
        return ended[0] if ended else "web"


def supervise(port: int, sandbox_port: int) -> int:
    """Run the processes until a signal, or until one of them ends; say where its last words are."""
    folder = FOLDER / "log"
    folder.mkdir(exist_ok=True)
    path = folder / "demo.log"
    announcer = threading.Thread(target=_announce, args=(port, sandbox_port, path), daemon=True)
    with path.open("a", buffering=1) as log:
        manager = Supervisor(Printer(log, colour=False), announcer.start)
        # What sends mails or asks carriers begins when these answer
        counterparts = f"{sandbox_port},{os.environ['FLEETLINE_SANDBOX_MAIL_PORT']}"
        for name, waits_for in (("sandbox", "-"), ("web", "-"), ("worker", counterparts), ("schedule", "-")):
            child = f"-m backend.demo.child {os.getpid()} {waits_for} {name}"
            manager.add_process(name, f"exec {shlex.quote(sys.executable)} {child}", env=dict(os.environ))
        manager.loop()
    if manager.returncode in SIGNALLED:
        return 0
    sys.stderr.write(
        f"fleetline: the {manager.first_to_end()} process ended, so the demo ended: its last words are in {path}\n"
    )
    return 1


def _announce(port: int, sandbox_port: int, log: Path) -> None:
    """Print the box once every door answers, or say what does not."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = [f"http://127.0.0.1:{sandbox_port}/healthz", f"http://127.0.0.1:{port}/readyz"]
    while waiting and time.monotonic() < deadline:
        try:
            with urlopen(waiting[0], timeout=2):  # noqa: S310 - our own addresses
                waiting.pop(0)
        except OSError:
            time.sleep(0.1)
    if waiting:
        sys.stderr.write(f"fleetline: {waiting[0]} does not answer; see {log}\n")
        return
    asyncio.run(load_sandbox(f"http://127.0.0.1:{sandbox_port}"))
    sys.stdout.write(box(port, sandbox_port))
    sys.stdout.flush()


def box(port: int, sandbox_port: int) -> str:
    """What a person needs to begin, in a frame."""
    lines = [
        f"Fleetline is ready: http://localhost:{port}",
        f"Carriers, mailbox, payments: http://localhost:{sandbox_port}",
        "",
        f"Sign in with the password {PASSWORD} as",
        "  sofie@delta.example   or +32 470 10 00 01  fleet manager and user, 61 lines",
        "  karim@delta.example   user",
        "  nora@lumen.example    fleet manager, 12 lines",
        "  amina@atlas.example   fleet manager, 10,000 lines",
        "",
        "Ctrl-C ends everything; the data stays in .fleetline/",
    ]
    width = max(map(len, lines))
    frame = "".join(f"│ {line:<{width}} │\n" for line in lines)
    return f"┌{'─' * (width + 2)}┐\n{frame}└{'─' * (width + 2)}┘\n"
