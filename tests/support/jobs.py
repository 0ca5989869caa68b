"""Does the jobs that are due, here and now: do, drain, look."""

import asyncpg

import backend.subscriptions  # noqa: F401 - registers every job
from backend.core.messaging.jobs import run_job
from tests.support.database import TestDatabase

DUE = "SELECT id, tenant_id, job FROM outbox WHERE failed_at IS NULL AND not_before <= now() ORDER BY not_before"


async def drain(database: TestDatabase, *, only: str = "", twice: bool = False) -> list[str]:
    """Run due jobs until none is left (or only those whose name starts with `only`); returns their names."""
    connection = await asyncpg.connect(database.logins.relay)
    done: list[str] = []
    try:
        for _ in range(1000):
            rows = [row for row in await connection.fetch(DUE) if row["job"].startswith(only)]
            if not rows:
                return done
            for row in rows:
                for _ in range(2 if twice else 1):
                    await run_job(row["job"], row["tenant_id"], row["id"])
                done.append(row["job"])
    finally:
        await connection.close()
    raise AssertionError(f"jobs never end: {done[-10:]}")


async def make_jobs_due(database: TestDatabase) -> None:
    """Let the time of every waiting job come now (grace, back-off)."""
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "UPDATE change_order SET grace_until = now() - interval '1 second' WHERE state = 'grace'"
    )
    await connection.execute("UPDATE outbox SET not_before = now() - interval '1 second'")
    await connection.close()
