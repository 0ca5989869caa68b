"""The cookie of a browser that has signed in before: sealed, so that nobody makes one without a password.

Failed tries of such a browser count apart (`attempts.py`). The cookie signs nobody in.
"""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

import orjson

from backend.core.secrets import DecryptionError, SecretBox, new_token

CONTEXT = "browser/known_device/-"
# On a shared computer: the last accounts that signed in
REMEMBERED = 5
SECONDS = 365 * 24 * 3600
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser, and the accounts that signed in with it."""

    id: str = ""
    accounts: tuple[UUID, ...] = ()

    def name_for(self, account_id: UUID | None) -> str:
        """The name of the browser where it has signed in to this account, else an empty text."""
        return self.id if account_id in self.accounts else ""

    def after_sign_in(self, account_id: UUID) -> "KnownDevice":
        """The browser as it is known from now on."""
        others = tuple(one for one in self.accounts if one != account_id)
        return KnownDevice(self.id or new_token(), (account_id, *others)[:REMEMBERED])


def seal_device(secret_box: SecretBox, device: KnownDevice) -> str:
    """The text of the cookie."""
    record = {"id": device.id, "accounts": [str(one) for one in device.accounts]}
    sealed = secret_box.seal(orjson.dumps(record), CONTEXT)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_device(secret_box: SecretBox, text: str) -> KnownDevice:
    """The browser of a cookie; an unknown one for a cookie that is not ours."""
    if not text or len(text) > LONGEST:
        return KnownDevice()
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        record = orjson.loads(secret_box.open(sealed, CONTEXT))
        return KnownDevice(record["id"], tuple(UUID(one) for one in record["accounts"]))
    except (DecryptionError, binascii.Error, ValueError, KeyError, TypeError):
        return KnownDevice()
