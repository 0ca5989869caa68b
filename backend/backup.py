"""Backups of one database with the `pg_dump` and `pg_restore` of the embedded PostgreSQL, on any server.

Secret keys are settings and are in no backup: what they sealed cannot be read without them.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import unquote, urlsplit

import asyncpg

from backend import provision
from backend.embedded_postgres import DatabaseError, programs

# `pg_dump` writes its settings first
HEAD_LINES = 60
# Servers before PostgreSQL 17 refuse it
NEWER_SETTINGS = (b"SET transaction_timeout = 0;\n",)


class BackupError(RuntimeError):
    """The backup was not written, or not restored; the sentence says why."""


def back_up(admin_url: str, database: str, file: Path) -> int:
    """Write the whole database to a new file, in `pg_dump`'s own format; returns its size in bytes.

    `admin_url` is a login that row-level security does not bind. The file is whole or not there. Raises BackupError.
    """
    if file.exists():
        raise BackupError(f"{file} exists already: name another file")
    partial = file.with_name(f"{file.name}.part")
    partial.touch(mode=0o600)
    try:
        _run(admin_url, database, "pg_dump", "--format=custom", f"--file={partial}")
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    return file.stat().st_size


async def restore(
    admin_url: str, database: str, file: Path, passwords: Mapping[str, str], *, new_passwords: bool = False
) -> provision.DatabaseRoles:
    """Make a new database from a backup and bring its schema up to date; returns the logins.

    Roles that are there keep their passwords, as with `provision.set_up`. Raises BackupError where the database exists
    already or the file is no backup, and ProvisionError where a migration fails: no database is left behind then.
    """
    provision.check_database_name(database)
    connection = await asyncpg.connect(admin_url)
    try:
        exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
        if await connection.fetchval(exists, database):
            raise BackupError(f"the database {database} exists already: name another one, or drop it first")
    finally:
        await connection.close()
    made = await provision.create_roles(admin_url)
    await provision.create_database(admin_url, database)
    try:
        await asyncio.to_thread(_load, admin_url, database, file)
        await asyncio.to_thread(provision.migrate, provision.as_owner(admin_url, database))
    except BaseException:
        await provision.drop_database(admin_url, database)
        raise
    return await provision.finish_logins(admin_url, database, passwords, made=made, replace=new_passwords)


def _load(admin_url: str, database: str, file: Path) -> None:
    """Send a backup's statements to an empty database, without those that only newer servers know."""
    environment = _environment(admin_url, database)
    read = [_program("pg_restore"), "--file=-", str(file)]
    write = [_program("psql"), "--no-password", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    with (
        TemporaryFile() as problems,
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=problems) as reader,  # noqa: S603
        subprocess.Popen(  # noqa: S603
            write, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=problems, env=environment
        ) as writer,
    ):
        # psql that has ended early says why itself
        with suppress(BrokenPipeError):
            _send(reader.stdout, writer.stdin)
        codes = reader.wait(), writer.wait()
        if any(codes):
            problems.seek(0)
            raise BackupError(_first_line(problems.read().decode(errors="replace"), "pg_restore"))


def _send(source: IO[bytes] | None, target: IO[bytes] | None) -> None:
    if source is None or target is None:
        raise BackupError("PostgreSQL's programs have no input and output here")
    with source, target:
        for line in islice(source, HEAD_LINES):
            if line not in NEWER_SETTINGS:
                target.write(line)
        shutil.copyfileobj(source, target)


def _run(admin_url: str, database: str, program: str, *options: str) -> None:
    done = subprocess.run(  # noqa: S603 - the wheel's own programs
        [_program(program), "--no-password", *options],
        env=_environment(admin_url, database),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(_first_line(done.stderr, program))


def _program(name: str) -> str:
    try:
        return str(programs() / name)
    except DatabaseError as error:
        raise BackupError(str(error)) from None


def _first_line(text: str, program: str) -> str:
    return (text.strip().splitlines() or [f"{program} failed"])[0]


def _environment(admin_url: str, database: str) -> dict[str, str]:
    """What PostgreSQL's programs need. The password goes by the environment: arguments can be read by anybody."""
    parts = urlsplit(admin_url)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or "postgres"),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": database,
        "PGCONNECT_TIMEOUT": "10",
    }
