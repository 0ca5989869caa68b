"""What the portal remembers between sending a browser to sign in and its return: sealed, in that browser's cookie."""

import base64
import binascii
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from backend.core.secrets import DecryptionError, SecretBox
from backend.integrations.identity import AuthorizationFlow

FLOW_SECONDS = 600
# Browsers keep 4096 bytes, name and attributes included
LONGEST_COOKIE = 3800
FLOWS, CHOICE = "browser/sign_in_flows/-", "browser/sign_in_choice/-"


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """Somebody who has signed in and still has to say for which company."""

    account_id: UUID
    auth_time: datetime
    next: str


def seal_flows(secret_box: SecretBox, flows: list[AuthorizationFlow]) -> str:
    """The newest flows that fit into one cookie."""
    for first in range(len(flows)):
        text = _seal(secret_box, [asdict(flow) for flow in flows[first:]], FLOWS)
        if len(text) <= LONGEST_COOKIE:
            return text
    return ""


def open_flows(secret_box: SecretBox, text: str) -> list[AuthorizationFlow]:
    """The flows of a cookie that are not too old, the newest last; none for a cookie that is not ours."""
    try:
        found = [AuthorizationFlow(**flow) for flow in orjson.loads(_open(secret_box, text, FLOWS))]
    except (DecryptionError, ValueError, TypeError):
        return []
    return [flow for flow in found if flow.began > time.time() - FLOW_SECONDS]


def seal_choice(secret_box: SecretBox, choice: TenantChoice) -> str:
    """The choice as sealed text for a cookie."""
    record = {
        "account": str(choice.account_id),
        "auth_time": choice.auth_time.timestamp(),
        "next": choice.next,
        "at": time.time(),
    }
    return _seal(secret_box, record, CHOICE)


def open_choice(secret_box: SecretBox, text: str) -> TenantChoice | None:
    """The choice of a cookie; None where it is not ours or too old."""
    try:
        record = orjson.loads(_open(secret_box, text, CHOICE))
        if record["at"] < time.time() - FLOW_SECONDS:
            return None
        at = datetime.fromtimestamp(record["auth_time"], UTC)
        return TenantChoice(UUID(record["account"]), at, record["next"])
    except (DecryptionError, ValueError, KeyError, TypeError):
        return None


def _seal(secret_box: SecretBox, value: object, context: str) -> str:
    return base64.urlsafe_b64encode(secret_box.seal(orjson.dumps(value), context)).decode().rstrip("=")


def _open(secret_box: SecretBox, text: str, context: str) -> bytes:
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise DecryptionError("not a sealed value") from None
    return secret_box.open(sealed, context)
