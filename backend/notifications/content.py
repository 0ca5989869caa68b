"""What a message says. Plain text throughout: how it is written is the frame's concern. Pure."""

from dataclasses import dataclass


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
