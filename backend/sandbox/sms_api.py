"""The sandbox's SMS gateway: TMF681 Communication Management 4.0. What it takes stands in the mailbox."""

import re

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency

from backend.sandbox.carrier.documents import TmfError
from backend.sandbox.sandbox import Sandbox
from backend.web.types import AnyRequest

LARGEST_BODY = 64 * 1024
NUMBER = re.compile(r"\+\d{8,15}")


class Receiver(msgspec.Struct, frozen=True, rename="camel"):
    """One receiver of a message."""

    phone_number: str


class Sender(msgspec.Struct, frozen=True):
    """What a telephone shows as sender."""

    name: str = ""


class CommunicationMessage(msgspec.Struct, frozen=True, rename="camel"):
    """What is to be sent (TMF681)."""

    message_type: str
    content: str
    receiver: list[Receiver]
    sender: Sender = Sender()


class SmsController(Controller):
    """Takes messages; a repeated `Idempotency-Key` is counted, not kept twice."""

    path = "/tmf-api/communicationManagement/v4"

    @post("/communicationMessage", status_code=201, request_max_body_size=LARGEST_BODY)
    async def take(self, request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Response[dict[str, str]]:
        """Keep one SMS. 400 for another type, no text, or a number that is not in E.164."""
        message = msgspec.json.decode(await request.body(), type=CommunicationMessage)
        numbers = [one.phone_number for one in message.receiver]
        if message.message_type != "SMS" or not message.content or not numbers:
            raise TmfError(400, "invalidMessage", "An SMS has a text and a receiver.")
        if not all(NUMBER.fullmatch(number) for number in numbers):
            raise TmfError(400, "invalidNumber", "A number is written as +32470123456.")
        key = request.headers.get("idempotency-key", "")
        await sandbox.mailbox.take_sms(key, message.sender.name, numbers, message.content)
        return Response({"id": key, "status": "completed"})
