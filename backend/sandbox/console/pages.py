"""The console's HTML: one panel a carrier."""

from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from backend.catalog.identifiers import format_msisdn
from backend.sandbox.admin_api import STEPS as ACTION_STEPS
from backend.sandbox.carrier.behaviour import Behaviour, EsimTrouble, Outage, Outcome, PortRejection
from backend.sandbox.carrier.carrier import Carrier
from backend.sandbox.carrier.documents import CarrierOrder
from backend.sandbox.carrier.esims import may_fail
from backend.sandbox.console.html import options, text, time
from backend.sandbox.sandbox import Sandbox

RECENT = 30

ACTIONS = {
    "accept": "Donor accepts",
    "reject": "Donor refuses",
    "execute": "Move the number",
    "download": "Download",
    "install": "Install",
    "enable": "Enable",
    "expire": "Expire",
    "error": "Error",
    "go-on": "Go on",
    "complete": "Complete",
    "fail": "Fail",
    "hold": "Hold",
    "cancel": "Cancel",
    "resend": "Resend callback",
}
GONE_ON = 409
STATE_LOOKS = {
    "acknowledged": ("", "Received"),
    "inProgress": ("pill-running", "In progress"),
    "held": ("pill-attention", "Held"),
    "completed": ("pill-active", "Completed"),
    "partial": ("pill-attention", "Partial"),
    "failed": ("pill-lost", "Failed"),
    "cancelled": ("", "Cancelled"),
}
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
TOLD = {"delivered": "Delivered", "waiting": "Waiting", "given_up": "Given up", "lost": "Lost on purpose"}
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
WAITS = {
    "confirmation": "the end user’s confirmation",
    "device": "the device",
    "donor": "the donor",
    "information": "information",
}
SHOWN = (
    "plan",
    "simKind",
    "simNumber",
    "portCase",
    "donorOperator",
    "roamingCapCents",
    "reason",
    "target",
    "billingAccount",
)


def carrier_panel(carrier: Carrier, sandbox: Sandbox) -> str:
    reported = sandbox.postman.results.get(carrier.code, Counter())
    figures = (
        ("Lines", len(carrier.books.lines)),
        ("Orders", len(carrier.orders)),
        ("Carried out", carrier.effects.total()),
        ("Sent again", carrier.repeats),
        ("Callbacks", reported.get("delivered", 0)),
    )
    numbers = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return (
        f'<section class="panel" id="{text(carrier.code)}" aria-labelledby="{text(carrier.code)}-title">'
        f'<div class="panel-header"><h2 id="{text(carrier.code)}-title">{text(carrier.name)}</h2>'
        f'{_behaviour_summary(carrier)}<span class="small code push">/{text(carrier.code)}</span></div>'
        f'<div class="panel-body stack"><div data-live="{text(carrier.code)}"><dl class="figures">{numbers}</dl></div>'
        f"{_behaviour_form(carrier)}</div>"
        f'<div data-live="{text(carrier.code)}-orders">{_orders_table(carrier, sandbox)}</div></section>'
    )


def _behaviour_summary(carrier: Carrier) -> str:
    rules = len(carrier.script.rules)
    if carrier.script.standing.outage is not Outage.NONE:
        return '<span class="pill pill-lost">Out of reach</span>'
    if rules or carrier.script.standing != carrier.base:
        words = f"{rules} rule{'s' if rules != 1 else ''}" if rules else "Changed"
        return f'<span class="pill pill-attention">{words}</span>'
    return '<span class="pill pill-active">Normal</span>'


def _behaviour_form(carrier: Carrier) -> str:
    now = carrier.script.standing
    code = text(carrier.code)

    def number(name: str, label: str, value: object, *, hint: str = "") -> str:
        shown = "" if value == "" else f' value="{text(value)}"'
        return (
            f'<div class="field"><label class="label" for="{code}-{name}">{label}</label>'
            f'<input class="input input-compact" id="{code}-{name}" name="{name}" inputmode="numeric"{shown}>'
            + (f'<span class="hint">{hint}</span>' if hint else "")
            + "</div>"
        )

    def select(name: str, label: str, values: Any, chosen: str) -> str:
        return (
            f'<div class="field"><label class="label" for="{code}-{name}">{label}</label>'
            f'<select class="input input-compact" id="{code}-{name}" name="{name}">{options(values, chosen)}</select></div>'
        )

    flags, played = (
        "".join(
            f'<label class="check"><input type="checkbox" name="{name}"{" checked" if getattr(now, name) else ""}>{label}</label>'
            for name, label in names
        )
        for names in (FLAGS, PLAYED)
    )
    return (
        f'<details class="more"><summary>How it behaves</summary><form class="form" method="post"'
        f' action="/console/{code}/behaviour"><div class="fields">'
        + select("outage", "Reach", OUTAGES, now.outage)
        + select("refuse", "Answer", REFUSALS, now.refuse)
        + select("outcome", "End", OUTCOMES, now.outcome)
        + f'<div class="field"><label class="label" for="{code}-message">Reason given</label>'
        f'<input class="input input-compact" id="{code}-message" name="message" maxlength="200" value="{text(now.message)}"></div>'
        + number("delay_ms", "Delay, ms", now.delay_ms)
        + number("jitter_ms", "Jitter, ms", now.jitter_ms)
        + number("callback_delay_ms", "Callbacks later by, ms", now.callback_delay_ms)
        + f'<fieldset class="field"><legend>Callbacks</legend><div class="row">{flags}</div></fieldset></div>'
        + '<div class="fields">'
        + select("port_rejection", "Donor", DONOR_ANSWERS, now.port_rejection or "")
        + select("esim_trouble", "eSIM download", TROUBLES, now.esim_trouble)
        + f'<fieldset class="field"><legend>Ports and eSIMs</legend><div class="row">{played}</div></fieldset></div>'
        '<div class="fields">'
        + number("orders", "Only the next orders", "", hint="Empty: all that follow")
        + number("msisdns", "Only these numbers", "", hint="Such as 0470 12 34 56, separated by commas")
        + '</div><div class="form-actions"><button class="button button-primary" type="submit">Set behaviour</button>'
        f'<button class="button button-quiet" type="submit" formaction="/console/{code}/reset" formnovalidate>'
        f"Back to normal</button></div></form>{_rules(carrier)}</details>"
    )


def _rules(carrier: Carrier) -> str:
    if not carrier.script.rules:
        return ""
    items = []
    for rule in reversed(carrier.script.rules):
        who = ", ".join(format_msisdn(number) for number in rule.msisdns) or "all numbers"
        times = "always" if rule.orders is None else f"next {rule.orders}"
        items.append(
            f"<li>{text(who)} · {times} · {text(_differences(rule.behaviour, carrier.base) or 'as started')}</li>"
        )
    return f'<h3>Rules, the latest first</h3><ul class="small muted rules">{"".join(items)}</ul>'


def _differences(behaviour: Behaviour, base: Behaviour) -> str:
    fields = Behaviour.__struct_fields__
    changed = (
        (name, getattr(behaviour, name)) for name in fields if getattr(behaviour, name) != getattr(base, name)
    )
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in changed)


def _orders_table(carrier: Carrier, sandbox: Sandbox) -> str:
    recent = list(islice(reversed(carrier.orders.values()), RECENT))
    if not recent:
        return '<div class="empty"><p class="empty-title">No orders yet</p><p>They appear here as the portal sends them.</p></div>'
    rows = "".join(_order_row(carrier, order, sandbox) for order in recent)
    return (
        f'<div class="table-wrap"><table class="table"><caption class="visually-hidden">Latest orders of'
        f' {text(carrier.name)}</caption><thead><tr><th scope="col">Number</th><th scope="col">Request</th>'
        '<th scope="col">State</th><th scope="col">Callback</th><th scope="col" class="amount">Taken</th>'
        f'<th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _order_row(carrier: Carrier, order: CarrierOrder, sandbox: Sandbox) -> str:
    look, word = STATE_LOOKS[order.state]
    taken = datetime.fromtimestamp(order.ordered_at, UTC)
    reported = TOLD.get(sandbox.postman.last_result.get(order.id, ""), "–")
    words = " – ".join(filter(None, (_progress(order), order.message)))
    message = f'<span class="cell-sub">{text(words)}</span>' if words else ""
    return (
        f'<tr><th scope="row" class="number">{text(format_msisdn(order.msisdn))}</th><td class="wide">'
        f'<span class="code">{text(order.category)}</span> {text(_change(order))}{message}</td>'
        f'<td class="state"><span class="pill {look}">{word}</span></td><td>{reported}</td>'
        f'<td class="amount">{time(taken)}</td>'
        f'<td class="tight">{_actions(carrier, order)}</td></tr>'
    )


def _change(order: CarrierOrder) -> str:
    """What is asked, in a few words."""
    words = [f"+ {code}" for name in ("addOption", "addBarring") for code in order.asked.get(name) or ()]
    words += [
        f"− {code}" for name in ("removeOption", "removeBarring") for code in order.asked.get(name) or ()
    ]
    words += [str(order.asked[name]) for name in SHOWN if order.asked.get(name) not in {None, ""}]
    return " · ".join(words)


def _progress(order: CarrierOrder) -> str:
    """How far a port or an eSIM is, and whom it waits for."""
    words = [
        f"{name} {order.reported[key]}".replace("_", " ")
        for key, name in (("portState", "Port"), ("esimState", "eSIM"))
        if key in order.reported
    ]
    if order.waits_for:
        words.append(f"waits for {WAITS[order.waits_for]}")
    return ", ".join(words)


def _actions(carrier: Carrier, order: CarrierOrder) -> str:
    """Buttons for what can happen next; the ends are there as long as the order runs."""
    next_step = order.steps[0] if order.steps and order.state != "held" else ""
    own = [action for action, step in ACTION_STEPS.items() if step == next_step]
    if order.waits_for == "confirmation":
        own = []
    if order.state != "held" and not order.ended and may_fail(order):
        own += ["expire", "error"]
    if order.waits_for == "information":
        own += ["go-on"]
    ends = ["resend"] if order.ended else ["complete", "fail", "hold", "cancel", "resend"]
    if order.state == "held":
        ends.remove("hold")
    base = f"/console/{text(carrier.code)}/orders/{text(order.id)}"
    number = text(format_msisdn(order.msisdn))

    def button(action: str, look: str = "") -> str:
        return (
            f'<button class="button button-small{look}" formaction="{base}/{action}">'
            f'{ACTIONS[action]}<span class="visually-hidden"> {number}</span></button>'
        )

    refuse = (
        f'<select class="input input-compact" name="reason" aria-label="Reason of the donor for {number}">'
        f"{options(REJECTIONS, REJECTIONS[0][0])}</select>{button('reject')}"
        if next_step == "answered"
        else ""
    )
    first = "".join(button(action, " button-primary") for action in own) + refuse
    then = "".join(button(action, " button-quiet" if own or refuse else "") for action in ends)
    lines = "".join(f'<div class="actions">{line}</div>' for line in (first, then) if line)
    return f'<form class="stack-small" method="post">{lines}</form>'
