"""Lock-out with timed back-off, per login and per address, counted in the database for every process together.

A try is counted as failed before the password is looked at, so that a thousand at once count as a thousand.
Logins that do not exist are counted and locked in the same way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from backend.core import clock
from tenants.scope import Connection
from tenants.transaction import open_global


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """How many failures in a row are free, and how long the waits after them are."""

    free: int
    # Doubles with each failure after
    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(minutes=15)


ACCOUNT = AttemptLimit(free=5)
ADDRESS = AttemptLimit(free=30)
FORGET_AFTER = timedelta(hours=1)

COUNT = """
INSERT INTO sign_in_attempt AS a (key, failures, last_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN a.last_at < $3 THEN 1 ELSE a.failures + 1 END, last_at = $2, locked_until = NULL
WHERE a.locked_until IS NULL OR a.locked_until <= $2
RETURNING failures
"""
LOCKED_UNTIL = "SELECT locked_until FROM sign_in_attempt WHERE key = $1"
LOCK = "UPDATE sign_in_attempt SET locked_until = $2 WHERE key = $1"
GIVE_BACK = (
    "UPDATE sign_in_attempt SET failures = greatest(failures - 1, 0), locked_until = NULL WHERE key = $1"
)
FORGET = "DELETE FROM sign_in_attempt WHERE key = $1"


@dataclass(frozen=True, slots=True)
class AttemptCheck:
    """One try. `wait` is set when it must not be made; `locks` when its failure would close the account."""

    account_key: str
    address_key: str
    wait: timedelta | None = None
    locks: bool = False


async def begin(login: str, address: str) -> AttemptCheck:
    """Count one try for a normalised login from an address, or say how long to wait."""
    account_key = "account:" + sha256(login.encode()).hexdigest()
    address_key = f"address:{address}"
    now = clock.now()
    async with open_global() as connection:
        for key, limit in ((address_key, ADDRESS), (account_key, ACCOUNT)):
            failures = await connection.fetchval(COUNT, key, now, now - FORGET_AFTER)
            if failures is None:
                until = await connection.fetchval(LOCKED_UNTIL, key)
                return AttemptCheck(account_key, address_key, wait=max(until - now, timedelta(seconds=1)))
            await _lock(connection, key, limit, failures, now)
    return AttemptCheck(account_key, address_key, locks=failures >= ACCOUNT.free)


async def _lock(connection: Connection, key: str, limit: AttemptLimit, failures: int, now: datetime) -> None:
    over = failures - limit.free
    if over >= 0:
        wait = min(limit.first_wait * 2 ** min(over, 16), limit.longest_wait)
        await connection.execute(LOCK, key, now + wait)


async def succeeded(attempt: AttemptCheck) -> None:
    """Take a successful try back: the login starts from zero, of the address only this try is not counted."""
    # In the order of begin(): no deadlock
    async with open_global() as connection:
        await connection.execute(GIVE_BACK, attempt.address_key)
        await connection.execute(FORGET, attempt.account_key)
