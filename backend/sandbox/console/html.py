"""The frame of the sandbox's own pages, and text made safe to stand in them."""

from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from litestar import MediaType, Response

from backend.core.clock import local

STATIC = Path(__file__).parents[1] / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MARK = (
    '<svg class="brand-mark" viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="7"'
    ' fill="currentColor"/><path class="mark-line" d="M9 21V10.5A2.5 2.5 0 0 1 11.5 8H20M9 14.5h6.5"/>'
    '<circle class="mark-dot" cx="19.5" cy="14.5" r="1.6"/></svg>'
)


def text(value: object) -> str:
    """A value as HTML text or attribute."""
    return escape(str(value), quote=True)


def page(title: str, body: str, *, current: str) -> Response[str]:
    """A whole page of the sandbox; `current` is the address of the open section."""
    links = "".join(
        f'<a href="{href}"{" aria-current=" + chr(34) + "page" + chr(34) if href == current else ""}>{text(name)}</a>'
        for href, name in (("/", "Carriers"), ("/mail", "Mailbox"))
    )
    content = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)} · Fleetline sandbox</title>"
        '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/sandbox.css">'
        '<script type="module" src="/static/sandbox.js"></script>'
        '</head><body><a class="skip-link" href="#main">Skip to content</a><header class="topbar">'
        f'<a class="brand" href="/">{MARK}Fleetline</a><span class="pill pill-attention">Sandbox</span>'
        f'<nav class="switch" aria-label="Sections">{links}</nav></header>'
        '<p class="banner">Nothing here is real: invented carriers and a mailbox for demonstrations and tests.</p>'
        f'<main class="page" id="main">{body}</main></body></html>'
    )
    return Response(
        content,
        media_type=MediaType.HTML,
        headers={
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cache-control": "no-store",
        },
    )


def time(instant: datetime) -> str:
    """An instant on the Belgian clock."""
    return f'<time datetime="{instant.isoformat()}">{local(instant):%d/%m %H:%M:%S}</time>'


def options(values: Any, chosen: str) -> str:
    """The choices of a select."""
    return "".join(
        f'<option value="{text(value)}"{" selected" if value == chosen else ""}>{text(name)}</option>'
        for value, name in values
    )
