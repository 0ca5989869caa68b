"""The frame of the sandbox's own pages, and the parts that they share."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from litestar import MediaType, Response
from litestar.params import URLEncodedBody

from backend.core.clock import local
from backend.web.html import Markup, document, element, joined

# The fields of a form that a page of the sandbox sends
Form = URLEncodedBody[dict[str, str]]
STATIC = Path(__file__).parents[1] / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
MARK = Markup(
    '<svg class="brand-mark" viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="7"'
    ' fill="currentColor"/><path class="mark-line" d="M9 21V10.5A2.5 2.5 0 0 1 11.5 8H20M9 14.5h6.5"/>'
    '<circle class="mark-dot" cx="19.5" cy="14.5" r="1.6"/></svg>'
)
SECTIONS = (("/", "Carriers"), ("/mail", "Mailbox"), ("/payments", "Payments"))
BANNER = "Nothing here is real: invented carriers, a mailbox and payments without money, for demonstrations and tests."


def page(title: str, body: Markup, *, current: str) -> Response[str]:
    """A whole page of the sandbox; `current` is the address of the open section."""
    links = (
        element("a", {"href": href, "aria-current": "page" if href == current else None}, name)
        for href, name in SECTIONS
    )
    head = joined(
        element("title", {}, f"{title} · Fleetline sandbox"),
        element("link", {"rel": "icon", "href": "/static/icon.svg"}),
        element("link", {"rel": "stylesheet", "href": "/static/tokens.css"}),
        element("link", {"rel": "stylesheet", "href": "/static/sandbox.css"}),
        element("script", {"type": "module", "src": "/static/sandbox.js"}),
    )
    content = joined(
        element("a", {"class": "skip-link", "href": "#main"}, "Skip to content"),
        element(
            "header",
            {"class": "topbar"},
            element("a", {"class": "brand", "href": "/"}, MARK, "Fleetline"),
            pill("Sandbox", "attention"),
            element("nav", {"class": "switch", "aria-label": "Sections"}, *links),
        ),
        element("aside", {"class": "banner", "aria-label": "What this is"}, BANNER),
        element("main", {"class": "page", "id": "main"}, body),
    )
    return Response(document("en", head, content), media_type=MediaType.HTML, headers=HEADERS)


def header(title: str, lead: str) -> Markup:
    """The title of a page with a sentence under it."""
    words = element("div", {}, element("h1", {}, title), element("p", {}, lead))
    return element("div", {"class": "page-header"}, words)


def pill(words: str, tone: str = "") -> Markup:
    """A state. Tones: active, running, attention, lost, or none."""
    return element("span", {"class": f"pill pill-{tone}" if tone else "pill"}, words)


def hidden(words: str) -> Markup:
    """Words that only a screen reader says."""
    return element("span", {"class": "visually-hidden"}, words)


def table(caption: str, columns: Sequence[tuple[Markup | str, str]], rows: Sequence[Markup]) -> Markup:
    """A table with heads (words, class) and rows."""
    heads = (element("th", {"scope": "col", "class": style or None}, words) for words, style in columns)
    return element(
        "div",
        {"class": "table-wrap"},
        element(
            "table",
            {"class": "table"},
            element("caption", {"class": "visually-hidden"}, caption),
            element("thead", {}, element("tr", {}, *heads)),
            element("tbody", {}, *rows),
        ),
    )


def empty(title: str, words: str) -> Markup:
    """What stands where a list has no rows."""
    return element(
        "div", {"class": "empty"}, element("p", {"class": "empty-title"}, title), element("p", {}, words)
    )


def time(instant: datetime) -> Markup:
    """An instant on the Belgian clock."""
    return element("time", {"datetime": instant.isoformat()}, f"{local(instant):%d/%m %H:%M:%S}")


def options(values: Sequence[tuple[str, str]], chosen: str) -> Markup:
    """The choices of a select."""
    return joined(
        *(
            element("option", {"value": str(value), "selected": value == chosen}, name)
            for value, name in values
        )
    )
