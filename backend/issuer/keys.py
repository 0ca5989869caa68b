"""The issuer's signing keys: made once for all processes, sealed at rest, replaced without a pause."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

from joserfc.jwk import KeySet, RSAKey

from backend.core import clock
from backend.core.secrets import SecretBox
from tenants.scope import Connection
from tenants.transaction import open_global

# Every OpenID client must accept it
ALGORITHM = "RS256"
READ_AGAIN_SECONDS = 30
# By then every process publishes a new key
SIGNS_AFTER = timedelta(minutes=2)
# After its successor; tokens signed with it live an hour
KEPT_FOR = timedelta(days=1)


class SigningKeys:
    """The keys as this process last read them."""

    def __init__(self, secret_box: SecretBox) -> None:
        self._vault = secret_box
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self.published = KeySet([])
        self.signing: RSAKey | None = None

    async def load(self) -> None:
        """Read the keys when what we have is older than half a minute; make the first one."""
        if self.signing and time.monotonic() - self._read_at < READ_AGAIN_SECONDS:
            return
        async with self._reading:
            async with open_global() as connection:
                rows = await connection.fetch(READ)
                if not rows:
                    await _lock(connection)
                    if not await connection.fetchval("SELECT EXISTS (SELECT FROM issuer_key)"):
                        await self._make(connection)
                    rows = await connection.fetch(READ)
            self._take(rows)

    async def rotate(self) -> str:
        """Add a key that takes over in two minutes, and drop those replaced more than a day ago; its name."""
        async with open_global() as connection:
            await _lock(connection)
            await connection.execute(
                "DELETE FROM issuer_key WHERE created_at < (SELECT max(created_at) FROM issuer_key"
                " WHERE created_at < $1)",
                clock.now() - KEPT_FOR,
            )
            kid = await self._make(connection)
            self._take(await connection.fetch(READ))
        return kid

    async def _make(self, connection: Connection) -> str:
        kid = f"{clock.now():%Y%m%d-%H%M%S-%f}"
        key = await asyncio.to_thread(RSAKey.generate_key, 2048, {"kid": kid, "use": "sig", "alg": ALGORITHM})
        text = json.dumps(key.as_dict(private=True))
        await connection.execute(
            "INSERT INTO issuer_key (kid, sealed, created_at) VALUES ($1, $2, $3)",
            kid,
            self._vault.seal(text.encode(), _context(kid)),
            clock.now(),
        )
        return kid

    def _take(self, rows: list[Any]) -> None:
        keys = [
            RSAKey.import_key(json.loads(self._vault.open(row["sealed"], _context(row["kid"]))))
            for row in rows
        ]
        settled = [
            key for key, row in zip(keys, rows, strict=True) if row["created_at"] <= clock.now() - SIGNS_AFTER
        ]
        self.signing = settled[0] if settled else keys[-1]
        self.published = KeySet(list(keys))
        self._read_at = time.monotonic()


READ = "SELECT kid, sealed, created_at FROM issuer_key ORDER BY created_at DESC"


def _context(kid: str) -> str:
    return f"deployment/issuer_key/{kid}"


async def _lock(connection: Connection) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('fleetline issuer keys'))")
