"""What the issuer remembers: signed-in browsers, codes for a minute, tokens for five. Only hashes are stored."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from backend.core import clock
from backend.core.secrets import new_token, token_hash
from backend.issuer.accounts import AccountHolder, as_person
from tenants.transaction import open_global

SESSION_LIFE = timedelta(hours=8)
CODE_LIFE = timedelta(minutes=1)
TOKEN_LIFE = timedelta(minutes=5)


async def begin_session(person: AccountHolder, replaces: str) -> str:
    """Remember this browser; the identifier is always new, and the one it came with is forgotten."""
    token = new_token()
    async with open_global() as connection:
        await connection.execute("DELETE FROM issuer_session WHERE token_hash = $1", token_hash(replaces))
        await connection.execute(
            "INSERT INTO issuer_session (token_hash, account_id, auth_time, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash(token),
            person.id,
            person.auth_time,
            clock.now() + SESSION_LIFE,
        )
    return token


async def session_person(token: str) -> AccountHolder | None:
    """Who is signed in in this browser; None for an unknown or expired identifier."""
    if not token:
        return None
    async with open_global() as connection:
        row = await connection.fetchrow(
            "SELECT a.*, s.auth_time FROM issuer_session s JOIN account a ON a.id = s.account_id"
            " WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.state = 'active'",
            token_hash(token),
            clock.now(),
        )
    return as_person(row, row["auth_time"]) if row else None


async def end_session(token: str) -> None:
    async with open_global() as connection:
        await connection.execute("DELETE FROM issuer_session WHERE token_hash = $1", token_hash(token))


async def store_code(code: str, account_id: UUID, data: dict[str, Any]) -> None:
    async with open_global() as connection:
        await connection.execute(
            "INSERT INTO authorization_code (code_hash, account_id, data, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash(code),
            account_id,
            orjson.dumps(data).decode(),
            clock.now() + CODE_LIFE,
        )


async def consume_code(code: str) -> tuple[AccountHolder, dict[str, Any]] | None:
    """Take the code out, whatever comes of it: whoever is second finds nothing."""
    async with open_global() as connection:
        row = await connection.fetchrow(
            "WITH used AS (DELETE FROM authorization_code WHERE code_hash = $1 RETURNING *)"
            " SELECT a.*, used.data FROM used JOIN account a ON a.id = used.account_id"
            " WHERE used.expires_at > $2 AND a.state = 'active'",
            token_hash(code),
            clock.now(),
        )
    return (as_person(row, None), orjson.loads(row["data"])) if row else None


async def store_token(token: str, account_id: UUID, data: dict[str, Any]) -> None:
    async with open_global() as connection:
        await connection.execute(
            "INSERT INTO access_token (token_hash, account_id, data, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash(token),
            account_id,
            orjson.dumps(data).decode(),
            clock.now() + TOKEN_LIFE,
        )


async def token_person(token: str) -> tuple[AccountHolder, str] | None:
    """Whom an access token speaks of, and its scope."""
    async with open_global() as connection:
        row = await connection.fetchrow(
            "SELECT a.*, t.data FROM access_token t JOIN account a ON a.id = t.account_id"
            " WHERE t.token_hash = $1 AND t.expires_at > $2 AND a.state = 'active'",
            token_hash(token),
            clock.now(),
        )
    return (as_person(row, None), orjson.loads(row["data"])["scope"]) if row else None


async def purge_expired() -> None:
    """Delete what has expired; a sweep calls this."""
    now = clock.now()
    async with open_global() as connection:
        for table in ("issuer_session", "authorization_code", "access_token"):
            await connection.execute(f"DELETE FROM {table} WHERE expires_at < $1", now)
        await connection.execute(
            "DELETE FROM sign_in_attempt WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $2)",
            now - timedelta(days=1),
            now,
        )
