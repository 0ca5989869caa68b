"""Backups: the whole database in a file and back; what is refused leaves nothing behind."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from backend import provision
from backend.backup import BackupError, back_up, restore
from backend.embedded_postgres import EmbeddedPostgres
from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tenants.transaction import engine, use_engine
from tests.support.database import PASSWORDS, TestDatabase
from tests.support.factories import Customer, make_customer

NEW_PASSWORDS = dict.fromkeys(PASSWORDS, "other")
COUNTS = (
    "SELECT (SELECT count(*) FROM line), (SELECT count(*) FROM tenant), (SELECT count(*) FROM audit_event)"
)


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer("delta", lines=12)


async def exists(database: TestDatabase, name: str) -> bool:
    connection = await asyncpg.connect(database.admin_url)
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name
    )
    await connection.close()
    return found


async def test_a_backup_is_restored_with_rows_logins_and_policies(
    database: TestDatabase, customer: Customer, tmp_path: Path
) -> None:
    file, name = tmp_path / "kept é 1.dump", f"fleetline_test_{secrets.token_hex(5)}"
    size = back_up(database.admin_url, database.name, file)
    assert size == file.stat().st_size > 10_000
    assert file.stat().st_mode & 0o077 == 0
    other = TestDatabase(database.admin_url, name, database.server)
    try:
        # The deployment beside goes on: its roles keep their passwords, and the new ones are not used
        logins = await restore(database.admin_url, name, file, NEW_PASSWORDS)
        assert logins.app == other.logins.app.replace(PASSWORDS["fleetline_app"], "PASSWORD")
        logins = other.logins
        before, after = [await asyncpg.connect(one.superuser_url) for one in (database, other)]
        assert tuple(await before.fetchrow(COUNTS)) == tuple(await after.fetchrow(COUNTS))
        await before.close()
        await after.close()
        # As the app: the policies came too, and each line is found by its search key
        await engine().close()
        use_engine(logins.app)
        await engine().open(size=2)
        assert (await list_lines(customer.manager, LineFilter(search="Peeters"))).total == 12
        bare = await asyncpg.connect(logins.app)
        with pytest.raises(asyncpg.PostgresError):
            await bare.fetchval("SELECT count(*) FROM line")
        await bare.close()
    finally:
        await engine().close()
        use_engine(database.logins.app)
        # As the session had it: later tests count its connections
        await engine().open(size=8)
        await other.drop()


async def test_no_file_is_overwritten_and_no_database_replaced(
    database: TestDatabase, customer: Customer, tmp_path: Path
) -> None:
    file = tmp_path / "kept.dump"
    back_up(database.admin_url, database.name, file)
    with pytest.raises(BackupError, match="exists already"):
        back_up(database.admin_url, database.name, file)
    with pytest.raises(BackupError, match=f"{database.name} exists already"):
        await restore(database.admin_url, database.name, file, {})


async def test_what_is_no_backup_leaves_nothing_behind(
    database: TestDatabase, customer: Customer, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.dump", tmp_path / "cut.dump"
    back_up(database.admin_url, database.name, whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    text = tmp_path / "text.dump"
    text.write_text("no backup")
    for file in (cut, text):
        name = f"fleetline_test_{secrets.token_hex(5)}"
        with pytest.raises(BackupError, match="pg_restore"):
            await restore(database.admin_url, name, file, NEW_PASSWORDS, new_passwords=True)
        assert not await exists(database, name)
    with pytest.raises(BackupError):
        back_up(database.admin_url, "no_such_database", tmp_path / "none.dump")
    assert sorted(os.listdir(tmp_path)) == ["cut.dump", "text.dump", "whole.dump"]  # noqa: PTH208


async def test_a_login_that_policies_bind_writes_no_backup(
    database: TestDatabase, customer: Customer, tmp_path: Path
) -> None:
    """A backup with the rows of nobody would be worse than none."""
    with pytest.raises(BackupError):
        back_up(database.logins.owner, database.name, tmp_path / "empty.dump")
    assert not (tmp_path / "empty.dump").exists()


async def test_a_restore_that_cannot_be_migrated_leaves_no_database_and_no_new_password(
    database: TestDatabase, customer: Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, name = tmp_path / "kept.dump", f"fleetline_test_{secrets.token_hex(5)}"
    back_up(database.admin_url, database.name, file)

    def fails(owner_url: str) -> str:
        raise provision.ProvisionError("the migrations failed")

    monkeypatch.setattr(provision, "migrate", fails)
    with pytest.raises(provision.ProvisionError):
        await restore(database.admin_url, name, file, NEW_PASSWORDS, new_passwords=True)
    assert not await exists(database, name)
    await (await asyncpg.connect(database.logins.app)).close()


@pytest.fixture
def bare_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server without our roles."""
    folder = Path(tempfile.mkdtemp(prefix="fleetline-test-", dir="/tmp"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.home, ignore_errors=True)


async def test_passwords_are_for_new_roles_and_for_whoever_asks(bare_server: EmbeddedPostgres) -> None:
    admin = bare_server.url()
    first = await provision.set_up(admin, "one-1", PASSWORDS)
    assert first.app == provision.role_url(admin, "fleetline_app", "test-only", "one-1")
    # Another deployment on the same server
    second = await provision.set_up(admin, "two", NEW_PASSWORDS)
    assert second.relay == provision.role_url(admin, "fleetline_relay", "PASSWORD", "two")
    for name in ("one-1", "two"):
        for login in PASSWORDS:
            await (await asyncpg.connect(provision.role_url(admin, login, "test-only", name))).close()
    # A run that failed left a role without a password: the next one gives it
    connection = await asyncpg.connect(admin)
    await connection.execute("ALTER ROLE fleetline_relay PASSWORD NULL")
    await connection.close()
    third = await provision.set_up(admin, "two", NEW_PASSWORDS)
    assert (":other@" in third.relay, ":PASSWORD@" in third.app) == (True, True)
    replaced = await provision.set_up(admin, "two", NEW_PASSWORDS, new_passwords=True)
    for url in (replaced.owner, replaced.app, replaced.relay):
        await (await asyncpg.connect(url)).close()


@pytest.mark.parametrize(
    "name", ['x"; DROP DATABASE y; --', "é", "", "a" * 64, "a b", "postgres", "template1"]
)
async def test_the_name_of_a_database_is_checked_before_anything_is_done(
    database: TestDatabase, name: str, tmp_path: Path
) -> None:
    for refused in (
        provision.set_up(database.admin_url, name, NEW_PASSWORDS, new_passwords=True),
        restore(database.admin_url, name, tmp_path / "none.dump", NEW_PASSWORDS, new_passwords=True),
        provision.create_database(database.admin_url, name),
    ):
        with pytest.raises(provision.ProvisionError, match="cannot be the name of a database"):
            await refused
    await (await asyncpg.connect(database.logins.app)).close()
