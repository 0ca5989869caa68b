"""The command line as scripts use it: exit codes, stdout and stderr."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from backend.catalog.profiles import BUILT_IN
from backend.core.messaging.jobs import job_scope
from backend.core.messaging.set_aside import UnreadMessage, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.settings import Settings
from tests.support.database import TestDatabase
from tests.support.factories import make_customer, next_msisdn, sim_for
from tests.support.serving import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(settings: Settings):  # noqa: ANN201
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLEETLINE_")},
        "FLEETLINE_DATABASE_URL": settings.database_url,
        "FLEETLINE_OWNER_DATABASE_URL": settings.owner_database_url,
        "FLEETLINE_RELAY_DATABASE_URL": settings.relay_database_url,
        "FLEETLINE_SECRET_KEYS": ",".join(settings.secret_keys),
    }

    def call(*arguments: str, text: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=environment | changes,
        )

    return call


def test_a_customer_from_nothing_to_a_token(run, tmp_path: Path) -> None:  # noqa: ANN001
    made = run(
        "tenant", "create", "delta", "--name", "Delta", "--carrier", "mandarine", "--account", "6012480-01",
        "--enterprise-number", "0123456749",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    add = (
        "member",
        "add",
        "--tenant",
        "delta",
        "--email",
        "an@delta.example",
        "--role",
        "owner",
        "--role",
        "fleet_manager",
    )
    assert run(*add, "--password-stdin", text="short\n").returncode == 1
    assert run(*add, "--password-stdin", text="a long pass phrase\n").returncode == 0
    header = run("fleet", "import", "--template").stdout.strip()
    phone = next_msisdn()
    cells = dict.fromkeys(header.split(","), "") | {
        "msisdn": phone, "customer_number": "6012480-01", "plan": "pro-max", "sim_number": sim_for("mandarine", 42),
    }  # fmt: skip
    file = tmp_path / "lines.csv"
    file.write_text(f"{header}\n{','.join(cells.values())}\n{','.join((cells | {'msisdn': 'x'}).values())}\n")
    refused = run("fleet", "import", str(file), "--tenant", "delta")
    assert refused.returncode == 1
    assert "row 3, msisdn:" in refused.stderr
    assert refused.stderr.endswith("nothing was imported: 1 error\n")
    western = tmp_path / "western.csv"
    western.write_bytes(file.read_text().replace(",,", ",é,", 1).encode("cp1252").replace(b"x", b"\xe9"))
    refused = run("fleet", "import", str(western), "--tenant", "delta")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False), refused.stderr
    done = run("fleet", "import", str(file), "--tenant", "delta", "--skip-bad-rows")
    assert (done.returncode, done.stdout) == (0, "imported: 1\n")
    for command in ("create", "revoke"):
        nobody = run("token", command, "--tenant", "delta", "--member", "no@delta.example")
        assert (nobody.returncode, nobody.stderr) == (
            1,
            "fleetline: delta has no active member 'no@delta.example'\n",
        )
    token = run("token", "create", "--tenant", "delta", "--member", "an@delta.example")
    assert token.returncode == 0
    assert len(token.stdout.split()) == 1
    assert token.stderr == ""
    listed = run("token", "list", "--tenant", "delta").stdout
    assert "until " in listed
    revoked = run("token", "revoke", "--tenant", "delta", "--id", listed.split("\t")[0])
    assert revoked.stdout == "revoked: 1\n"
    assert "revoked " in run("token", "list", "--tenant", "delta").stdout
    assert run("token", "create", "--operator", "Nadia", "--days", "30").returncode == 0
    assert "Nadia" in run("token", "list", "--operators").stdout
    of_an = ("--tenant", "delta", "--email", "an@delta.example")
    for command, state in (("block", "blocked"), ("unblock", "active"), ("remove", "removed")):
        assert run("member", command, *of_an).returncode == 0
        assert f"an@delta.example\t{state}\t" in run("member", "list", "--tenant", "delta").stdout
    assert run("member", "unblock", *of_an).returncode == 1
    assert run("tenant", "suspend", "delta").returncode == run("tenant", "resume", "delta").returncode == 0


def test_a_carrier_of_the_deployment_is_known_wherever_a_carrier_is_read(run, tmp_path: Path) -> None:  # noqa: ANN001
    own = (BUILT_IN / "mandarine.toml").read_text("utf-8").replace('code = "mandarine"', 'code = "tangerine"')
    (tmp_path / "tangerine.toml").write_text(own, "utf-8")
    settings = {"FLEETLINE_PROFILES": str(tmp_path)}
    made = run(
        "tenant", "create", "epsilon", "--name", "Epsilon", "--carrier", "tangerine", "--account", "6012480-02",
        "--enterprise-number", "0123456749", **settings,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    header = run("fleet", "import", "--template", **settings).stdout.strip()
    cells = dict.fromkeys(header.split(","), "") | {
        "msisdn": next_msisdn(), "customer_number": "6012480-02", "plan": "pro-max", "sim_number": sim_for("mandarine", 43),
    }  # fmt: skip
    file = tmp_path / "lines.csv"
    file.write_text(f"{header}\n{','.join(cells.values())}\n")
    done = run("fleet", "import", str(file), "--tenant", "epsilon", **settings)
    assert (done.returncode, done.stdout) == (0, "imported: 1\n"), done.stderr
    (tmp_path / "tangerine.toml").write_text(own.replace("[", "", 1), "utf-8")
    refused = run("tenant", "create", "x", "--name", "X", "--carrier", "mandarine", **settings)
    assert refused.returncode == 1
    assert refused.stderr.startswith("fleetline: tangerine.toml: ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--help",), 0),
        (("demo", "--help"), 0),
        (("token", "create", "--help"), 0),
        (("nonsense",), 2),
        (("tenant", "create", "x"), 2),
        (("fleet", "import"), 2),
        (("token", "list"), 2),
        (("token", "revoke", "--tenant", "x"), 2),
        (("token", "revoke", "--operator", "x", "--tenant", "x"), 2),
        (("token", "create", "--operator", "x", "--days", "366"), 1),
        (("member", "block", "--tenant", "nobody", "--email", "a@b.example"), 1),
        (("db", "url", "--role", "search"), 2),
        (("tenant", "create", "x", "--name", "X", "--carrier", "nope"), 1),
        (("token", "create", "--tenant", "nobody", "--member", "a@b.example"), 1),
        (("member", "add", "--tenant", "nobody", "--email", "a@b.example", "--role", "owner"), 1),
        (("migrate",), 0),
    ],
)
def test_exit_codes_tell_usage_from_refusal(run, arguments: tuple[str, ...], code: int) -> None:  # noqa: ANN001
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    if code == 1:
        assert done.stdout == ""
        assert done.stderr.startswith("fleetline: ")
        assert len(done.stderr.splitlines()) == 1


def test_addresses_are_printed_by_role(run, settings: Settings) -> None:  # noqa: ANN001
    assert run("db", "url", "--role", "app").stdout.strip() == settings.database_url
    assert run("db", "url", "--role", "owner").stdout.strip() == settings.owner_database_url


def test_a_login_that_bypasses_policies_is_refused(run, settings: Settings, database) -> None:  # noqa: ANN001
    for url in (database.superuser_url, settings.owner_database_url):
        done = run("token", "create", "--tenant", "x", "--member", "y", FLEETLINE_DATABASE_URL=url)
        assert done.returncode == 1
        assert "row-level security" in done.stderr


async def test_a_database_of_before_the_first_release_is_left_alone(run, other: TestDatabase) -> None:  # noqa: ANN001
    connection = await asyncpg.connect(other.superuser_url)
    await connection.execute("DELETE FROM migration")
    await connection.execute(
        "INSERT INTO migration (name, app_name) VALUES ('2026-11-21T00:49:52:417519', 'fleetline')"
    )
    done = run("migrate", FLEETLINE_OWNER_DATABASE_URL=other.logins.owner)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "made before the first release" in done.stderr
    assert await connection.fetchval("SELECT count(*) FROM migration") == 1
    await connection.close()


async def test_nothing_starts_on_an_older_schema(run, other: TestDatabase) -> None:  # noqa: ANN001
    connection = await asyncpg.connect(other.superuser_url)
    await connection.execute("ALTER TABLE change_order DROP COLUMN flag")
    await connection.close()
    for arguments in (("web",), ("worker",), ("schedule",), ("rotate-key",)):
        done = run(*arguments, FLEETLINE_DATABASE_URL=other.logins.app, FLEETLINE_PORT=str(free_port()))
        assert done.returncode == 1
        assert done.stderr == (
            "fleetline: the database lacks change_order.flag: run `fleetline migrate` before this version starts\n"
        )


def test_the_signing_key_is_replaced(run, settings: Settings) -> None:  # noqa: ANN001
    names = [run("rotate-key").stdout.strip().removeprefix("signs in two minutes: ") for _ in range(2)]
    assert len(set(names)) == 2
    assert all(names)


def test_keys_and_tokens_of_the_staff_take_the_owners_login(run) -> None:  # noqa: ANN001
    """Whoever has the app's login alone can make neither."""
    token = run("token", "create", "--operator", "Nadia").stdout.strip()
    assert token.startswith("flo_")
    assert run("token", "revoke", "--operator", "Nadia").stdout.strip() == "revoked: 1"
    for arguments in (
        ("token", "create", "--operator", "Nadia"),
        ("token", "revoke", "--operator", "Nadia"),
        ("rotate-key",),
        ("migrate",),
    ):
        done = run(*arguments, FLEETLINE_OWNER_DATABASE_URL="")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("fleetline: FLEETLINE_OWNER_DATABASE_URL is not set")
        assert len(done.stderr.splitlines()) == 1


def test_a_wrong_setting_is_named(run) -> None:  # noqa: ANN001
    done = run("web", FLEETLINE_PORT="eighty")
    assert done.returncode == 1
    assert "FLEETLINE_PORT" in done.stderr


async def test_an_engineer_on_call_sees_and_decides_what_a_carrier_said(run, database: TestDatabase) -> None:  # noqa: ANN001
    customer, other = await make_customer(lines=2), await make_customer()
    message = UnreadMessage(
        source=SetAsideSource.CALLBACK, key="e1", subject="s1", body='{"eventId":"e1"}', why="it has no time"
    )
    for one in (customer, other):
        async with job_scope(one.system) as scope:
            await set_aside(scope, [message])
    listed = run("carrier", "messages").stdout.splitlines()
    assert {row.split()[0] for row in listed} == {customer.slug, other.slug}
    [row] = run("carrier", "messages", "--tenant", customer.slug).stdout.splitlines()
    assert row.endswith("it has no time")
    key = row.split()[1]
    here = ("--tenant", customer.slug)
    assert run("carrier", "show", *here, key).stdout == '{"eventId":"e1"}\n'
    still = run("carrier", "retry", *here, key)
    assert (still.returncode, still.stdout) == (1, "")
    assert still.stderr.startswith("fleetline: It still cannot be read: ")
    assert run("carrier", "dismiss", "--tenant", other.slug, key).returncode == 1
    assert run("carrier", "dismiss", *here, key).stdout == "dismissed\n"
    assert run("carrier", "messages", *here).stdout == ""

    lines = await customer.lines()
    async with job_scope(customer.system) as scope:
        await scope.execute(
            "INSERT INTO inventory_sync (tenant_id, held_since) VALUES ($1, now())", scope.tenant_id
        )
        await scope.execute(
            "INSERT INTO held_line_end (line_id, tenant_id, status, read_at) SELECT id, tenant_id, 'terminated', now()"
            " FROM line"
        )
    said = run("carrier", "held").stdout
    assert said.startswith(f"{customer.slug}: 2 of 2 lines since ")
    assert all(line.msisdn in said for line in lines)
    assert run("carrier", "held", *here, "--end").returncode == 2
    assert run("carrier", "held", *here, "--end", "--lines", "1").returncode == 1
    assert run("carrier", "held", *here, "--end", "--lines", "2").stdout == "ended: 2\n"
    assert run("carrier", "held").stdout == ""
    assert await customer.lines() == []
