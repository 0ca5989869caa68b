"""The hosted pages as HTML: they say first that they are a sandbox, need no script, and come in four languages."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from litestar import MediaType, Response

from backend.core.formats import format_money
from backend.core.i18n import FileTexts, choose_language
from backend.sandbox.console.html import HEADERS
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.web.html import Markup, document, element, joined

TEXTS = Path(__file__).parent / "pay_texts.toml"


class HostedFrame:
    """One visit of a hosted page: its language, its texts, who is paid."""

    def __init__(self, sandbox: PaymentsSandbox, session: StripeDocument | None, accepted: str) -> None:
        wanted = (session or {}).get("locale") or ""
        self.language = choose_language("" if wanted == "auto" else wanted, accepted)
        self.texts = FileTexts(TEXTS, self.language)
        self.merchant = sandbox.setup.merchant

    def text(self, key: str, **values: object) -> str:
        return self.texts.text(key, merchant=self.merchant, **values)

    def money(self, cents: int) -> str:
        return format_money(cents, self.language)

    def page(self, title: str, *content: Markup | None, back: tuple[str, str] | None = None) -> Markup:
        """A whole page. `back`: words and address of the way out."""
        head = joined(
            element("title", {}, f"{title} · {self.text('house')}"),
            element("link", {"rel": "icon", "href": "/static/icon.svg"}),
            element("link", {"rel": "stylesheet", "href": "/static/tokens.css"}),
            element("link", {"rel": "stylesheet", "href": "/static/sandbox.css"}),
            element("link", {"rel": "stylesheet", "href": "/static/pay.css"}),
        )
        band = element(
            "p",
            {"class": "hosted-band"},
            element("strong", {}, self.text("band")),
            " ",
            self.text("band_more"),
        )
        house = element(
            "p",
            {},
            element("strong", {}, self.text("house")),
            " ",
            element("span", {"class": "muted"}, self.text("for_merchant")),
        )
        out = element("a", {"href": back[1]}, back[0]) if back else None
        body = element(
            "div",
            {"class": "hosted"},
            element("a", {"class": "skip-link", "href": "#main"}, self.text("skip")),
            element("header", {}, band, element("div", {"class": "hosted-top"}, house, out)),
            element("main", {"class": "hosted-main", "id": "main"}, *content),
            element("footer", {"class": "hosted-foot"}, self.text("foot")),
        )
        return document(self.language, head, body)

    def result(self, title: str, words: str, *, tone: str, onward: str = "") -> Markup:
        """A page with one sentence and a way out."""
        link = (
            element("a", {"class": "button button-primary", "href": onward}, self.text("go_back"))
            if onward
            else None
        )
        card = element(
            "section",
            {"class": f"outcome outcome-{tone}"},
            element("h1", {}, title),
            element("p", {}, words),
            element("p", {}, link) if link else None,
        )
        return self.page(title, card)


def key_values(rows: Sequence[tuple[str, object]], style: str = "total") -> Markup:
    """Names and values, one below the other."""
    shown = (element("div", {}, element("dt", {}, name), element("dd", {}, value)) for name, value in rows)
    return element("dl", {"class": style}, *shown)


def alert(frame: HostedFrame, wrong: Sequence[str], refused: str = "") -> Markup | None:
    """What stands above a form that was not taken: its wrong fields with links, or why the bank refused."""
    if wrong:
        links = (
            element("li", {}, element("a", {"href": f"#{name}"}, frame.text(f"bad_{name}"))) for name in wrong
        )
        title, inner = "wrong", element("ul", {}, *links)
    elif refused:
        title, inner = "refused_title", element("p", {}, refused)
    else:
        return None
    return element(
        "div", {"class": "error-summary", "role": "alert"}, element("h2", {}, frame.text(title)), inner
    )


def field(
    frame: HostedFrame,
    name: str,
    value: str,
    wrong: Sequence[str],
    *,
    hint: str = "",
    digits: bool = False,
    code: bool = False,
) -> Markup:
    """A field of text with its label, its hint and what is wrong with it."""
    described = [f"{name}-hint"] if hint else []
    described += [f"{name}-error"] if name in wrong else []
    control = {
        "class": "input input-code" if code else "input",
        "id": name,
        "name": name,
        "value": value,
        "autocomplete": "off",
        "inputmode": "numeric" if digits else None,
        "aria-invalid": "true" if name in wrong else None,
        "aria-describedby": " ".join(described) or None,
    }
    return element(
        "div",
        {"class": "field"},
        element("label", {"class": "label", "for": name}, frame.text(name)),
        field_error(frame, name, wrong),
        element("input", control),
        element("span", {"class": "hint", "id": f"{name}-hint"}, hint) if hint else None,
    )


def field_error(frame: HostedFrame, name: str, wrong: Sequence[str]) -> Markup | None:
    """What is wrong with a field; None where nothing is."""
    if name not in wrong:
        return None
    return element("p", {"class": "field-error", "id": f"{name}-error"}, frame.text(f"bad_{name}"))


def hosted_page(body: Markup, status: int = 200, leads_to: str = "") -> Response[str]:
    """A page as an answer. Its form may lead to the address `leads_to`: browsers apply `form-action` to redirects too."""
    policy = HEADERS["content-security-policy"]
    if (parts := urlsplit(leads_to)).netloc:
        policy = policy.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
    headers = HEADERS | {"content-security-policy": policy}
    return Response(body, status_code=status, media_type=MediaType.HTML, headers=headers)
