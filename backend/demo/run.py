"""`fleetline demo`: database, migrations, data, then every process under honcho until Ctrl-C."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from urllib.request import urlopen

from honcho.manager import Manager
from honcho.printer import Printer

from backend import provision, runtime
from backend.demo.seed import PASSWORD, load_sandbox, seed
from backend.embedded_postgres import EmbeddedPostgres
from backend.settings import read_settings
from tenants.transaction import engine, use_engine

FOLDER = Path(".fleetline")
READY_SECONDS = 60
ESCALATE_SECONDS = 5.0
DATABASE = "fleetline"
# Honcho was told to end by Ctrl-C or SIGTERM
SIGNALLED = (130, 143)


class DemoError(RuntimeError):
    """The demo cannot start or go on; the sentence says what to do."""


def run_demo(*, reset: bool) -> int:
    """Run until told to stop; returns the exit code."""
    port, sandbox_port = _port("FLEETLINE_PORT", 8000), _port("FLEETLINE_SANDBOX_PORT", 8010)
    mail_port = _port("FLEETLINE_SANDBOX_MAIL_PORT", _free_port())
    for name, number in (
        ("FLEETLINE_PORT", port),
        ("FLEETLINE_SANDBOX_PORT", sandbox_port),
        ("FLEETLINE_SANDBOX_MAIL_PORT", mail_port),
    ):
        _check_free(name, number)
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError("a demo runs in this folder already: end that one first") from None
        if reset:
            _reset()
        return _run(port, sandbox_port)


def _run(port: int, sandbox_port: int) -> int:
    # Until honcho takes over: leave by the `finally` below
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    server = EmbeddedPostgres(FOLDER)
    try:
        server.start()
        environment = _environment(server, port, sandbox_port)
        os.environ.update(environment)
        asyncio.run(_prepare(server))
        return supervise(port, sandbox_port)
    finally:
        server.stop()


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _reset() -> None:
    """Forget everything but the lock that this process holds."""
    server = EmbeddedPostgres(FOLDER)
    server.stop()
    if server.home != FOLDER.resolve():
        shutil.rmtree(server.home, ignore_errors=True)
    for path in FOLDER.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "demo.lock":
            path.unlink()


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, "") or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DemoError(f"{name} must be a port number, not {text!r}")
    return int(text)


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(
                f"port {port} is in use: stop what uses it, or choose another with {name}=…"
            ) from None


def _environment(server: EmbeddedPostgres, port: int, sandbox_port: int) -> dict[str, str]:
    """What every process is told. Secrets are made once and kept beside the data."""
    kept = FOLDER / "secrets.json"
    if not kept.exists():
        made = {
            "keys": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "carrier": secrets.token_urlsafe(24),
            **{role: secrets.token_urlsafe(24) for role in provision.ROLES},
        }
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(made))
    secret = json.loads(kept.read_text())
    admin = server.url()
    logins = provision.DatabaseRoles(
        *(
            provision.role_url(admin, role, secret[role], DATABASE)
            for role in ("fleetline_owner", "fleetline_app", "fleetline_relay")
        )
    )
    sandbox = f"http://localhost:{sandbox_port}"
    mail_port = str(_port("FLEETLINE_SANDBOX_MAIL_PORT", _free_port()))
    return {
        "FLEETLINE_PUBLIC_URL": f"http://localhost:{port}",
        "FLEETLINE_CARRIER_URLS": f"mandarine={sandbox}/mandarine,lynx={sandbox}/lynx",
        "FLEETLINE_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
        "FLEETLINE_SANDBOX_MAIL_PORT": mail_port,
        **{name: value for name, value in os.environ.items() if name.startswith("FLEETLINE_")},
        **logins.environment(),
        "FLEETLINE_PORT": str(port),
        "FLEETLINE_SANDBOX_PORT": str(sandbox_port),
        "FLEETLINE_SECRET_KEYS": secret["keys"],
        "FLEETLINE_CARRIER_SECRETS": f"mandarine={secret['carrier']},lynx={secret['carrier']}",
        "FLEETLINE_SANDBOX_DATA": str((FOLDER / "sandbox").resolve()),
        "REACTPY_ASYNC_RENDERING": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def running_demo() -> dict[str, str]:
    """The settings of the demo that runs in this folder; nothing where none runs."""
    if not (FOLDER / "secrets.json").exists():
        return {}
    server = EmbeddedPostgres(FOLDER)
    if not server.ready():
        return {}
    return _environment(server, _port("FLEETLINE_PORT", 8000), _port("FLEETLINE_SANDBOX_PORT", 8010))


async def _prepare(server: EmbeddedPostgres) -> None:
    secret = json.loads((FOLDER / "secrets.json").read_text())
    passwords = {role: secret[role] for role in provision.ROLES if role in secret}
    try:
        await provision.set_up(server.url(), DATABASE, passwords)
    except provision.SchemaTooOld:
        raise DemoError(
            f"the data in {FOLDER} was made before the first release: "
            "run `make demo-reset` to start over, or move the folder away to keep it"
        ) from None
    settings = read_settings()
    runtime.use_settings(settings)
    use_engine(settings.database_url)
    await engine().open(size=2)
    await seed()
    await engine().close()


class Supervisor(Manager):  # type: ignore[misc]
    """honcho, which asks everybody to end once and then waits: whoever has not ended in time is ended."""

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
        for name in ("sandbox", "web", "worker", "schedule"):
            manager.add_process(name, f"exec {sys.executable} -m backend.cli {name}", env=dict(os.environ))
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
        f"Carriers and mailbox: http://localhost:{sandbox_port}",
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
