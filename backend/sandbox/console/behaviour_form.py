"""The form that sets how a carrier behaves, and the rules that are in force."""

from collections.abc import Sequence

from backend.catalog.identifiers import format_msisdn
from backend.sandbox.carrier.behaviour import Behaviour, EsimTrouble, Outage, Outcome, PortRejection
from backend.sandbox.carrier.carrier import Carrier
from backend.sandbox.console.html import options
from backend.web.html import Markup, element, joined

OUTCOMES = (
    (Outcome.COMPLETED, "Completed"),
    (Outcome.FAILED, "Failed"),
    (Outcome.PARTIAL, "Partly done"),
    (Outcome.CANCELLED, "Cancelled by the carrier"),
    (Outcome.HELD, "Held until somebody acts here"),
)
OUTAGES = (
    (Outage.NONE, "Reachable"),
    (Outage.UNAVAILABLE, "Down (503)"),
    (Outage.BUSY, "Too busy (429)"),
    (Outage.DROPPED, "Connection cut, order lost"),
    (Outage.ANSWER_LOST, "Order taken, answer lost"),
)
REFUSALS = (
    ("", "Taken"),
    ("invalidOption", "Refused: invalid option"),
    ("debtBlock", "Refused: blocked for debt"),
)
FLAGS = (
    ("duplicate_callbacks", "Twice"),
    ("reorder_callbacks", "Out of order"),
    ("lose_callbacks", "Never"),
)
PLAYED = (
    ("port_by_hand", "Donor answers by hand"),
    ("port_on_date", "Ports wait for their date"),
    ("esim_by_hand", "eSIM devices by hand"),
    ("esim_code", "eSIM with confirmation code"),
)
REJECTIONS = tuple((reason.value, reason.value.replace("_", " ").capitalize()) for reason in PortRejection)
DONOR_ANSWERS = (("", "Accepts"), *REJECTIONS)
TROUBLES = (
    (EsimTrouble.NONE, "Works"),
    (EsimTrouble.EXPIRED, "Activation code expires"),
    (EsimTrouble.ERROR, "Download fails"),
)
CONTROL = "input input-compact"


def behaviour_form(carrier: Carrier) -> Markup:
    """Everything that can be set for one carrier, filled in as it is now, and its rules."""
    code = carrier.code
    send = {"class": "button button-primary", "type": "submit"}
    reset = {
        "class": "button button-quiet",
        "type": "submit",
        "formaction": f"/console/{code}/reset",
        "formnovalidate": True,
    }
    form = element(
        "form",
        {"class": "form", "method": "post", "action": f"/console/{code}/behaviour"},
        _answers(code, carrier.script.standing),
        _ports_and_esims(code, carrier.script.standing),
        _reach_of_rule(code),
        element(
            "div",
            {"class": "form-actions"},
            element("button", send, "Set behaviour"),
            element("button", reset, "Back to normal"),
        ),
    )
    return element(
        "details", {"class": "more"}, element("summary", {}, "How it behaves"), form, _rules(carrier)
    )


def _answers(code: str, now: Behaviour) -> Markup:
    return _fields(
        _select(f"{code}-outage", "outage", "Reach", OUTAGES, now.outage),
        _select(f"{code}-refuse", "refuse", "Answer", REFUSALS, now.refuse),
        _select(f"{code}-outcome", "outcome", "End", OUTCOMES, now.outcome),
        _message(code, now),
        _number(f"{code}-delay_ms", "delay_ms", "Delay, ms", now.delay_ms),
        _number(f"{code}-jitter_ms", "jitter_ms", "Jitter, ms", now.jitter_ms),
        _number(
            f"{code}-callback_delay_ms", "callback_delay_ms", "Callbacks later by, ms", now.callback_delay_ms
        ),
        _checks("Callbacks", FLAGS, now),
    )


def _ports_and_esims(code: str, now: Behaviour) -> Markup:
    return _fields(
        _select(f"{code}-port_rejection", "port_rejection", "Donor", DONOR_ANSWERS, now.port_rejection or ""),
        _select(f"{code}-esim_trouble", "esim_trouble", "eSIM download", TROUBLES, now.esim_trouble),
        _checks("Ports and eSIMs", PLAYED, now),
    )


def _reach_of_rule(code: str) -> Markup:
    numbers = "Such as 0470 12 34 56, separated by commas"
    return _fields(
        _number(f"{code}-orders", "orders", "Only the next orders", None, hint="Empty: all that follow"),
        _number(f"{code}-msisdns", "msisdns", "Only these numbers", None, hint=numbers),
    )


def _fields(*fields: Markup) -> Markup:
    return element("div", {"class": "fields"}, *fields)


def _field(key: str, label: str, control: Markup, hint: str = "") -> Markup:
    return element(
        "div",
        {"class": "field"},
        element("label", {"class": "label", "for": key}, label),
        control,
        element("span", {"class": "hint"}, hint) if hint else None,
    )


def _number(key: str, name: str, label: str, value: int | None, *, hint: str = "") -> Markup:
    control = {"class": CONTROL, "id": key, "name": name, "inputmode": "numeric", "value": value}
    return _field(key, label, element("input", control), hint)


def _message(code: str, now: Behaviour) -> Markup:
    key = f"{code}-message"
    control = {"class": CONTROL, "id": key, "name": "message", "maxlength": "200", "value": now.message}
    return _field(key, "Reason given", element("input", control))


def _select(key: str, name: str, label: str, values: Sequence[tuple[str, str]], chosen: str) -> Markup:
    control = element("select", {"class": CONTROL, "id": key, "name": name}, options(values, chosen))
    return _field(key, label, control)


def _checks(legend: str, names: Sequence[tuple[str, str]], now: Behaviour) -> Markup:
    boxes = (
        element(
            "label",
            {"class": "check"},
            element("input", {"type": "checkbox", "name": name, "checked": bool(getattr(now, name))}),
            label,
        )
        for name, label in names
    )
    row = element("div", {"class": "row"}, *boxes)
    return element("fieldset", {"class": "field"}, element("legend", {}, legend), row)


def _rules(carrier: Carrier) -> Markup | None:
    if not carrier.script.rules:
        return None
    items = []
    for rule in reversed(carrier.script.rules):
        who = ", ".join(format_msisdn(number) for number in rule.msisdns) or "all numbers"
        times = "always" if rule.orders is None else f"next {rule.orders}"
        changed = _differences(rule.behaviour, carrier.base) or "as started"
        items.append(element("li", {}, f"{who} · {times} · {changed}"))
    return joined(
        element("h3", {}, "Rules, the latest first"),
        element("ul", {"class": "small muted rules"}, *items),
    )


def _differences(behaviour: Behaviour, base: Behaviour) -> str:
    fields = Behaviour.__struct_fields__
    changed = (
        (name, getattr(behaviour, name)) for name in fields if getattr(behaviour, name) != getattr(base, name)
    )
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in changed)
