"""The few pages outside the portal, as plain HTML without script: sign in, choose a company, signed out, refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from backend.core.formats import labelled
from backend.core.i18n import LANGUAGE_NAMES, LANGUAGES
from backend.issuer.frame import PageFrame, drawing, error_summary, page
from backend.issuer.texts import say
from backend.web.html import Markup, element, joined

LARGE = "button button-large button-wide"


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
    shown = labelled(language, say("error", language), title) if summary else title
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
    before = element("span", {"class": "visually-hidden"}, labelled(language, say("error", language), ""))
    return element(
        "div",
        {"class": "field"},
        element("label", {"class": "label", "for": name}, say(name, language)),
        element("p", {"class": "hint", "id": f"{name}-hint"}, hint) if hint else None,
        element(
            "p",
            {"class": "error", "id": f"{name}-error"},
            drawing("i-alert"),
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
