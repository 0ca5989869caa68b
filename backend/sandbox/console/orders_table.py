"""The latest orders of a carrier, each with the buttons for what can happen next."""

from datetime import UTC, datetime
from itertools import islice

from backend.catalog.identifiers import format_msisdn
from backend.sandbox.admin_api import STEPS as ACTION_STEPS
from backend.sandbox.carrier.carrier import Carrier
from backend.sandbox.carrier.documents import CarrierOrder
from backend.sandbox.carrier.esims import may_fail
from backend.sandbox.console.behaviour_form import REJECTIONS
from backend.sandbox.console.html import empty, hidden, options, pill, table, time
from backend.sandbox.sandbox import Sandbox
from backend.web.html import Markup, element

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
STATE_LOOKS = {
    "acknowledged": ("", "Received"),
    "inProgress": ("running", "In progress"),
    "held": ("attention", "Held"),
    "completed": ("active", "Completed"),
    "partial": ("attention", "Partial"),
    "failed": ("lost", "Failed"),
    "cancelled": ("", "Cancelled"),
}
REPORTED = {
    "delivered": "Delivered",
    "waiting": "Waiting",
    "given_up": "Given up",
    "lost": "Lost on purpose",
}
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
COLUMNS = (
    ("Number", ""),
    ("Request", ""),
    ("State", ""),
    ("Callback", ""),
    ("Taken", "amount"),
    (hidden("Actions"), ""),
)


def orders_table(carrier: Carrier, sandbox: Sandbox) -> Markup:
    """The latest orders, newest first."""
    recent = list(islice(reversed(carrier.orders.values()), RECENT))
    if not recent:
        return empty("No orders yet", "They appear here as the portal sends them.")
    rows = [_order_row(carrier, order, sandbox) for order in recent]
    return table(f"Latest orders of {carrier.name}", COLUMNS, rows)


def _order_row(carrier: Carrier, order: CarrierOrder, sandbox: Sandbox) -> Markup:
    look, word = STATE_LOOKS[order.state]
    taken = datetime.fromtimestamp(order.ordered_at, UTC)
    words = " – ".join(filter(None, (_progress(order), order.message)))
    category = element("span", {"class": "code"}, order.category)
    message = element("span", {"class": "cell-sub"}, words) if words else None
    return element(
        "tr",
        {},
        element("th", {"scope": "row", "class": "number"}, format_msisdn(order.msisdn)),
        element("td", {"class": "wide"}, category, f" {_change(order)}", message),
        element("td", {"class": "state"}, pill(word, look)),
        element("td", {}, REPORTED.get(sandbox.postman.last_result.get(order.id, ""), "–")),
        element("td", {"class": "amount"}, time(taken)),
        element("td", {"class": "tight"}, _actions(carrier, order)),
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


def _next_actions(order: CarrierOrder, next_step: str) -> list[str]:
    """What can happen next, in the order of the buttons."""
    actions = [action for action, step in ACTION_STEPS.items() if step == next_step]
    if order.waits_for == "confirmation":
        actions = []
    if order.state != "held" and not order.ended and may_fail(order):
        actions += ["expire", "error"]
    if order.waits_for == "information":
        actions += ["go-on"]
    return actions


def _end_actions(order: CarrierOrder) -> list[str]:
    """The ends that can be set by hand, as long as the order runs."""
    if order.ended:
        return ["resend"]
    ends = ["complete", "fail", "hold", "cancel", "resend"]
    return [action for action in ends if not (action == "hold" and order.state == "held")]


def _actions(carrier: Carrier, order: CarrierOrder) -> Markup:
    next_step = order.steps[0] if order.steps and order.state != "held" else ""
    base = f"/console/{carrier.code}/orders/{order.id}"
    number = format_msisdn(order.msisdn)

    def button(action: str, look: str = "") -> Markup:
        attributes = {"class": f"button button-small{look}", "formaction": f"{base}/{action}"}
        return element("button", attributes, ACTIONS[action], hidden(f" {number}"))

    first = [button(action, " button-primary") for action in _next_actions(order, next_step)]
    if next_step == "answered":
        label = f"Reason of the donor for {number}"
        reason = {"class": "input input-compact", "name": "reason", "aria-label": label}
        first += [element("select", reason, options(REJECTIONS, REJECTIONS[0][0])), button("reject")]
    then = [button(action, " button-quiet" if first else "") for action in _end_actions(order)]
    lines = (element("div", {"class": "actions"}, *line) for line in (first, then) if line)
    return element("form", {"class": "stack-small", "method": "post"}, *lines)
