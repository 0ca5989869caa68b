"""`make demo` on a fresh machine: a clone with a space and an accent in its path, as root in a folder that only root can
enter (a new server's home), and as an ordinary user. `make test-installation` runs it; it installs everything twice.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import psutil
import pytest

from backend.demo.seed import PASSWORD
from tests.support.serving import free_port

ROOT = Path(__file__).parents[2]
# Debian's: the interpreter of an ordinary user is not in root's home
SYSTEM_PYTHON = "/usr/bin/python3"
PACKAGES = re.compile(r"(pip|uv|ssl|requests|curl|(https?|all|no)_proxy)", re.IGNORECASE)


def clone(parent: Path) -> Path:
    """What is committed, as `git clone` gives it to a newcomer."""
    folder = parent / "Fleetline é 1"
    command = ["git", "-c", f"safe.directory={ROOT}", "clone", "--quiet", f"file://{ROOT}", str(folder)]
    subprocess.run(command, check=True)
    return folder


@pytest.fixture
def root_only() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can be the only one to enter a folder")
    folder = Path(tempfile.mkdtemp(prefix="fleetline-", dir=Path.home()))
    folder.chmod(0o700)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ordinary() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fleetline-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Newcomer:
    """Somebody who has cloned the repository and runs `make demo`."""

    def __init__(self, folder: Path, *, user: str | None = None, python: str = "python3") -> None:
        self.folder, self.user, self.port = folder, user, free_port()
        # Where packages come from stays as this machine has it; nothing else of this environment does
        self.environment = {
            **{name: value for name, value in os.environ.items() if PACKAGES.match(name)},
            "PATH": os.environ["PATH"] if user is None else "/usr/bin:/bin",
            "HOME": str(Path.home() if user is None else folder.parent),
            "PYTHON": python,
            "FLEETLINE_PORT": str(self.port),
            "FLEETLINE_SANDBOX_PORT": str(free_port()),
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Run `make demo` until its box is there; returns what it printed."""
        self.process = subprocess.Popen(
            ["make", "demo"],
            cwd=self.folder,
            env=self.environment,
            user=self.user,
            group=None if self.user is None else "nogroup",
            extra_groups=None if self.user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("└"):
                return said
        raise AssertionError(said)

    def sign_in(self) -> httpx.Response:
        """The home page, after signing in as the README says."""
        with httpx.Client(
            base_url=f"http://localhost:{self.port}", follow_redirects=True, timeout=30, trust_env=False
        ) as client:
            page = client.get("/app")
            form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
            assert form, page.text[:500]
            fields = {"login": "sofie@delta.example", "password": PASSWORD}
            headers = {"origin": f"http://localhost:{self.port}"}
            return client.post(unescape(form[1]), data=fields, headers=headers)

    def end(self) -> None:
        """Ctrl-C; every process is gone afterwards."""
        assert self.process
        parent = psutil.Process(self.process.pid)
        family = [parent, *parent.children(recursive=True)]
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)
        assert self.process.stdout
        self.process.stdout.close()
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


def tried(newcomer: Newcomer) -> None:
    try:
        assert f"http://localhost:{newcomer.port}" in newcomer.start()
        home = newcomer.sign_in()
        assert home.url.path == "/app"
        assert "Sofie" in home.text
    finally:
        newcomer.end()


def test_root_in_a_folder_that_only_root_can_enter(root_only: Path) -> None:
    newcomer = Newcomer(clone(root_only))
    tried(newcomer)
    kept = Path((newcomer.folder / ".fleetline" / "database-is-in").read_text().strip())
    shutil.rmtree(kept, ignore_errors=True)


def test_an_ordinary_user(ordinary: Path) -> None:
    folder = clone(ordinary)
    if os.geteuid() != 0:
        tried(Newcomer(folder))
        return
    for path in (ordinary, *ordinary.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    tried(Newcomer(folder, user="nobody", python=SYSTEM_PYTHON))
