"""The form that sets how the payments behave."""

from backend.sandbox.console.html import pill
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.web.html import Markup, element

BEHAVIOUR_NUMBERS = (
    ("debit_seconds", "A debit is answered after, s"),
    ("return_seconds", "What comes back does so after, s"),
    ("lose_answers", "Lose the answers of the next calls"),
    ("refuse_calls", "Refuse the next calls (503)"),
    ("answer_seconds", "A call takes, s"),
    ("webhook_delay_seconds", "Webhooks later by, s"),
)
BEHAVIOUR_FLAGS = (
    ("debits_by_hand", "Debits wait for this page"),
    ("drop_webhooks", "Webhooks never"),
    ("duplicate_webhooks", "Webhooks twice"),
    ("reorder_webhooks", "Webhooks out of order"),
)


def behaviour_panel(payments: PaymentsSandbox) -> Markup:
    """Everything that can be set, filled in as it is now."""
    changed = payments.behaviour != payments.setup.behaviour
    form = element(
        "form",
        {"class": "form", "method": "post", "action": "/payments/behaviour"},
        element("div", {"class": "fields"}, *_numbers(payments)),
        element(
            "fieldset",
            {"class": "field"},
            element("legend", {}, "Faults"),
            element("div", {"class": "row"}, *_flags(payments)),
        ),
        element(
            "div",
            {"class": "form-actions"},
            element("button", {"class": "button button-primary", "type": "submit"}, "Set behaviour"),
        ),
    )
    head = element(
        "div",
        {"class": "panel-header"},
        element("h2", {"id": "behaviour-title"}, "How it behaves"),
        pill("Changed", "attention") if changed else pill("Normal", "active"),
        element("span", {"class": "small code push"}, "/stripe/v1"),
    )
    opened = element(
        "details",
        {"class": "more", "open": changed},
        element("summary", {}, "Answers, debits, webhooks"),
        form,
    )
    return element(
        "section",
        {"class": "panel", "aria-labelledby": "behaviour-title"},
        head,
        element("div", {"class": "panel-body"}, opened),
    )


def _numbers(payments: PaymentsSandbox) -> list[Markup]:
    return [
        element(
            "div",
            {"class": "field"},
            element("label", {"class": "label", "for": name}, label),
            element(
                "input",
                {
                    "class": "input input-compact",
                    "id": name,
                    "name": name,
                    "inputmode": "decimal",
                    "value": f"{getattr(payments.behaviour, name):g}",
                },
            ),
        )
        for name, label in BEHAVIOUR_NUMBERS
    ]


def _flags(payments: PaymentsSandbox) -> list[Markup]:
    return [
        element(
            "label",
            {"class": "check"},
            element(
                "input", {"type": "checkbox", "name": name, "checked": getattr(payments.behaviour, name)}
            ),
            label,
        )
        for name, label in BEHAVIOUR_FLAGS
    ]
