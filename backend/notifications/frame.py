"""The frame of a letter: brand, company, title, paragraphs, facts, one button, legal footer; as text and as HTML. Pure."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from backend.core.i18n import FileTexts
from backend.settings import Operator

INK, MUTED, ACCENT, LINE = "#1b2422", "#5b6461", "#0b5c58", "#e6e0d5"
SMALL = "font-size:14px;line-height:20px"
# The Content-ID of a letter's picture
PICTURE = "picture@fleetline"
OWN_WORDS = Path(__file__).with_name("texts.toml")


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A PNG that stands in the letter itself; `alt` says in words what it shows."""

    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class MailContent:
    """What one letter says. Everything is plain text; `facts` are pairs of name and value, `steps` are numbered."""

    language: str
    subject: str
    title: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    # Words, address
    button: tuple[str, str] | None = None
    steps: tuple[str, ...] = ()
    picture: InlineImage | None = None
    # Paragraphs after all of that
    closing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """The same letter as plain text and as HTML."""

    text: str
    html: str


def labelled(language: str, name: str, value: str) -> str:
    """A name and its value on one line of text; French puts a space that does not break before the colon."""
    colon = "\N{NO-BREAK SPACE}:" if language == "fr" else ":"
    return f"{name}{colon} {value}"


def render(content: MailContent, *, tenant: str, operator: Operator) -> RenderedMail:
    """The letter as it is sent; the legal footer names the operator (F-171)."""
    footer = FileTexts(OWN_WORDS, content.language).text("footer", support=operator.support_email)
    legal = f"{operator.name}, {operator.address}, {operator.vat_number}"
    return RenderedMail(_text(content, footer, legal), _html(content, tenant, footer, legal))


def _text(content: MailContent, footer: str, legal: str) -> str:
    parts = [content.title, ""]
    for paragraph in content.paragraphs:
        parts += [paragraph, ""]
    if content.steps:
        parts += [*(f"{number}. {texts}" for number, texts in enumerate(content.steps, start=1)), ""]
    if content.facts:
        parts += [*(labelled(content.language, name, value) for name, value in content.facts), ""]
    if content.button:
        parts += [labelled(content.language, *content.button), ""]
    for paragraph in content.closing:
        parts += [paragraph, ""]
    return "\n".join([*parts, footer, legal]) + "\n"


def _html(content: MailContent, tenant: str, footer: str, legal: str) -> str:
    return f"""<!doctype html>
<html lang="{escape(content.language)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light">
<title>{escape(content.title)}</title></head>
<body style="margin:0;padding:0;background:#faf8f3;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" bgcolor="#faf8f3"><tr>
<td align="center" style="padding:32px 12px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="width:100%;max-width:560px">
<tr><td style="padding:0 0 16px;font-size:16px;line-height:24px;font-weight:600;color:{ACCENT}">Fleetline
<span style="font-weight:400;color:{MUTED}">{escape(tenant)}</span></td></tr>
<tr><td bgcolor="#ffffff" style="border:1px solid {LINE};border-radius:8px;padding:28px 24px">
<h1 style="margin:0 0 12px;font-size:20px;line-height:28px;color:{INK}">{escape(content.title)}</h1>
{_paragraphs(content.paragraphs)}{_picture(content.picture)}{_steps(content.steps)}{_facts(content.facts)}
{_button(content.button)}{_paragraphs(content.closing, "16px 0 0")}</td></tr>
<tr><td style="padding:20px 4px 0;font-size:13px;line-height:20px;color:{MUTED}">
{escape(footer)}<br><br>{escape(legal)}</td></tr>
</table></td></tr></table></body></html>
"""


def _paragraphs(paragraphs: tuple[str, ...], margin: str = "0 0 16px") -> str:
    return "".join(
        f'<p style="margin:{margin};font-size:16px;line-height:24px;color:{INK}">{escape(texts)}</p>'
        for texts in paragraphs
    )


def _steps(steps: tuple[str, ...]) -> str:
    if not steps:
        return ""
    entries = "".join(f'<li style="margin:0 0 8px">{escape(texts)}</li>' for texts in steps)
    return f'<ol style="margin:0 0 16px;padding:0 0 0 24px;font-size:16px;line-height:24px;color:{INK}">{entries}</ol>'


def _picture(picture: InlineImage | None) -> str:
    """White around it whatever the reader's colours are: a camera has to read it."""
    if picture is None:
        return ""
    return (
        f'<p style="margin:0 0 16px"><img src="cid:{PICTURE}" width="232" height="232" alt="{escape(picture.alt)}"'
        ' style="display:block;background:#ffffff;border:0"></p>'
    )


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    if not facts:
        return ""
    rows = "".join(
        f'<tr><th scope="row" align="left" valign="top" style="padding:4px 16px 4px 0;{SMALL};font-weight:400;'
        f'color:{MUTED}">{escape(name)}</th><td style="padding:4px 0;{SMALL};color:{INK}">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return (
        '<table width="100%" cellpadding="0" cellspacing="0" bgcolor="#f3efe7" style="border-radius:8px"><tr>'
        f'<td style="padding:12px 20px"><table cellpadding="0" cellspacing="0">{rows}</table></td></tr></table>'
    )


def _button(button: tuple[str, str] | None) -> str:
    if button is None:
        return ""
    texts, address = button
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" style="margin-top:24px"><tr>'
        f'<td bgcolor="{ACCENT}" style="border-radius:8px"><a href="{escape(address)}" style="display:inline-block;'
        'padding:12px 20px;font-size:16px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none">'
        f"{escape(texts)}</a></td></tr></table>"
    )
