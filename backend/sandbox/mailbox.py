"""The sandbox's mailbox: takes every mail over SMTP and keeps it; a repeated Message-ID is counted, not kept twice."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

from backend.sandbox.store import Store, StoredRow

LARGEST_BYTES = 25_000_000
# What the server answers to recipients at these domains, so that refusals can be tried
ANSWERS = {
    "refused.example": "550 5.1.1 No such mailbox here",
    "deferred.example": "451 4.3.0 Try again later",
}


class MailView(msgspec.Struct, frozen=True, kw_only=True):
    """One mail as it arrived. `times` counts how often its Message-ID came."""

    id: int
    message_id: str
    to: list[str]
    sender: str
    subject: str
    received_at: str
    times: int
    text: str
    html: str


class Mailbox:
    """Listens on one port. A mail is on disk before the sender is told that it was taken."""

    def __init__(self, store: Store, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._journal = store
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        def session() -> SMTP:
            return SMTP(
                self,
                hostname="sandbox",
                ident="Fleetline sandbox",
                enable_SMTPUTF8=True,
                data_size_limit=LARGEST_BYTES,
            )

        self._server = await asyncio.get_running_loop().create_server(session, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = ANSWERS.get(address.rpartition("@")[2].lower())
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        message_id = str(_parse(raw)["message-id"] or f"<none-{received}>").strip()
        await self._keep(message_id, envelope.rcpt_tos, received, raw)
        return "250 OK"

    async def take_sms(self, key: str, sender: str, numbers: Sequence[str], text: str) -> None:
        """Keep an SMS beside the mails; a repeated key is counted."""
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = EmailMessage()
        message["From"] = Address(sender or "SMS")
        message["Subject"] = "SMS"
        message.set_content(text)
        await self._keep(key or f"<none-{received}>", numbers, received, message.as_bytes())

    async def _keep(self, message_id: str, to: Sequence[str], received: str, raw: bytes) -> None:
        self._journal.add(
            "INSERT INTO mails (message_id, recipients, received_at, times, raw) VALUES (?, ?, ?, 1, ?)"
            " ON CONFLICT (message_id) DO UPDATE SET times = times + 1",
            message_id,
            "\n".join(to),
            received,
            raw,
        )
        await self._journal.settled()

    async def messages(self, to: str = "", limit: int = 200) -> list[MailView]:
        """The latest mails, newest first; `to` narrows to one recipient."""
        rows = await self._journal.read(
            "SELECT id, message_id, recipients, received_at, times, raw FROM mails"
            " WHERE ? = '' OR char(10) || lower(recipients) || char(10) LIKE '%' || char(10) || lower(?) || char(10) || '%'"
            " ORDER BY id DESC LIMIT ?",
            (to, to, limit),
        )
        return [_view(row) for row in rows]

    async def message(self, number: int) -> MailView | None:
        rows = await self._journal.read(
            "SELECT id, message_id, recipients, received_at, times, raw FROM mails WHERE id = ?", (number,)
        )
        return _view(rows[0]) if rows else None

    async def empty(self) -> None:
        self._journal.add("DELETE FROM mails")
        await self._journal.settled()


def _parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def _sender(message: EmailMessage) -> str:
    """Name and address of the sender. The parser of the `email` package keeps the space between two encoded words."""
    raw = next((value for name, value in message.raw_items() if name.lower() == "from"), "")
    unfolded = "".join(str(raw).splitlines())
    name, address = parseaddr(unfolded.encode("ascii", "surrogateescape").decode("utf-8", "replace"))
    return f"{make_header(decode_header(name))} <{address}>" if name else address


def _view(row: StoredRow) -> MailView:
    number, message_id, recipients, received_at, times, raw = row
    message = _parse(raw)
    return MailView(
        id=number,
        message_id=message_id,
        to=recipients.split("\n"),
        sender=_sender(message),
        subject=str(message["subject"] or ""),
        received_at=received_at,
        times=times,
        text=_content(message, "plain"),
        html=_with_pictures(message, _content(message, "html")),
    )


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def _with_pictures(message: EmailMessage, html: str) -> str:
    """Pictures that came with the mail, put where it shows them: a mail program does the same."""
    for part in message.walk():
        name = str(part["content-id"] or "").strip("<>")
        if name and part.get_content_maintype() == "image":
            content = b64encode(part.get_payload(decode=True) or b"").decode()  # type: ignore[arg-type]
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{content}")
    return html
