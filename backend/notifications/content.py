"""What a message says. Plain text throughout: how it is written is the frame's concern. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from backend.core.permissions import Portal

# The live topic of recipients that could not be reached, or can be again
REFUSED_TOPIC = "refused_messages"


class Channel(StrEnum):
    """How a message reaches a person."""

    MAIL = "mail"
    SMS = "sms"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A PNG that stands in the mail itself; `alt` says in words what it shows."""

    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class MailTableRow:
    """One row: a name with notes below it, and on the right the lines of a value with a note below them."""

    name: str
    notes: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    result: str = ""


@dataclass(frozen=True, slots=True)
class MailTable:
    """Rows of things that the mail is about. `more` says that there are others elsewhere; "" where there are none."""

    heading: str
    columns: tuple[str, str]
    rows: tuple[MailTableRow, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class MailContent:
    """What one mail says. Everything is plain text, in `language`.

    `facts` are pairs of name and value, `steps` are numbered, `button` is its text and its address, `closing` are
    paragraphs after all of that. `preheader` is what a list of mails shows beside the subject. `strong` is the name of
    the fact whose value stands out. `footer` stands in place of the usual reason why one gets this mail.
    """

    language: str
    subject: str
    title: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    button: tuple[str, str] | None = None
    steps: tuple[str, ...] = ()
    picture: InlineImage | None = None
    closing: tuple[str, ...] = ()
    table: MailTable | None = None
    preheader: str = ""
    strong: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class SmsContent:
    """What one SMS says, in `language`; at most 160 characters go as one message."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class PortalContent:
    """What the portal shows a member, in `language`: a title, a short text, and the page that it leads to.

    `path` is an address within `portal`, such as `/app/my`. The message is listed in that portal only.
    """

    member_id: UUID
    portal: Portal
    language: str
    title: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person: `content` goes to `recipient`, and a member sees `portal` as well.

    A `recipient` of "" means that nothing is sent: `Message("", content, shown)` is shown in the portal only.
    """

    recipient: str
    content: MailContent | SmsContent
    portal: PortalContent | None = None


def notification_topic(member_id: UUID) -> str:
    """The live topic of a member's messages in the portal."""
    return f"notifications:{member_id}"
