"""The hosted pages as HTML: they say first that they are a sandbox, need no script, and come in four languages."""

from collections.abc import Sequence
from pathlib import Path

from backend.core.formats import format_money
from backend.core.i18n import FileTexts, choose_language
from backend.sandbox.payments.documents import Document
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.web.html import Markup, document, element, joined

TEXTS = Path(__file__).parent / "pay_texts.toml"


class HostedFrame:
    """One visit of a hosted page: its language, its texts, who is paid."""

    def __init__(self, sandbox: PaymentsSandbox, session: Document | None, accepted: str) -> None:
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
