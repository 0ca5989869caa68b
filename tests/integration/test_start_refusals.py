"""A process or command that cannot start says why in one line, without a traceback and without a secret."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backend.settings import Settings
from tests.support.database import TestDatabase, make_signing_key
from tests.support.serving import free_port

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
PROCESSES = ("web", "worker", "schedule", "sandbox")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def run(settings: Settings, folder: Path) -> Run:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLEETLINE_")},
        "PYTHONPATH": str(ROOT),
        "FLEETLINE_DATABASE_URL": settings.database_url,
        "FLEETLINE_OWNER_DATABASE_URL": settings.owner_database_url,
        "FLEETLINE_RELAY_DATABASE_URL": settings.relay_database_url,
        "FLEETLINE_SECRET_KEYS": ",".join(settings.secret_keys),
        "FLEETLINE_PORT": str(free_port()),
        "FLEETLINE_SANDBOX_PORT": str(free_port()),
        "FLEETLINE_SANDBOX_MAIL_PORT": str(free_port()),
    }

    def call(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=environment | changes,
            timeout=60,
        )

    return call


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.startswith("fleetline: ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("process", [*PROCESSES, "rotate-key", "migrate"])
def test_every_process_refuses_a_wrong_setting(run: Run, process: str) -> None:
    said = refused(run(process, FLEETLINE_BROKER_URL="kafka://u:hush@h"))
    assert "FLEETLINE_BROKER_URL must be" in said
    assert "hush" not in said
    assert "names the carrier nosuch" in refused(run(process, FLEETLINE_CARRIER_URLS="nosuch=https://x"))


@pytest.mark.parametrize("process", ["web", "worker", "schedule", "rotate-key"])
def test_a_database_that_does_not_answer_or_refuses_is_one_line(
    run: Run, process: str, database: TestDatabase
) -> None:
    nowhere = urlsplit(database.logins.app)._replace(netloc=f"fleetline_app:hush@127.0.0.1:{free_port()}")
    said = refused(run(process, FLEETLINE_DATABASE_URL=nowhere.geturl()))
    assert "FLEETLINE_DATABASE_URL: the database does not answer: " in said
    assert "hush" not in said
    said = refused(run(process, FLEETLINE_DATABASE_URL=database.logins.app + "_none"))
    assert "FLEETLINE_DATABASE_URL: the database refuses: " in said
    said = refused(run(process, FLEETLINE_DATABASE_URL=database.superuser_url))
    assert "can step round row-level security" in said
    said = refused(run(process, FLEETLINE_DATABASE_URL=database.logins.relay))
    assert "'fleetline_relay' is not the app's" in said


def test_the_worker_asks_for_the_relays_login(run: Run, database: TestDatabase) -> None:
    assert "FLEETLINE_RELAY_DATABASE_URL is not set" in refused(
        run("worker", FLEETLINE_RELAY_DATABASE_URL="")
    )
    said = refused(run("worker", FLEETLINE_RELAY_DATABASE_URL=database.logins.app))
    assert "'fleetline_app' is not the relay's" in said
    wrong = database.logins.relay + "_none"
    said = refused(run("worker", FLEETLINE_RELAY_DATABASE_URL=wrong))
    assert "FLEETLINE_RELAY_DATABASE_URL: the database refuses" in said


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield str(one.getsockname()[1])


def test_a_port_in_use_is_named_with_who_uses_it(run: Run, taken: str) -> None:
    for process, name in (
        ("web", "FLEETLINE_PORT"),
        ("sandbox", "FLEETLINE_SANDBOX_PORT"),
        ("sandbox", "FLEETLINE_SANDBOX_MAIL_PORT"),
    ):
        said = refused(run(process, **{name: taken}))
        assert f"port {taken} is in use by process {os.getpid()} (" in said
        assert f"{name}=" in said
    assert "FLEETLINE_SANDBOX_PORT must be" in refused(run("sandbox", FLEETLINE_SANDBOX_PORT="x"))
    assert "FLEETLINE_PORT: nothing can listen on " in refused(run("web", FLEETLINE_HOST="nosuch.invalid"))


def test_the_sandboxs_folder_is_named(run: Run, folder: Path) -> None:
    (folder / "file").write_text("")
    assert f"{folder}/file" in refused(run("sandbox", FLEETLINE_SANDBOX_DATA=str(folder / "file")))
    (folder / "memory/sandbox.sqlite3").mkdir(parents=True)
    assert f"memory in {folder}/memory" in refused(
        run("sandbox", FLEETLINE_SANDBOX_DATA=str(folder / "memory"))
    )


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"keys": 3}', "\xff"])
def test_broken_secrets_of_a_demo_are_named(run: Run, folder: Path, content: str) -> None:
    (folder / ".fleetline").mkdir()
    (folder / ".fleetline/secrets.json").write_bytes(content.encode("latin-1"))
    assert ".fleetline/secrets.json cannot be read" in refused(run("demo"))


def test_unknown_settings_are_said_and_the_command_goes_on(run: Run) -> None:
    done = run("db", "url", "--role", "app", FLEETLINE_SERVICE_HOST="x", FLEETLINE_CASES="x")
    assert (done.returncode, done.stderr) == (
        0,
        "fleetline: not a setting, and not read: FLEETLINE_SERVICE_HOST\n",
    )


@pytest.mark.parametrize("command", [("backup", "x.dump"), ("db", "setup"), ("restore", "some.dump")])
def test_an_admins_address_is_checked(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    (folder / "some.dump").write_text("")
    for wrong in ("garbage", "postgresql://u:hu#sh@h/d", "postgresql://u:hush@a,b/d"):
        said = refused(run(*command, "--admin-url", wrong))
        assert "FLEETLINE_ADMIN_DATABASE_URL must" in said
        assert "hu" not in said
    said = refused(
        run(*command, FLEETLINE_ADMIN_DATABASE_URL=f"postgresql://u:hush@127.0.0.1:{free_port()}/d")
    )
    assert "hush" not in said


def test_what_is_wrong_with_a_file_is_not_said_of_the_database(
    run: Run, folder: Path, database: TestDatabase
) -> None:
    (folder / "folder").mkdir()
    said = refused(
        run("backup", "nowhere/x.dump", "--admin-url", database.admin_url, "--database", database.name)
    )
    assert said == "fleetline: nowhere/x.dump.part: No such file or directory\n"
    for command in (("fleet", "import", "folder", "--tenant", "x"), ("usage", "import", "folder")):
        done = run(*command)
        assert (done.returncode, "database" in done.stderr, "Traceback" in done.stderr) == (2, False, False)


@pytest.mark.parametrize("command", [("token", "list", "--operators"), ("fleet", "import", "--template")])
def test_a_full_disk_and_a_reader_that_leaves_are_not_the_databases_fault(
    run: Run, settings: Settings, command: tuple[str, ...]
) -> None:
    assert run("token", "create", "--operator", "Nadia").returncode == 0
    environment = os.environ | {
        "FLEETLINE_DATABASE_URL": settings.database_url,
        "FLEETLINE_SECRET_KEYS": ",".join(settings.secret_keys),
    }
    arguments = [sys.executable, "-m", "backend.cli", *command]
    reading, writing = os.pipe()
    os.close(reading)
    with Path("/dev/full").open("w") as full, os.fdopen(writing, "w") as pipe:
        left = subprocess.run(
            arguments, stdout=pipe, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment, check=False
        )
        done = subprocess.run(
            arguments, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment, check=False
        )
    assert (left.returncode, left.stderr) == (1, "")
    assert (done.returncode, done.stderr) == (1, "fleetline: a file or the output: No space left on device\n")


def test_keys_that_do_not_open_the_database_are_refused(
    run: Run, settings: Settings, other: TestDatabase
) -> None:
    make_signing_key(other.logins, ",".join(settings.secret_keys))
    logins = other.logins.environment()
    new = "z" * 43
    for process in ("web", "worker", "schedule", "rotate-key"):
        assert "FLEETLINE_SECRET_KEYS does not open" in refused(
            run(process, **logins, FLEETLINE_SECRET_KEYS=new)
        )
    both = ",".join([new, *settings.secret_keys])
    assert run("rotate-key", **logins, FLEETLINE_SECRET_KEYS=both).returncode == 0
    # One of the keys is sealed with the new one now
    assert "does not open" in refused(run("rotate-key", **logins))
