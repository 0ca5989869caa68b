"""The frame of the few pages outside the portal, and the parts that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.issuer.texts import say
from backend.settings import Operator
from backend.web.html import Markup, document, element, joined

# Every answer of these pages carries them. The forms lead back to our own origin only.
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
SPRITE = Markup(
    '<svg width="0" height="0" class="visually-hidden" aria-hidden="true">'
    '<symbol id="i-alert" viewBox="0 0 24 24"><path d="M12 4l9 16H3zM12 10v4.500M12 17.300v.1"/></symbol>'
    '<symbol id="i-check" viewBox="0 0 24 24"><path d="M5 12.500l4.500 4.500L19 7.500"/></symbol>'
    '<symbol id="i-fleet" viewBox="0 0 24 24"><rect x="4" y="3" width="9" height="18" rx="2"/>'
    '<path d="M7.5 17.500h2M16.5 7v13a1 1 0 0 1-1 1M20 10v8"/></symbol>'
    '<symbol id="i-file" viewBox="0 0 24 24"><path d="M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6"/></symbol>'
    '<symbol id="i-mark" viewBox="0 0 28 28"><rect width="28" height="28" rx="7" fill="currentColor"/>'
    '<path d="M9 21V10.500A2.5 2.5 0 0 1 11.5 8H20M9 14.500h6.5" fill="none" stroke="var(--on-accent)"'
    ' stroke-width="2.4" stroke-linecap="round"/><circle cx="19.5" cy="14.5" r="1.6" fill="var(--on-accent)"/></symbol>'
    '<symbol id="i-options" viewBox="0 0 24 24"><rect x="3.5" y="5" width="17" height="6" rx="3"/>'
    '<rect x="3.5" y="13" width="17" height="6" rx="3"/><circle cx="17.5" cy="8" r=".6"/>'
    '<circle cx="6.5" cy="16" r=".6"/></symbol></svg>'
)
STORY = Markup(
    '<svg class="story-lines" viewBox="0 0 480 150" role="presentation">'
    '<path class="device-line story-faint" d="M0 34h150c50 0 50 36 100 36h230M0 70h90c60 0 60 36 120 36h270'
    'M0 106h210c40 0 40-72 90-72h180"/><path class="device-line" d="M0 70h170c60 0 60-36 110-36h110"/>'
    '<circle class="story-stop" cx="396" cy="34" r="6"/><circle class="story-stop" cx="120" cy="70" r="4"/></svg>'
)


@dataclass(frozen=True, slots=True)
class PageFrame:
    """What all these pages share: stylesheets, operator and the language of this visitor."""

    stylesheets: Sequence[str]
    operator: Operator
    language: str


def page(
    frame: PageFrame, title: str, content: Markup, languages: Markup | None = None, *, story: bool = True
) -> Markup:
    """The frame of the sign-in design around some content; without its story for people who are no customers."""
    operator = frame.operator
    head = joined(
        element("title", {}, f"{title} - Fleetline"),
        *(element("link", {"rel": "stylesheet", "href": address}) for address in frame.stylesheets),
    )
    brand = element("span", {"class": "brand"}, drawing("i-mark", "brand-mark"), "Fleetline")
    main = element(
        "main",
        {"class": "sign-in", "id": "main"},
        element(
            "div",
            {"class": "sign-in-form"},
            element("div", {"class": "row row-apart"}, brand, languages),
            element("div", {"class": "stack"}, content),
            element(
                "p", {"class": "small muted"}, f"{operator.name}, {operator.address}. {operator.vat_number}"
            ),
        ),
        element("div", {"class": "sign-in-story"}, STORY, _benefits(frame.language) if story else None),
    )
    return document(frame.language, head, joined(SPRITE, main))


def error_summary(errors: Mapping[str, str], language: str) -> Markup | None:
    """What is wrong with a form, each sentence a link to its field; None where nothing is."""
    if not errors:
        return None
    items = (element("li", {}, element("a", {"href": f"#{field}"}, words)) for field, words in errors.items())
    return element(
        "div",
        {
            "class": "error-summary",
            "role": "alert",
            "tabindex": "-1",
            "autofocus": True,
            "aria-labelledby": "problem",
        },
        element("h2", {"id": "problem"}, say("problem", language)),
        element("ul", {}, *items),
    )


def drawing(symbol: str, style: str = "icon") -> Markup:
    return element("svg", {"class": style, "aria-hidden": "true"}, element("use", {"href": f"#{symbol}"}))


def _benefits(language: str) -> Markup:
    def entry(key: str, symbol: str) -> Markup:
        words = element("p", {"class": "muted"}, say(f"{key}_text", language))
        return element(
            "li",
            {},
            drawing(symbol),
            element("div", {}, element("h2", {}, say(f"{key}_title", language)), words),
        )

    entries = (("fleet", "i-fleet"), ("options", "i-options"), ("history", "i-file"))
    return element("ul", {"class": "benefits"}, *(entry(key, symbol) for key, symbol in entries))
