"""The issuer's records: signed-in browsers, codes for a minute, tokens for five minutes. Only hashes are stored."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from backend.core import clock
from backend.core.secrets import new_token, token_hash
from backend.issuer.accounts import ACCOUNT_COLUMNS, AccountHolder, AccountState, PasswordAccount, as_person
from tenants.transaction import open_global

log = structlog.get_logger()

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
# The lock lets one of two at once through.
LOCK_CODE = "SELECT used_at IS NOT NULL FROM authorization_code WHERE code_hash = $1 FOR UPDATE"
USE_CODE = f"""
WITH code AS (SELECT account_id, data, expires_at FROM authorization_code WHERE code_hash = $1),
used AS (UPDATE authorization_code SET used_at = $2, expires_at = $4 WHERE code_hash = $1)
SELECT {ACCOUNT_COLUMNS}, code.data FROM code JOIN account a ON a.id = code.account_id
WHERE code.expires_at > $2 AND a.state = $3
"""
END_TOKENS_OF_CODE = "DELETE FROM access_token WHERE code_hash = $1 RETURNING true"
FORGET_CODE = "DELETE FROM authorization_code WHERE code_hash = $1"
# Nothing is kept where the code was shown again in the meantime.
KEEP_GRANT = """
INSERT INTO access_token (token_hash, account_id, data, expires_at, code_hash)
SELECT $1, $2, $3::jsonb, $4, code_hash FROM authorization_code WHERE code_hash = $5
"""
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
    """Use a code up and return what it stood for.

    A second call finds nothing and ends the tokens of the first: somebody else may have it (RFC 6749, 4.1.2).
    """
    key, now = token_hash(code), clock.now()
    async with open_global() as connection:
        used = await connection.fetchval(LOCK_CODE, key)
        if used:
            ended = await connection.fetch(END_TOKENS_OF_CODE, key)
            await connection.execute(FORGET_CODE, key)
            log.warning("code replayed", tokens_ended=len(ended))
        if used is None or used:
            return None
        record = await connection.fetchrow(USE_CODE, key, now, AccountState.ACTIVE, now + TOKEN_LIFE)
    if record is None:
        return None
    found = GrantedAccount(*record)
    return as_person(found, None), orjson.loads(found.data)


async def store_token(token: str, account_id: UUID, data: dict[str, Any], *, code: str) -> None:
    """Keep what an access token stands for, for five minutes, and which code it was given for."""
    async with open_global() as connection:
        await connection.execute(
            KEEP_GRANT,
            token_hash(token),
            account_id,
            orjson.dumps(data).decode(),
            clock.now() + TOKEN_LIFE,
            token_hash(code),
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
