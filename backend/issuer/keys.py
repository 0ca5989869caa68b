"""The issuer's signing keys: made by commands for all processes, sealed in the database, replaced without a pause."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from joserfc.jwk import KeySet, RSAKey

from backend import runtime
from backend.core import clock
from backend.core.secrets import DecryptionError, SecretBox
from tenants.scope import Connection
from tenants.transaction import open_as_owner, open_global

# Every OpenID client must accept it
ALGORITHM = "RS256"
READ_AGAIN_SECONDS = 30
# By then every process publishes a new key
SIGNS_AFTER = timedelta(minutes=2)
# After its successor; tokens signed with it live an hour
KEPT_FOR = timedelta(days=1)

READ = "SELECT kid, sealed, created_at FROM issuer_key ORDER BY created_at DESC"
INSERT = "INSERT INTO issuer_key (kid, sealed, created_at) VALUES ($1, $2, $3)"
# All but the newest of those that are old enough, which may still sign
DROP_REPLACED = """
DELETE FROM issuer_key WHERE created_at < (SELECT max(created_at) FROM issuer_key WHERE created_at < $1)
"""


class KeyRow(msgspec.Struct, frozen=True):
    """A key, sealed."""

    kid: str
    sealed: bytes
    created_at: datetime


class NoSigningKey(RuntimeError):
    """The database has no key that signs sign-ins; the sentence says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "the database has no signing key: run `fleetline migrate`, which makes the first one"
        )


class KeysDoNotOpen(RuntimeError):
    """The deployment's keys are not those with which this database was sealed; the sentence says what to do."""


async def refuse_other_keys(secret_box: SecretBox) -> None:
    """Raise KeysDoNotOpen where a stored signing key cannot be opened: nobody could sign in."""
    async with open_global() as connection:
        rows = await _read(connection)
    for row in rows:
        try:
            secret_box.open(row.sealed, _context(row.kid))
        except DecryptionError:
            raise KeysDoNotOpen(
                "FLEETLINE_SECRET_KEYS does not open what this database holds: use the keys with which it was written "
                "(earlier keys stay in the list, behind the new one)"
            ) from None


class SigningKeys:
    """The keys as this process last read them."""

    def __init__(self, secret_box: SecretBox) -> None:
        self._vault = secret_box
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self.published = KeySet([])
        self.signing: RSAKey | None = None

    async def load(self) -> None:
        """Read the keys when what we have is older than half a minute. Raises NoSigningKey where there is none."""
        if self.signing and time.monotonic() - self._read_at < READ_AGAIN_SECONDS:
            return
        async with self._reading:
            async with open_global() as connection:
                rows = await _read(connection)
            if not rows:
                raise NoSigningKey
            self._take(rows)

    async def make_first(self) -> None:
        """Make the first key where there is none. For commands: it takes the owner's login."""
        async with open_as_owner(runtime.owner_database()) as connection:
            await _lock(connection)
            if not await _read(connection):
                await self._make(connection)

    async def rotate(self) -> str:
        """Add a key that signs from two minutes on, and drop those replaced more than a day ago; returns its name.

        For commands: it takes the owner's login.
        """
        async with open_as_owner(runtime.owner_database()) as connection:
            await _lock(connection)
            await connection.execute(DROP_REPLACED, clock.now() - KEPT_FOR)
            kid = await self._make(connection)
            self._take(await _read(connection))
        return kid

    async def _make(self, connection: Connection) -> str:
        kid = f"{clock.now():%Y%m%d-%H%M%S-%f}"
        key = await asyncio.to_thread(RSAKey.generate_key, 2048, {"kid": kid, "use": "sig", "alg": ALGORITHM})
        text = json.dumps(key.as_dict(private=True))
        await connection.execute(INSERT, kid, self._vault.seal(text.encode(), _context(kid)), clock.now())
        return kid

    def _take(self, rows: Sequence[KeyRow]) -> None:
        keys = [
            RSAKey.import_key(json.loads(self._vault.open(row.sealed, _context(row.kid)))) for row in rows
        ]
        settled = [
            key for key, row in zip(keys, rows, strict=True) if row.created_at <= clock.now() - SIGNS_AFTER
        ]
        self.signing = settled[0] if settled else keys[-1]
        self.published = KeySet(list(keys))
        self._read_at = time.monotonic()


async def require_signing_key() -> None:
    """Raise NoSigningKey where nobody could sign in: no process starts then."""
    async with open_global() as connection:
        if not await _read(connection):
            raise NoSigningKey


async def _read(connection: Connection) -> list[KeyRow]:
    """Every key, the newest first."""
    return [KeyRow(*record) for record in await connection.fetch(READ)]


def _context(kid: str) -> str:
    return f"deployment/issuer_key/{kid}"


async def _lock(connection: Connection) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('fleetline issuer keys'))")
