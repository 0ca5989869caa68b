"""Ports of this machine that settings name: which they are, and whether they are free."""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from backend.setting_values import WrongValueError, whole
from backend.settings import SettingError

# In /proc/net/tcp: the state of a socket that listens
LISTENS = "0A"


def read_port(name: str, default: int) -> int:
    """A port from the environment. Raises SettingError where it is none."""
    try:
        return whole(1, 65_535)(os.environ.get(name, "").strip() or str(default))
    except WrongValueError as error:
        raise SettingError(f"{name} {error}") from None


def check_free(name: str, port: int, host: str = "127.0.0.1") -> None:
    """Raise SettingError, naming the setting of the port, where nothing can listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            used = f"port {port} is in use{_by(port)}"
            raise SettingError(f"{used}: stop what uses it, or choose another with {name}=…") from None
        raise SettingError(f"{name}: nothing can listen on {host}, port {port}: {error.strerror}") from None


def _by(port: int) -> str:
    """Which process listens on a port, where the system says so."""
    sockets = _listening(port)
    for folder in Path("/proc").glob("[0-9]*") if sockets else ():
        with suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (folder / "fd").iterdir()):
                command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                return f" by process {folder.name} ({' '.join(command).strip()[-60:]})"
    return ""


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                cells = line.split()
                if cells[3] == LISTENS and int(cells[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{cells[9]}]")
    return found


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
