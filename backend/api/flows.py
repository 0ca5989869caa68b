"""What the portal remembers between sending a browser to sign in and its return: sealed, in that browser's cookie."""

import base64
import binascii
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from backend.core.secrets import CannotOpen, Vault
from backend.integrations.identity import Flow

FLOW_SECONDS = 600
LONGEST_COOKIE = 3800  # browsers keep 4096 bytes, name and attributes included
LONGEST_PATH = 1500
OURS = ("/auth/", "/id/")  # a sign-in never leads back into a sign-in
FLOWS, CHOICE = "browser/sign_in_flows/-", "browser/sign_in_choice/-"


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who has signed in and still has to say for which company."""

    account_id: UUID
    auth_time: datetime
    next: str


def own_path(path: str) -> str:
    """The path when it is one of ours, else the home page: a link to us never sends people elsewhere."""
    if (
        not path.startswith("/")
        or path.startswith(("//", "/\\", *OURS))
        or len(path) > LONGEST_PATH
        or any(character <= " " or character in "\\\x7f" for character in path)
    ):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path


def seal_flows(vault: Vault, flows: list[Flow]) -> str:
    """The newest flows that fit into one cookie."""
    for first in range(len(flows)):
        text = _seal(vault, [asdict(flow) for flow in flows[first:]], FLOWS)
        if len(text) <= LONGEST_COOKIE:
            return text
    return ""


def open_flows(vault: Vault, text: str) -> list[Flow]:
    """The flows of a cookie that are not too old, the newest last; none for a cookie that is not ours."""
    try:
        found = [Flow(**flow) for flow in orjson.loads(_open(vault, text, FLOWS))]
    except (CannotOpen, ValueError, TypeError):
        return []
    return [flow for flow in found if flow.began > time.time() - FLOW_SECONDS]


def seal_choice(vault: Vault, choice: Choice) -> str:
    record = {
        "account": str(choice.account_id),
        "auth_time": choice.auth_time.timestamp(),
        "next": choice.next,
        "at": time.time(),
    }
    return _seal(vault, record, CHOICE)


def open_choice(vault: Vault, text: str) -> Choice | None:
    try:
        record = orjson.loads(_open(vault, text, CHOICE))
        if record["at"] < time.time() - FLOW_SECONDS:
            return None
        at = datetime.fromtimestamp(record["auth_time"], UTC)
        return Choice(UUID(record["account"]), at, record["next"])
    except (CannotOpen, ValueError, KeyError, TypeError):
        return None


def _seal(vault: Vault, value: object, context: str) -> str:
    return base64.urlsafe_b64encode(vault.seal(orjson.dumps(value), context)).decode().rstrip("=")


def _open(vault: Vault, text: str, context: str) -> bytes:
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise CannotOpen("not a sealed value") from None
    return vault.open(sealed, context)
