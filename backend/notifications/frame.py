"""How a mail is written, as plain text and as HTML: one frame for every mail of the product. Pure."""

from dataclasses import dataclass
from pathlib import Path

from backend.core.formats import labelled
from backend.core.i18n import FileTexts
from backend.notifications.content import MailContent, MailTable
from backend.notifications.frame_html import frame_html
from backend.settings import Operator

TEXTS = Path(__file__).with_name("texts.toml")


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """The same mail as plain text and as HTML."""

    text: str
    html: str


def render(content: MailContent, *, tenant: str, operator: Operator) -> RenderedMail:
    """The mail as it is sent. `tenant` is the company's name; the legal footer names the operator (F-171)."""
    usual = FileTexts(TEXTS, content.language).text("footer", support=operator.support_email)
    footer = content.footer or usual
    legal = f"{operator.name}, {operator.address}, {operator.vat_number}"
    return RenderedMail(_text(content, footer, legal), frame_html(content, tenant, footer, legal))


def _text(content: MailContent, footer: str, legal: str) -> str:
    blocks = [content.title, *content.paragraphs]
    blocks.append("\n".join(f"{number}. {step}" for number, step in enumerate(content.steps, start=1)))
    blocks.append("\n".join(labelled(content.language, name, value) for name, value in content.facts))
    if content.table:
        blocks.append(_table(content.language, content.table))
    if content.button:
        blocks.append(labelled(content.language, *content.button))
    blocks += [*content.closing, f"{footer}\n{legal}"]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(language: str, table: MailTable) -> str:
    lines = [labelled(language, table.heading, "").rstrip()]
    for row in table.rows:
        parts = (row.name, *row.notes, ", ".join(row.value), row.result)
        lines.append("  ".join(part for part in parts if part))
    return "\n".join([*lines, table.more] if table.more else lines)
