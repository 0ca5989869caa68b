"""`fleetline demo` as a person starts it: ready, used, ended; and what it says when it cannot start."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from backend.demo.fleets import TENANTS, blank_sims_of
from backend.embedded_postgres import EmbeddedPostgres
from tests.support.serving import free_port

ROOT = Path(__file__).parents[2]
READY_FIRST, READY_LATER = 60.0, 30.0  # seconds on a noisy machine; the README says what is usual


class Demo:
    """One demo in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.sandbox = folder, free_port(), free_port()
        self.process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FLEETLINE_")}
        return clean | {
            "PYTHONPATH": str(ROOT),
            "FLEETLINE_PORT": str(self.port),
            "FLEETLINE_SANDBOX_PORT": str(self.sandbox),
        }

    def start(self, *arguments: str) -> str:
        """Start and wait for the box; returns it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "demo", *arguments],
            cwd=self.folder,
            env=self.environment,
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

    def family(self) -> list[psutil.Process]:
        assert self.process
        parent = psutil.Process(self.process.pid)
        servers = [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(self.folder) in " ".join(process.info["cmdline"] or [])
        ]
        return [*parent.children(recursive=True), *servers]

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process
        os.kill(self.process.pid, number)
        code = self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    # Not under pytest's own folder: only root may enter that one, which has its own test below.
    folder = Path(tempfile.mkdtemp(prefix="fleetline-demo-"))
    folder.chmod(0o755)
    demo = Demo(folder)
    yield demo
    if demo.process and demo.process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            demo.end()
    shutil.rmtree(folder, ignore_errors=True)


def test_it_starts_serves_and_ends_every_child_the_database_too(demo: Demo) -> None:
    began = time.monotonic()
    box = demo.start()
    assert time.monotonic() - began < READY_FIRST
    assert f"http://localhost:{demo.port}" in box
    assert "sofie@delta.example" in box
    assert httpx.get(f"http://localhost:{demo.port}/readyz").status_code == 200
    assert httpx.get(f"http://localhost:{demo.port}/").headers["location"] == "/app"
    assert httpx.get(f"http://localhost:{demo.sandbox}/").status_code == 200
    family = demo.family()
    assert len(family) > 6
    assert demo.end(signal.SIGTERM) == 0
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_it_starts_again_with_its_data_and_ctrl_c_ends_it(demo: Demo) -> None:
    began = time.monotonic()
    demo.start()
    assert time.monotonic() - began < READY_LATER
    family = demo.family()
    assert demo.end(signal.SIGINT) == 0
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_a_childs_death_ends_the_demo_with_one_line_that_says_which(demo: Demo) -> None:
    demo.start()
    assert demo.process
    family = demo.family()
    worker = next(process for process in family if process.cmdline()[-1:] == ["worker"])
    worker.kill()
    assert demo.process.wait(20) == 1
    assert demo.process.stdout
    with demo.process.stdout as said:
        assert "the worker process ended" in said.read()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_a_demo_that_is_killed_leaves_no_process_that_holds_its_ports(demo: Demo) -> None:
    demo.start()
    assert demo.process
    ours = [process for process in demo.family() if "backend" in " ".join(process.cmdline())]
    assert len(ours) > 4
    demo.process.kill()
    demo.process.wait(10)
    _, alive = psutil.wait_procs(ours, timeout=15)
    assert alive == []
    assert demo.process.stdout
    demo.process.stdout.close()
    demo.start()
    assert demo.end() == 0


def test_the_log_begins_without_counterparts_that_do_not_answer(demo: Demo) -> None:
    log = (demo.folder / ".fleetline/log/demo.log").read_text()
    # The sandbox may end before the worker, which then puts off what it still had
    log = log.partition("SIGTERM received")[0]
    assert "web ready" in log
    assert f"port={demo.port}" in log
    assert "does not answer" not in log


def command(demo: Demo, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command in the demo's folder; `changes` of its environment."""
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *arguments],
        cwd=demo.folder,
        env=demo.environment | changes,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def refused(demo: Demo, **changes: str) -> str:
    done = command(demo, "demo", **changes)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_port_in_use_is_said_in_one_line(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} is in use" in refused(demo, FLEETLINE_PORT=port)
        assert "FLEETLINE_SANDBOX_PORT" in refused(demo, FLEETLINE_SANDBOX_PORT=port)
        assert f"in use by process {os.getpid()}" in refused(demo, FLEETLINE_SANDBOX_MAIL_PORT=port)
    both = refused(demo, FLEETLINE_SANDBOX_PORT=str(demo.port))
    assert "FLEETLINE_PORT and FLEETLINE_SANDBOX_PORT are both" in both
    assert "FLEETLINE_PORT" in refused(demo, FLEETLINE_PORT="99999")


def test_a_second_demo_in_the_folder_is_refused_and_harms_nothing(demo: Demo) -> None:
    demo.start()
    other = Demo(demo.folder)
    for arguments in ((), ("--reset",)):
        done = command(other, "demo", *arguments)
        assert done.returncode == 1
        assert "a demo runs in this folder already" in done.stderr
    assert httpx.get(f"http://localhost:{demo.port}/readyz").status_code == 200
    assert demo.end() == 0


def test_data_of_another_version_is_said_in_one_line(demo: Demo) -> None:
    version = next(demo.folder.glob(".fleetline/postgres/PG_VERSION"), None)
    assert version, "this test needs a folder that the database's own user can enter"
    kept = version.read_text()
    version.write_text("16\n")
    assert "demo-reset" in refused(demo)
    version.write_text(kept)


def test_a_demo_is_backed_up_while_it_runs_and_restored_while_it_does_not(demo: Demo) -> None:
    demo.start()
    said = command(demo, "backup", "kept.dump")
    assert (said.returncode, said.stderr) == (0, "")
    assert "secrets.json" in said.stdout
    again = command(demo, "backup", "kept.dump")
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)
    assert "a demo runs in this folder already" in command(demo, "restore", "kept.dump").stderr
    assert demo.end() == 0
    assert "no demo runs in this folder" in command(demo, "backup", "other.dump").stderr
    # What is no backup changes nothing
    (demo.folder / "wrong.dump").write_text("no backup")
    wrong = command(demo, "restore", "wrong.dump")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (1, 1)
    for _ in range(2):
        assert "restored" in command(demo, "restore", "kept.dump").stdout
    assert "sofie@delta.example" in demo.start()
    assert demo.end() == 0


async def _rename_migration(demo: Demo, old: str, new: str) -> None:
    server = EmbeddedPostgres(demo.folder / ".fleetline")
    server.start()
    try:
        connection = await asyncpg.connect(server.url("fleetline"))
        assert (
            await connection.execute("UPDATE migration SET name = $2 WHERE name = $1", old, new) == "UPDATE 1"
        )
        await connection.close()
    finally:
        server.stop()


async def test_data_of_before_the_first_release_is_said_in_one_line(demo: Demo) -> None:
    first, before = "2026-12-01T02:00:00:000000", "2026-11-21T00:49:52:417519"
    await _rename_migration(demo, first, before)
    assert "made before the first release: run `make demo-reset`" in refused(demo)
    await _rename_migration(demo, before, first)
    assert "sofie@delta.example" in demo.start()
    assert demo.end() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be the only one to enter a folder")
def test_root_in_a_folder_that_only_root_can_enter(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(folder / ".fleetline")
    try:
        server.start()
        assert server.ready()
        assert not server.home.is_relative_to(folder)
    finally:
        server.stop()
        shutil.rmtree(server.home, ignore_errors=True)


def test_the_blank_card_that_the_readme_names_is_in_stock() -> None:
    delta = next(tenant for tenant in TENANTS if tenant.slug == "delta")
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert f"`{blank_sims_of(delta)[0]}`" in readme
