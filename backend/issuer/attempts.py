"""Lock-out with timed back-off, counted in the database for every process together.

A try is counted as failed before the password is looked at, so that a thousand at once count as a thousand. Tries of a
browser that has signed in to the account before have a counter of their own: strangers who know a login cannot keep
its owner out (decision 0021). Logins that do not exist are counted and locked in the same way as those that do.
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


# A browser that has signed in to this account before
DEVICE = AttemptLimit(free=5)
# One address that tries one account
PAIR = AttemptLimit(free=5)
# All strange browsers and addresses that try one account
ACCOUNT = AttemptLimit(free=20)
# One address that tries any accounts
ADDRESS = AttemptLimit(free=30)
FORGET_AFTER = timedelta(hours=1)
# What a right sign-in takes from the failures of its address, once an hour for each account: whoever holds one account
# cannot buy tries at others with it
CREDIT = 10
CREDIT_EVERY = timedelta(hours=1)

LOCKED_UNTIL = (
    "SELECT max(locked_until) FROM sign_in_attempt WHERE key = ANY($1::text[]) AND locked_until > $2"
)
COUNT = """
INSERT INTO sign_in_attempt AS a (key, failures, last_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN a.last_at < $3 THEN 1 ELSE a.failures + 1 END, last_at = $2, locked_until = NULL
WHERE a.locked_until IS NULL OR a.locked_until <= $2
RETURNING failures
"""
LOCK = "UPDATE sign_in_attempt SET locked_until = $2 WHERE key = $1"
GIVE_BACK = """
UPDATE sign_in_attempt SET failures = greatest(failures - $2, 0), locked_until = NULL WHERE key = $1
"""
TAKE_CREDIT = """
INSERT INTO sign_in_attempt AS a (key, failures, last_at) VALUES ($1, 0, $2)
ON CONFLICT (key) DO UPDATE SET last_at = $2 WHERE a.last_at < $3 RETURNING true
"""
FORGET = "DELETE FROM sign_in_attempt WHERE key = $1"


@dataclass(frozen=True, slots=True)
class AttemptCheck:
    """One try. `wait` is set when it must not be made; `locks` when its failure would close the account."""

    # Counters of the account, forgotten when the try succeeds
    account_keys: tuple[str, ...]
    # Of the address; the try was counted there unless the browser is known
    address_key: str
    credit_key: str
    known_device: bool = False
    wait: timedelta | None = None
    locks: bool = False


async def begin(account: str, address: str, device: str = "") -> AttemptCheck:
    """Count one try for an account from an address, or say how long to wait.

    `account` is the id of the account, or the login as typed where there is none. `device` names a browser that has
    signed in to this account before; its tries count for nobody else.
    """
    address_key = f"address:{address}"
    credit_key = _key("credit", address, account)
    if device:
        limits = {_key("device", device, account): DEVICE}
        check = AttemptCheck(tuple(limits), address_key, credit_key, known_device=True)
    else:
        of_account = {_key("pair", address, account): PAIR, _key("account", account): ACCOUNT}
        limits = {**of_account, address_key: ADDRESS}
        check = AttemptCheck(tuple(of_account), address_key, credit_key)
    return await _count(check, limits)


async def _count(check: AttemptCheck, limits: dict[str, AttemptLimit]) -> AttemptCheck:
    """Count the try with each counter, or with none where one of them is closed."""
    now, locks = clock.now(), False
    async with open_global() as connection:
        until = await connection.fetchval(LOCKED_UNTIL, list(limits), now)
        if until is not None:
            return _waiting(check, until - now)
        # One order for all: no deadlock
        for key in sorted(limits):
            failures = await connection.fetchval(COUNT, key, now, now - FORGET_AFTER)
            if failures is None:
                # Closed since it was looked at, by a try that was made at the same time
                return _waiting(check, limits[key].first_wait)
            locked = await _lock(connection, key, limits[key], failures, now)
            locks = locks or (locked and key in check.account_keys)
    return AttemptCheck(
        check.account_keys, check.address_key, check.credit_key, check.known_device, locks=locks
    )


def _waiting(check: AttemptCheck, wait: timedelta) -> AttemptCheck:
    return AttemptCheck(
        check.account_keys,
        check.address_key,
        check.credit_key,
        check.known_device,
        wait=max(wait, timedelta(seconds=1)),
    )


async def _lock(connection: Connection, key: str, limit: AttemptLimit, failures: int, now: datetime) -> bool:
    """Close a counter that has had its free failures; returns whether it is closed now."""
    over = failures - limit.free
    if over < 0:
        return False
    wait = min(limit.first_wait * 2 ** min(over, 16), limit.longest_wait)
    await connection.execute(LOCK, key, now + wait)
    return True


async def succeeded(check: AttemptCheck) -> None:
    """Take a successful try back: the account starts from zero, and its address comes off lighter."""
    now = clock.now()
    async with open_global() as connection:
        credit = (
            CREDIT if await connection.fetchval(TAKE_CREDIT, check.credit_key, now, now - CREDIT_EVERY) else 0
        )
        back = {check.address_key: credit + (0 if check.known_device else 1)}
        # In the order of begin(): no deadlock
        for key in sorted((*check.account_keys, check.address_key)):
            if key in back:
                await connection.execute(GIVE_BACK, key, back[key])
            else:
                await connection.execute(FORGET, key)


def _key(kind: str, *parts: str) -> str:
    return f"{kind}:{sha256(chr(0).join(parts).encode()).hexdigest()}"
