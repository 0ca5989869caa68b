"""Backups: the whole database in a file and back; what is refused leaves nothing behind."""

import os
import secrets
from pathlib import Path

import asyncpg
import pytest

from backend.backup import BackupError, back_up, restore
from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tenants.transaction import engine, use_engine
from tests.support.database import PASSWORDS, TestDatabase
from tests.support.factories import Customer, make_customer

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
        logins = await restore(database.admin_url, name, file, PASSWORDS)
        assert logins == other.logins
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
            await restore(database.admin_url, name, file, {})
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
