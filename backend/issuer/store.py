"""The issuer's records: signed-in browsers, codes for a minute, tokens for five minutes. Only hashes are stored."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from backend.core import clock
from backend.core.secrets import new_token, token_hash
from backend.issuer.accounts import ACCOUNT_COLUMNS, AccountHolder, AccountState, PasswordAccount, as_person
from tenants.transaction import open_global

SESSION_LIFE = timedelta(hours=8)
CODE_LIFE = timedelta(minutes=1)
TOKEN_LIFE = timedelta(minutes=5)

FORGET_SESSION = "DELETE FROM issuer_session WHERE token_hash = $1"
INSERT_SESSION = """
INSERT INTO issuer_session (token_hash, account_id, auth_time, expires_at) VALUES ($1, $2, $3, $4)
"""
FIND_SESSION = f"""
SELECT {ACCOUNT_COLUMNS}, s.auth_time FROM issuer_session s JOIN account a ON a.id = s.account_id
WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.state = $3
"""
INSERT_CODE = (
    "INSERT INTO authorization_code (code_hash, account_id, data, expires_at) VALUES ($1, $2, $3, $4)"
)
CONSUME_CODE = f"""
WITH used AS (DELETE FROM authorization_code WHERE code_hash = $1 RETURNING account_id, data, expires_at)
SELECT {ACCOUNT_COLUMNS}, used.data FROM used JOIN account a ON a.id = used.account_id
WHERE used.expires_at > $2 AND a.state = $3
"""
KEEP_GRANT = "INSERT INTO access_token (token_hash, account_id, data, expires_at) VALUES ($1, $2, $3, $4)"
FIND_TOKEN = f"""
SELECT {ACCOUNT_COLUMNS}, t.data FROM access_token t JOIN account a ON a.id = t.account_id
WHERE t.token_hash = $1 AND t.expires_at > $2 AND a.state = $3
"""
EXPIRING = ("issuer_session", "authorization_code", "access_token")
FORGET_ATTEMPTS = (
    "DELETE FROM sign_in_attempt WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $2)"
)


class SignedInAccount(PasswordAccount, frozen=True):
    """An account that is signed in in a browser."""

    auth_time: datetime


class GrantedAccount(PasswordAccount, frozen=True):
    """An account and what was granted in its name; `data` is JSON."""

    data: str


async def begin_session(person: AccountHolder, replaces: str) -> str:
    """Start a session for this browser. The identifier is always new; the earlier session of this browser ends."""
    token = new_token()
    async with open_global() as connection:
        await connection.execute(FORGET_SESSION, token_hash(replaces))
        await connection.execute(
            INSERT_SESSION, token_hash(token), person.id, person.auth_time, clock.now() + SESSION_LIFE
        )
    return token


async def session_person(token: str) -> AccountHolder | None:
    """Who is signed in in this browser; None for an unknown or expired identifier."""
    if not token:
        return None
    async with open_global() as connection:
        record = await connection.fetchrow(FIND_SESSION, token_hash(token), clock.now(), AccountState.ACTIVE)
    if record is None:
        return None
    found = SignedInAccount(*record)
    return as_person(found, found.auth_time)


async def end_session(token: str) -> None:
    """Forget a browser. An unknown identifier changes nothing."""
    async with open_global() as connection:
        await connection.execute(FORGET_SESSION, token_hash(token))


async def store_code(code: str, account_id: UUID, data: dict[str, Any]) -> None:
    """Keep what a one-time code stands for, for a minute."""
    async with open_global() as connection:
        await connection.execute(
            INSERT_CODE, token_hash(code), account_id, orjson.dumps(data).decode(), clock.now() + CODE_LIFE
        )


async def consume_code(code: str) -> tuple[AccountHolder, dict[str, Any]] | None:
    """Delete a code and return what it stood for; a second call finds nothing."""
    async with open_global() as connection:
        record = await connection.fetchrow(CONSUME_CODE, token_hash(code), clock.now(), AccountState.ACTIVE)
    if record is None:
        return None
    found = GrantedAccount(*record)
    return as_person(found, None), orjson.loads(found.data)


async def store_token(token: str, account_id: UUID, data: dict[str, Any]) -> None:
    """Keep what an access token stands for, for five minutes."""
    async with open_global() as connection:
        await connection.execute(
            KEEP_GRANT, token_hash(token), account_id, orjson.dumps(data).decode(), clock.now() + TOKEN_LIFE
        )


async def token_person(token: str) -> tuple[AccountHolder, str] | None:
    """The person of an access token, and its scope; None for an unknown or expired one."""
    async with open_global() as connection:
        record = await connection.fetchrow(FIND_TOKEN, token_hash(token), clock.now(), AccountState.ACTIVE)
    if record is None:
        return None
    found = GrantedAccount(*record)
    return as_person(found, None), orjson.loads(found.data)["scope"]


async def purge_expired() -> None:
    """Delete what has expired; a periodic task calls this."""
    now = clock.now()
    async with open_global() as connection:
        for table in EXPIRING:
            await connection.execute(f"DELETE FROM {table} WHERE expires_at < $1", now)
        await connection.execute(FORGET_ATTEMPTS, now - timedelta(days=1), now)
