"""The page of the payments: how they behave, and lists with what a person may do."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from backend.core.formats import format_money
from backend.sandbox.console.html import empty, header, hidden, options, pill, table, time
from backend.sandbox.console.payment_behaviour import behaviour_panel
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.transfers import TRANSFER, read_transfer
from backend.sandbox.payments.trial_numbers import DEBIT_REASONS
from backend.sandbox.payments.webhooks import DeliveryState, PaymentWebhook
from backend.web.html import Markup, element, joined

LEAD = "Payments without money: what the bank and the payer do is decided here."
SHOWN = 30
TONES: Mapping[str, str] = {
    "succeeded": "active",
    "active": "active",
    "delivered": "active",
    "won": "active",
    "processing": "running",
    "pending": "running",
    "waiting": "running",
    "open": "running",
    "requires_action": "attention",
    "needs_response": "attention",
    "requires_payment_method": "lost",
    "failed": "lost",
    "given_up": "lost",
    "dropped": "lost",
    "lost": "lost",
}
CARD_REASONS = (
    ("fraudulent", "fraudulent"),
    ("product_not_received", "product not received"),
    ("duplicate", "duplicate"),
)
REASONS = tuple(
    (reason, f"{reason.replace('_', ' ')}{f' ({code})' if code else ''}")
    for reason, code in DEBIT_REASONS.items()
)
REFUNDED = frozenset({"pending", "succeeded"})


def payments_page(payments: PaymentsSandbox, error: str) -> Markup:
    """The page's content. `error` is a sentence about what was just refused, or empty."""
    notice = element("p", {"class": "notice notice-danger", "role": "alert"}, error) if error else None
    return joined(
        header("Payments", LEAD),
        notice,
        element(
            "div",
            {"class": "stack"},
            behaviour_panel(payments),
            _list("checkout.session", "Hosted pages", _sessions(payments)),
            _list("payment_intent", "Payments", _intents(payments)),
            _list("mandate", "Mandates", _mandates(payments)),
            _list("refund", "Refunds", _refunds(payments)),
            _list("dispute", "What came back", _disputes(payments)),
            _list("bank_transfer", "Bank transfers", _transfers(payments)),
            _list("event", "Webhooks", _webhooks(payments)),
        ),
    )


def _list(kind: str, title: str, content: Markup) -> Markup:
    key = f"{kind.replace('.', '-')}-title"
    return element(
        "section",
        {"class": "panel", "id": kind, "aria-labelledby": key},
        element("div", {"class": "panel-header"}, element("h2", {"id": key}, title)),
        element("div", {"class": "panel-list", "data-live": kind}, content),
    )


def _newest(known: dict[str, StripeDocument]) -> Iterable[StripeDocument]:
    return islice((known[key] for key in reversed(known)), SHOWN)


def _table(caption: str, columns: Sequence[str], rows: Sequence[Markup], nothing: str) -> Markup:
    if not rows:
        return empty("Nothing yet", nothing)
    heads = [(name, "amount" if name == columns[-1] else "") for name in columns]
    return table(caption, [*heads, (hidden("What can be done"), "")], rows)


def _row(name: Markup | str, details: str, state: str, created: float, *actions: Markup | None) -> Markup:
    at = time(datetime.fromtimestamp(created, UTC))
    return element(
        "tr",
        {},
        element("th", {"scope": "row"}, name, element("span", {"class": "cell-sub code"}, details)),
        element("td", {"class": "state"}, pill(state.replace("_", " "), TONES.get(state, ""))),
        element("td", {"class": "amount"}, at),
        element("td", {"class": "wide"}, element("div", {"class": "actions"}, *actions)),
    )


def _button(
    kind: str, document_id: str, action: str, words: str, choices: Sequence[tuple[str, str]] = ()
) -> Markup:
    """A form of one button, with a choice of reasons before it where there are some."""
    key = f"{action}-{document_id}"
    select = joined(
        element("label", {"class": "visually-hidden", "for": key}, f"Reason to {action}"),
        element(
            "select",
            {"class": "input input-compact input-reason", "id": key, "name": "reason"},
            options(choices, ""),
        ),
    )
    return element(
        "form",
        {"class": "actions", "method": "post", "action": f"/payments/{kind}/{document_id}/{action}"},
        select if choices else None,
        element(
            "button", {"class": "button button-small", "type": "submit"}, words, hidden(f" {document_id}")
        ),
    )


def _money(cents: int) -> str:
    return format_money(cents, "en")


def _sessions(payments: PaymentsSandbox) -> Markup:
    rows = []
    for one in _newest(payments.book.of("checkout.session")):
        amount = _money(one["amount_total"]) if one["mode"] == "payment" else "Set up a mandate"
        link = element("a", {"href": f"/pay/{one['id']}"}, amount)
        end = _button("checkout.session", one["id"], "expire", "Expire") if one["status"] == "open" else None
        rows.append(_row(link, one["id"], one["status"], one["created"], end))
    return _table(
        "Hosted pages, the newest first",
        ("Page", "State", "Made"),
        rows,
        "The portal makes one for each payment.",
    )


def _intents(payments: PaymentsSandbox) -> Markup:
    rows = []
    for one in _newest(payments.book.of("payment_intent")):
        actions: list[Markup] = []
        charge = payments.book.of("charge").get(one["latest_charge"] or "", {})
        debit = "sepa_debit" in (charge.get("payment_method_details") or {})
        if one["status"] == "processing":
            actions = [
                _button("payment_intent", one["id"], "settle", "Settle"),
                _button("payment_intent", one["id"], "fail", "Fail", REASONS),
            ]
        elif one["status"] == "succeeded" and not charge.get("disputed"):
            words = "Give back" if debit else "Dispute"
            actions = [
                _button("payment_intent", one["id"], "return", words, REASONS if debit else CARD_REASONS)
            ]
        kind = (charge.get("payment_method_details") or {}).get("type", "")
        details = " · ".join(part for part in (one["id"], kind, charge.get("failure_code") or "") if part)
        rows.append(_row(_money(one["amount"]), details, one["status"], one["created"], *actions))
    return _table(
        "Payments, the newest first", ("Amount", "State", "Made"), rows, "What people pay appears here."
    )


def _mandates(payments: PaymentsSandbox) -> Markup:
    rows = []
    for one in _newest(payments.book.of("mandate")):
        link = element(
            "a",
            {"href": f"/pay/mandates/{one['id']}"},
            one["payment_method_details"]["sepa_debit"]["reference"],
        )
        end = _button("mandate", one["id"], "revoke", "Revoke") if one["status"] == "active" else None
        rows.append(
            _row(
                link,
                f"{one['id']} · {one['type'].replace('_', ' ')}",
                one["status"],
                one["customer_acceptance"]["accepted_at"],
                end,
            )
        )
    return _table("Mandates, the newest first", ("Reference", "State", "Signed"), rows, "A debit needs one.")


def _refunds(payments: PaymentsSandbox) -> Markup:
    rows = []
    for one in _newest(payments.book.of("refund")):
        actions = [_button("refund", one["id"], "done", "Arrive")] if one["status"] == "pending" else []
        if one["status"] in REFUNDED:
            actions.append(_button("refund", one["id"], "fail", "Fail"))
        rows.append(
            _row(
                _money(one["amount"]),
                f"{one['id']} of {one['payment_intent']}",
                one["status"],
                one["created"],
                *actions,
            )
        )
    return _table(
        "Refunds, the newest first",
        ("Amount", "State", "Made"),
        rows,
        "What the portal pays back appears here.",
    )


def _disputes(payments: PaymentsSandbox) -> Markup:
    rows = []
    for one in _newest(payments.book.of("dispute")):
        actions = []
        if one["status"] == "needs_response":
            actions = [
                _button("dispute", one["id"], "win", "Won"),
                _button("dispute", one["id"], "lose", "Lost"),
            ]
        details = f"{one['id']} · {one['reason'].replace('_', ' ')}"
        rows.append(_row(_money(one["amount"]), details, one["status"], one["created"], *actions))
    return _table(
        "Disputes and debits given back, the newest first",
        ("Amount", "State", "Made"),
        rows,
        "Disputes and returned debits appear here.",
    )


def _transfers(payments: PaymentsSandbox) -> Markup:
    rows = []
    for document in _newest(payments.book.of(TRANSFER)):
        one = read_transfer(document)
        link = element("a", {"href": f"/pay/transfer/{one.id}"}, _money(one.cents))
        day = element("time", {"datetime": one.day.isoformat()}, f"{one.day:%d/%m}")
        rows.append(
            element(
                "tr",
                {},
                element("th", {"scope": "row"}, link, element("span", {"class": "cell-sub"}, one.name)),
                element("td", {"class": "wide"}, one.structured or one.text),
                element("td", {"class": "amount"}, day),
            )
        )
    new = element(
        "p", {"class": "panel-body"}, element("a", {"href": "/pay/transfer"}, "Make a bank transfer")
    )
    heads = (("Amount", ""), ("Communication", ""), ("Day", "amount"))
    shown = table("Bank transfers, the newest first", heads, rows) if rows else None
    return joined(new, shown)


def _webhooks(payments: PaymentsSandbox) -> Markup:
    deliveries = islice(reversed(payments.webhooks.deliveries.values()), SHOWN)
    rows = [_delivery(payments, one) for one in deliveries]
    target = payments.webhooks.url or "no address is set: they wait"
    lead = element("p", {"class": "panel-body small muted"}, f"To {target}")
    return joined(
        lead,
        _table(
            "Webhooks, the newest first", ("Event", "State", "Due"), rows, "Every change of a payment is one."
        ),
    )


def _delivery(payments: PaymentsSandbox, one: PaymentWebhook) -> Markup:
    tries = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
    details = " · ".join(part for part in (one.event_id, tries, one.last) if part)
    known = one.event_id in payments.book.of("event") and one.state is not DeliveryState.WAITING
    again = _button("event", one.event_id, "again", "Send again") if known else None
    return _row(one.kind, details, one.state, one.due, again)
