"""The page on which a person pays or signs: what for, the numbers that can be tried, the form."""

from collections.abc import Sequence
from datetime import UTC, datetime

from backend.core.clock import local
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.payments.pay_form import PayForm
from backend.sandbox.payments.pay_html import HostedFrame, alert, field, field_error, key_values
from backend.sandbox.payments.trial_numbers import ACCOUNTS, CARDS
from backend.web.html import Markup, element, joined

CARD_TRIALS = (
    ("4242424242424242", "try_paid"),
    ("4000000000000002", "try_refused"),
    ("4000000000009995", "try_funds"),
    ("4000002500003155", "try_bank"),
)
ACCOUNT_TRIALS = (
    ("BE62510007547061", "try_debit_paid"),
    ("DE08370400440532013003", "try_debit_late"),
    ("BE95510000000158", "try_debit_fails"),
    ("BE84510000000259", "try_debit_closed"),
    ("DE35370400440532013002", "try_debit_returned"),
)
WHY = frozenset(
    {
        "generic_decline",
        "insufficient_funds",
        "lost_card",
        "expired_card",
        "incorrect_cvc",
        "processing_error",
        "not_approved",
    }
)


def pay_sheet(
    frame: HostedFrame, session: StripeDocument, form: PayForm, wrong: Sequence[str], refused: str
) -> Markup:
    """The page of an open session. `wrong`: fields with a problem; `refused`: why the bank did not pay, or empty."""
    setup = session["mode"] == "setup"
    title = (
        frame.text("title_setup")
        if setup
        else frame.text("title_pay", amount=frame.money(session["amount_total"]))
    )
    back = session["cancel_url"]
    out = (frame.text("back_setup" if setup else "back"), back) if back else None
    notice = alert(frame, wrong, _why(frame, refused))
    card = element(
        "div",
        {"class": "hosted-card"},
        _what(frame, session, title),
        _form(frame, session, form, wrong),
        _trials(frame, session["payment_method_types"]),
    )
    return frame.page(title, notice, card, back=out)


def _why(frame: HostedFrame, refused: str) -> str:
    """Why the bank did not pay, in words; "" where it did not refuse."""
    return frame.text(f"why_{refused if refused in WHY else 'other'}") if refused else ""


def _what(frame: HostedFrame, session: StripeDocument, title: str) -> Markup:
    setup = session["mode"] == "setup"
    rows: list[tuple[str, object]] = [
        (line["description"] or "", frame.money(line["amount_total"])) for line in session.get("_lines", [])
    ]
    if not setup:
        rows.append((frame.text("total"), frame.money(session["amount_total"])))
    ends = local(datetime.fromtimestamp(session["expires_at"], UTC))
    return element(
        "section",
        {"class": "hosted-what stack", "aria-labelledby": "what"},
        element(
            "div",
            {},
            element("p", {"class": "muted"}, frame.text("you_sign" if setup else "you_pay")),
            element("h1", {"id": "what"}, title),
        ),
        key_values(rows) if rows else None,
        element("p", {"class": "small muted"}, frame.text("expires", time=f"{ends:%H:%M}")),
    )


def _trials(frame: HostedFrame, methods: Sequence[str]) -> Markup:
    shown = [
        *(CARD_TRIALS if "card" in methods else ()),
        *(ACCOUNT_TRIALS if "sepa_debit" in methods else ()),
    ]
    numbers = (
        element("li", {}, element("span", {"class": "code"}, spaced(number)), " ", frame.text(key))
        for number, key in shown
    )
    every: list[tuple[str, str]] = []
    if "card" in methods:
        every += [
            (card.number, card.decline_code or ("3-D Secure" if card.asks else "ok"))
            for card in CARDS.values()
        ]
    if "sepa_debit" in methods:
        every += [(one.iban, one.code or one.returned or "ok") for one in ACCOUNTS.values()]
    rest = (
        element("li", {}, element("span", {"class": "code"}, spaced(number)), " ", effect)
        for number, effect in every
    )
    return element(
        "div",
        {"class": "hosted-trials"},
        element("h2", {}, frame.text("to_try")),
        element("ul", {"class": "small"}, *numbers),
        element(
            "details",
            {"class": "more"},
            element("summary", {}, frame.text("all_numbers")),
            element("ul", {"class": "small", "lang": "en"}, *rest),
        ),
    )


def spaced(number: str) -> str:
    """A number in groups of four."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _form(frame: HostedFrame, session: StripeDocument, form: PayForm, wrong: Sequence[str]) -> Markup:
    setup = session["mode"] == "setup"
    choices: list[Markup] = []
    for kind in session["payment_method_types"]:
        choices += [_choice(frame, kind, form, setup), _reveal(frame, session, kind, form, wrong)]
    words = frame.text("sign") if setup else frame.text("pay", amount=frame.money(session["amount_total"]))
    return element(
        "form",
        {"class": "hosted-how form", "method": "post", "action": f"/pay/{session['id']}", "novalidate": True},
        element(
            "fieldset",
            {"id": "how"},
            element("legend", {"class": "big"}, frame.text("how_setup" if setup else "how")),
            field_error(frame, "how", wrong),
            element("div", {"class": "radio-cards"}, *choices),
        ),
        element("button", {"class": "button button-primary button-wide", "type": "submit"}, words),
    )


def _choice(frame: HostedFrame, kind: str, form: PayForm, setup: bool) -> Markup:
    name = "sepa_debit_setup" if setup and kind == "sepa_debit" else kind
    box = {"type": "radio", "name": "how", "value": kind, "checked": form.how == kind}
    words = element(
        "span",
        {},
        element("strong", {}, frame.text(name)),
        element("span", {"class": "small muted"}, frame.text(f"{kind}_hint")),
    )
    return element("label", {"class": "radio-card"}, element("input", box), words)


def _reveal(
    frame: HostedFrame, session: StripeDocument, kind: str, form: PayForm, wrong: Sequence[str]
) -> Markup:
    if kind == "bancontact":
        inner = joined(element("p", {"class": "small"}, frame.text("bancontact_more")))
    elif kind == "card":
        inner = joined(
            field(frame, "number", form.number, wrong, hint="4242 4242 4242 4242", digits=True, code=True),
            element(
                "div",
                {"class": "field-row"},
                field(frame, "expiry", form.expiry, wrong, hint="12/30"),
                field(frame, "cvc", form.cvc, wrong, hint="123", digits=True),
            ),
        )
    else:
        inner = joined(
            field(frame, "iban", form.iban, wrong, hint="BE62 5100 0754 7061", code=True),
            field(frame, "holder", form.holder, wrong),
            _agreement(frame, session, form, wrong),
            mandate_text(frame, once=session["mode"] == "payment"),
        )
    return element("div", {"class": "reveal"}, inner)


def _agreement(frame: HostedFrame, session: StripeDocument, form: PayForm, wrong: Sequence[str]) -> Markup:
    if session["mode"] == "setup":
        words = frame.text("agree")
    else:
        words = frame.text("agree_once", amount=frame.money(session["amount_total"]))
    box = {
        "type": "checkbox",
        "id": "agree",
        "name": "agree",
        "checked": form.agree,
        "aria-invalid": "true" if "agree" in wrong else None,
        "aria-describedby": "agree-error" if "agree" in wrong else None,
    }
    check = element("label", {"class": "check"}, element("input", box), element("span", {}, words))
    return joined(field_error(frame, "agree", wrong), check)


def mandate_text(frame: HostedFrame, *, once: bool, reference: str = "") -> Markup:
    """What a person signs: the text of the SEPA Core scheme. `reference` is empty before the signature."""
    rows = (
        (frame.text("creditor"), frame.merchant),
        (frame.text("recurrence"), frame.text("one_off" if once else "recurrent")),
        (frame.text("reference"), reference or frame.text("reference_later")),
    )
    return element(
        "section",
        {"class": "mandate", "aria-labelledby": "mandate"},
        element("h2", {"id": "mandate"}, frame.text("mandate")),
        element("p", {"class": "small"}, frame.text("mandate_text")),
        key_values(rows, "total small"),
    )
