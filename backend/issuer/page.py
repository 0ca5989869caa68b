"""The few pages outside the portal, as plain HTML without script: sign in, choose a company, signed out, refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from urllib.parse import urlencode

from backend.core.i18n import LANGUAGE_NAMES, LANGUAGES
from backend.issuer.texts import say
from backend.settings import Operator

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

SPRITE = (
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
STORY = (
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


def sign_in_page(frame: PageFrame, form: SignInForm) -> str:
    language = frame.language
    action = escape("/id/authorize?" + urlencode(form.query))
    errors = [("login", form.login_error), ("password", form.password_error)]
    summary = _summary([(field, words) for field, words in errors if words], language)
    audience = say("again" if form.again else "audience", language, operator=frame.operator.name)
    content = (
        f'<div><h1>{escape(say("sign_in", language))}</h1><p class="muted">{escape(audience)}</p></div>{summary}'
        f'<form class="form" method="post" action="{action}" novalidate>'
        + _field("login", "text", "username", form.login_error, language, value=form.login, hint="login_hint")
        + _field("password", "password", "current-password", form.password_error, language)
        + '<button class="button button-primary button-large button-wide" type="submit">'
        f"{escape(say('sign_in', language))}</button></form>"
    )
    title = say("sign_in", language)
    return page(
        frame, f"{say('error', language)}: {title}" if summary else title, content, _languages(frame, form)
    )


def message_page(
    frame: PageFrame,
    title: str,
    text: str,
    *,
    action: tuple[str, str] | None = None,
    form: str = "",
    story: bool = True,
) -> str:
    """A sentence, and perhaps one way on: a link (address, words) or a form."""
    button = ""
    if action:
        address, words = action
        button = f'<a class="button button-primary button-large button-wide" href="{escape(address)}">{escape(words)}</a>'
    content = f'<div><h1>{escape(title)}</h1><p class="muted">{escape(text)}</p></div>{form}{button}'
    return page(frame, title, content, story=story)


def choice_form(action: str, hidden: Mapping[str, str], name: str, choices: Sequence[tuple[str, str]]) -> str:
    """A form of one button per choice (value, words)."""
    kept = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">' for key, value in hidden.items()
    )
    buttons = "".join(
        f'<button class="button button-large button-wide" type="submit" name="{escape(name)}"'
        f' value="{escape(value)}">{escape(words)}</button>'
        for value, words in choices
    )
    return f'<form class="stack stack-tight" method="post" action="{escape(action)}">{kept}{buttons}</form>'


def page(frame: PageFrame, title: str, content: str, languages: str = "", *, story: bool = True) -> str:
    """The frame of the sign-in design around some content; without its story for people who are no customers."""
    operator = frame.operator
    links = "".join(f'<link rel="stylesheet" href="{escape(address)}">' for address in frame.stylesheets)
    footer = escape(f"{operator.name}, {operator.address}. {operator.vat_number}")
    entries = "".join(
        f'<li><svg class="icon" aria-hidden="true"><use href="#i-{icon}"/></svg><div>'
        f"<h2>{escape(say(key + '_title', frame.language))}</h2>"
        f'<p class="muted">{escape(say(key + "_text", frame.language))}</p></div></li>'
        for key, icon in (("fleet", "fleet"), ("options", "options"), ("history", "file"))
    )
    benefits = f'<ul class="benefits">{entries}</ul>'
    return (
        f'<!doctype html><html lang="{frame.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - Fleetline</title>{links}</head><body>{SPRITE}"
        '<main class="sign-in" id="main"><div class="sign-in-form"><div class="row row-apart"><span class="brand">'
        '<svg class="brand-mark" aria-hidden="true"><use href="#i-mark"/></svg>Fleetline</span>'
        f'{languages}</div><div class="stack">{content}</div><p class="small muted">{footer}</p></div>'
        f'<div class="sign-in-story">{STORY}{benefits if story else ""}</div></main></body></html>'
    )


def _languages(frame: PageFrame, form: SignInForm) -> str:
    def link(language: str) -> str:
        address = escape("/id/authorize?" + urlencode({**form.query, "ui_locales": language}))
        here = ' aria-current="true"' if language == frame.language else ""
        name = f'<span class="visually-hidden">{LANGUAGE_NAMES[language]}</span>'
        short = f'<span aria-hidden="true">{language.upper()}</span>'
        return f'<a href="{address}" lang="{language}" hreflang="{language}"{here}>{short}{name}</a>'

    links = "".join(link(language) for language in LANGUAGES)
    return f'<nav class="row small" aria-label="{escape(say("language", frame.language))}">{links}</nav>'


def _summary(errors: Sequence[tuple[str, str]], language: str) -> str:
    if not errors:
        return ""
    items = "".join(f'<li><a href="#{field}">{escape(words)}</a></li>' for field, words in errors)
    return (
        '<div class="error-summary" role="alert" tabindex="-1" autofocus aria-labelledby="problem">'
        f'<h2 id="problem">{escape(say("problem", language))}</h2><ul>{items}</ul></div>'
    )


def _field(
    name: str, kind: str, autocomplete: str, error: str, language: str, *, value: str = "", hint: str = ""
) -> str:
    described = [f"{name}-hint"] * bool(hint) + [f"{name}-error"] * bool(error)
    attributes = f' aria-describedby="{" ".join(described)}"' if described else ""
    attributes += ' aria-invalid="true"' if error else ""
    hint_html = f'<p class="hint" id="{name}-hint">{escape(say(hint, language))}</p>' if hint else ""
    error_html = (
        f'<p class="error" id="{name}-error"><svg class="icon" aria-hidden="true"><use href="#i-alert"/></svg>'
        f'<span><span class="visually-hidden">{escape(say("error", language))}: </span>{escape(error)}</span></p>'
        if error
        else ""
    )
    typed = f' value="{escape(value)}"' if value else ""
    spelled = ' autocapitalize="none" spellcheck="false"' if kind == "text" else ""
    return (
        f'<div class="field"><label class="label" for="{name}">{escape(say(name, language))}</label>{hint_html}'
        f'{error_html}<input class="input" type="{kind}" id="{name}" name="{name}" autocomplete="{autocomplete}"'
        f"{typed}{spelled}{attributes}></div>"
    )
