"""Outgoing mail: a protocol, and its adapter over SMTP."""

import ssl
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from backend.core import clock
from backend.core.addresses import ascii_email
from backend.core.errors import AppError, Unavailable


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one person. `message_id` ("<…@…>") stays the same when a send is repeated."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str = ""
    language: str = ""
    # A PNG that the HTML shows as cid:<picture_id>
    picture: bytes | None = None
    picture_id: str = ""

    def __repr__(self) -> str:
        """Without its words: a mail may hold a code."""
        return f"Mail(message_id={self.message_id!r})"


class UndeliverableError(AppError):
    """The mail server refuses this message for good: sending it again changes nothing."""

    code = "undeliverable"
    status = 422


class DeferredError(Unavailable):
    """The mail server does not take this message now (a 4xx answer)."""


class Mailer(Protocol):
    """Raises Unavailable where sending may work later, UndeliverableError where it never will.

    Where it is this message that the server does not take now, it is DeferredError.
    """

    async def send(self, mail: Mail) -> None: ...


class SubjectHeader(str):
    """A subject that is folded whole.

    The folding of `EmailPolicy` drops the space between two words where both are encoded and a line ends between them.
    Here a subject that is not ASCII is encoded with its spaces (RFC 2047), whatever policy writes the message.
    Raises ValueError for a subject of several lines.
    """

    __slots__ = ()
    name = "Subject"

    def __new__(cls, words: str) -> Self:
        if len(words.splitlines()) > 1:
            raise ValueError("a subject has one line")
        return super().__new__(cls, words)

    def fold(self, *, policy: Policy) -> str:
        """The header as it travels, its name and its line ends included."""
        return f"{self.name}: {_folded(self, self.name, policy)}{policy.linesep}"


class SenderHeader(str):
    """A sender whose name is folded whole, for the same reason as a subject.

    As text it is the sender as it is written where nothing has to be encoded. Raises ValueError for several lines, and
    for an address that cannot be.
    """

    __slots__ = ("sender",)
    name = "From"
    sender: Address

    def __new__(cls, sender: str) -> Self:
        if len(sender.splitlines()) > 1:
            raise ValueError("a sender has one line")
        name, address = parseaddr(sender)
        known = Address(name, addr_spec=address)
        header = super().__new__(cls, known)
        header.sender = known
        return header

    def fold(self, *, policy: Policy) -> str:
        """The header as it travels, its name and its line ends included."""
        known = self.sender
        if self.isascii():
            words = _folded(self, self.name, policy)
        elif known.addr_spec.isascii():
            name = _folded(known.display_name, self.name, policy)
            words = f"{name}{policy.linesep} <{known.addr_spec}>"
        else:
            # Travels to servers that take UTF-8 only
            words = str(self)
        return f"{self.name}: {words}{policy.linesep}"


def _folded(words: str, name: str, policy: Policy) -> str:
    """The words of the header `name`, encoded with their spaces where they are not ASCII."""
    header = Header(
        words,
        "us-ascii" if words.isascii() else "utf-8",
        maxlinelen=policy.max_line_length or 78,
        header_name=name,
    )
    return header.encode(linesep=policy.linesep)


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message as it travels: plain text, with HTML beside it where there is some.

    Raises ValueError or MessageError for an address or a header that cannot be.
    """
    message = EmailMessage()
    message["From"] = SenderHeader(sender)
    message["To"] = Address(addr_spec=ascii_email(mail.to))
    message["Subject"] = SubjectHeader(mail.subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = mail.message_id
    # No holiday notice in return (RFC 3834)
    message["Auto-Submitted"] = "auto-generated"
    if mail.language:
        message["Content-Language"] = mail.language
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
        if mail.picture is not None:
            html = message.get_body(("html",))
            if html is not None:
                html.add_related(
                    mail.picture,
                    "image",
                    "png",
                    cid=f"<{mail.picture_id}>",
                    disposition="inline",
                    filename="qr.png",
                )
    return message


class SmtpMailer:
    """Sends through `smtp://[user:password@]host[:port]` or `smtps://…`, one connection a message."""

    def __init__(self, url: str, sender: str, *, timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError(
                f"a mail server's address is smtp://host:port or smtps://host:port, not {parts.scheme}://"
            )
        self._sender = sender
        self._timeout = timeout
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587 if parts.username else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, mail: Mail) -> None:
        try:
            message = compose(mail, self._sender)
        except (ValueError, MessageError) as error:
            # An address or a header that cannot exist
            raise UndeliverableError(f"This mail cannot be written: {error}") from error
        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                start_tls=self._start_tls(),
                timeout=self._timeout,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            raise _translated(error) from error
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            raise Unavailable(f"The mail server does not answer: {type(error).__name__}.") from error

    def _start_tls(self) -> bool | None:
        """A password never travels in the clear; without one, TLS is used where it is offered."""
        if self._tls:
            return False
        return True if self._user or self._password else None


def _translated(error: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException) -> AppError:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = {recipient.code for recipient in error.recipients}
        words = "; ".join(recipient.message for recipient in error.recipients)
    else:
        codes, words = {error.code}, error.message
    # A refused login is our setting, not this message's fault: it waits until that is mended.
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Unavailable(f"The mail server asks to try again: {words}")
    if not all(500 <= code < 600 for code in codes):
        return DeferredError(f"The mail server asks to try again: {words}")
    return UndeliverableError(f"The mail server refuses this mail: {words}")
