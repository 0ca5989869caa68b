"""The few pages outside the portal, as plain HTML without script: sign in, choose a company, signed out, refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from backend.core.i18n import LANGUAGE_NAMES, LANGUAGES
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

LARGE = "button button-large button-wide"


@dataclass(frozen=True, slots=True)
class PageFrame:
    """What all these pages share: stylesheets, operator and the language of this visitor."""

    stylesheets: Sequence[str]
    operator: Operator
    language: str


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What the sign-in form shows. `query` is the authorization request, carried along."""

    query: Mapping[str, str]
    login: str = ""
    again: bool = False
    login_error: str = ""
    password_error: str = ""


def wait_words(wait: timedelta, language: str) -> str:
    """How long until the next try, rounded up."""
    seconds = int(wait.total_seconds()) + 1
    if seconds <= 90:
        return say("wait_seconds", language, count=seconds)
    return say("wait_minutes", language, count=-(-seconds // 60))


def sign_in_page(frame: PageFrame, form: SignInForm) -> Markup:
    """The form for login and password, with what is wrong above it and beside its fields."""
    language, title = frame.language, say("sign_in", frame.language)
    errors = {"login": form.login_error, "password": form.password_error}
    summary = error_summary({field: words for field, words in errors.items() if words}, language)
    audience = say("again" if form.again else "audience", language, operator=frame.operator.name)
    content = joined(
        element("div", {}, element("h1", {}, title), element("p", {"class": "muted"}, audience)),
        summary,
        element(
            "form",
            {
                "class": "form",
                "method": "post",
                "action": "/id/authorize?" + urlencode(form.query),
                "novalidate": True,
            },
            _login_field(form, language),
            _password_field(form, language),
            element("button", {"class": f"{LARGE} button-primary", "type": "submit"}, title),
        ),
    )
    shown = f"{say('error', language)}: {title}" if summary else title
    return page(frame, shown, content, _languages(frame, form))


def message_page(
    frame: PageFrame,
    title: str,
    text: str,
    *,
    action: tuple[str, str] | None = None,
    form: Markup | None = None,
    story: bool = True,
) -> Markup:
    """A sentence, and perhaps one way on: a link (address, words) or a form."""
    content = joined(
        element("div", {}, element("h1", {}, title), element("p", {"class": "muted"}, text)),
        form,
        element("a", {"class": f"{LARGE} button-primary", "href": action[0]}, action[1]) if action else None,
    )
    return page(frame, title, content, story=story)


def choice_form(action: str, name: str, choices: Sequence[tuple[str, str]]) -> Markup:
    """A form of one button per choice (value, words)."""
    buttons = (
        element("button", {"class": LARGE, "type": "submit", "name": name, "value": value}, words)
        for value, words in choices
    )
    return element("form", {"class": "stack stack-tight", "method": "post", "action": action}, *buttons)


def page(
    frame: PageFrame, title: str, content: Markup, languages: Markup | None = None, *, story: bool = True
) -> Markup:
    """The frame of the sign-in design around some content; without its story for people who are no customers."""
    operator = frame.operator
    head = joined(
        element("title", {}, f"{title} - Fleetline"),
        *(element("link", {"rel": "stylesheet", "href": address}) for address in frame.stylesheets),
    )
    brand = element("span", {"class": "brand"}, _drawing("i-mark", "brand-mark"), "Fleetline")
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


def _drawing(symbol: str, style: str = "icon") -> Markup:
    return element("svg", {"class": style, "aria-hidden": "true"}, element("use", {"href": f"#{symbol}"}))


def _benefits(language: str) -> Markup:
    def entry(key: str, symbol: str) -> Markup:
        words = element("p", {"class": "muted"}, say(f"{key}_text", language))
        return element(
            "li",
            {},
            _drawing(symbol),
            element("div", {}, element("h2", {}, say(f"{key}_title", language)), words),
        )

    entries = (("fleet", "i-fleet"), ("options", "i-options"), ("history", "i-file"))
    return element("ul", {"class": "benefits"}, *(entry(key, symbol) for key, symbol in entries))


def _languages(frame: PageFrame, form: SignInForm) -> Markup:
    def link(language: str) -> Markup:
        return element(
            "a",
            {
                "href": "/id/authorize?" + urlencode({**form.query, "ui_locales": language}),
                "lang": language,
                "hreflang": language,
                "aria-current": "true" if language == frame.language else None,
            },
            element("span", {"aria-hidden": "true"}, language.upper()),
            element("span", {"class": "visually-hidden"}, LANGUAGE_NAMES[language]),
        )

    label = say("language", frame.language)
    return element("nav", {"class": "row small", "aria-label": label}, *(link(code) for code in LANGUAGES))


def _login_field(form: SignInForm, language: str) -> Markup:
    control = {
        "type": "text",
        "autocomplete": "username",
        "value": form.login or None,
        "autocapitalize": "none",
        "spellcheck": "false",
    }
    return _field("login", control, form.login_error, language, hint=say("login_hint", language))


def _password_field(form: SignInForm, language: str) -> Markup:
    control = {"type": "password", "autocomplete": "current-password"}
    return _field("password", control, form.password_error, language)


def _field(name: str, control: Mapping[str, object], error: str, language: str, *, hint: str = "") -> Markup:
    described = [f"{name}-hint"] * bool(hint) + [f"{name}-error"] * bool(error)
    before = element("span", {"class": "visually-hidden"}, f"{say('error', language)}: ")
    return element(
        "div",
        {"class": "field"},
        element("label", {"class": "label", "for": name}, say(name, language)),
        element("p", {"class": "hint", "id": f"{name}-hint"}, hint) if hint else None,
        element(
            "p",
            {"class": "error", "id": f"{name}-error"},
            _drawing("i-alert"),
            element("span", {}, before, error),
        )
        if error
        else None,
        element(
            "input",
            {
                "class": "input",
                "id": name,
                "name": name,
                **control,
                "aria-describedby": " ".join(described) or None,
                "aria-invalid": "true" if error else None,
            },
        ),
    )
