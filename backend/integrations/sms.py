"""SMS through a gateway that speaks TM Forum TMF681 (Communication Management 4.0)."""

from dataclasses import dataclass
from typing import Protocol

import httpx

from backend.core.errors import Unavailable
from backend.integrations.mail import UndeliverableError

PATH = "/tmf-api/communicationManagement/v4/communicationMessage"
TIMEOUT = httpx.Timeout(10, connect=3)
# Answers that say nothing about the message itself: it may be sent again later.
TRY_AGAIN = frozenset({401, 403, 404, 408, 425, 429})


@dataclass(frozen=True, slots=True)
class Sms:
    """One message to one number (`+32470123456`). `message_id` stays the same when a send is repeated."""

    message_id: str
    to: str
    text: str

    def __repr__(self) -> str:
        """Without its text: it may be personal."""
        return f"Sms(message_id={self.message_id!r})"


class SmsGateway(Protocol):
    """Raises Unavailable where sending may work later, UndeliverableError where it never will."""

    available: bool

    async def send(self, sms: Sms) -> None: ...
    async def close(self) -> None: ...


class NoSmsGateway:
    """Stands where no gateway is set. Raises UndeliverableError: whoever composes an SMS asks `available` first."""

    available = False

    async def send(self, sms: Sms) -> None:  # noqa: ARG002 - the protocol's own signature
        """Refuse the message."""
        raise UndeliverableError("no SMS gateway is set (FLEETLINE_SMS_URL)")

    async def close(self) -> None:
        """Nothing is open."""


class TmfSmsGateway:
    """A gateway at an address, with a bearer token and the sender that is shown. Opened in the loop that uses it."""

    available = True

    def __init__(self, url: str, token: str, sender: str) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT)
        self._sender = sender

    async def send(self, sms: Sms) -> None:
        """Hand one message over. The gateway keeps `Idempotency-Key` unique, so that a repeat is sent once."""
        body = {
            "messageType": "SMS",
            "content": sms.text,
            "sender": {"name": self._sender},
            "receiver": [{"phoneNumber": sms.to}],
        }
        try:
            answer = await self._client.post(PATH, json=body, headers={"idempotency-key": sms.message_id})
        except httpx.HTTPError as error:
            raise Unavailable(f"the SMS gateway does not answer: {type(error).__name__}") from error
        if answer.status_code in TRY_AGAIN or answer.status_code >= 500:
            raise Unavailable(f"the SMS gateway answers {answer.status_code}")
        if answer.is_error:
            raise UndeliverableError(f"the SMS gateway refuses the message: {answer.status_code}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
