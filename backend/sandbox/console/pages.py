"""The page of the carriers: one panel a carrier, with its figures, its behaviour and its latest orders."""

from collections import Counter

from backend.sandbox.carrier.behaviour import Outage
from backend.sandbox.carrier.carrier import Carrier
from backend.sandbox.console.behaviour_form import behaviour_form
from backend.sandbox.console.html import header, pill
from backend.sandbox.console.orders_table import orders_table
from backend.sandbox.sandbox import Sandbox
from backend.web.html import Markup, element, joined

LEAD = "What comes in from the portal, and how these carriers answer it."


def carriers_page(sandbox: Sandbox, error: str) -> Markup:
    """The page's content. `error` is a sentence about what was just refused, or empty."""
    notice = element("p", {"class": "notice notice-danger", "role": "alert"}, error) if error else None
    panels = (_panel(carrier, sandbox) for carrier in sandbox.carriers.values())
    return joined(header("Carriers", LEAD), notice, element("div", {"class": "stack"}, *panels))


def _panel(carrier: Carrier, sandbox: Sandbox) -> Markup:
    code, title = carrier.code, f"{carrier.code}-title"
    return element(
        "section",
        {"class": "panel", "id": code, "aria-labelledby": title},
        element(
            "div",
            {"class": "panel-header"},
            element("h2", {"id": title}, carrier.name),
            _behaviour_summary(carrier),
            element("span", {"class": "small code push"}, f"/{code}"),
        ),
        element(
            "div",
            {"class": "panel-body stack"},
            element("div", {"data-live": code}, _figures(carrier, sandbox)),
            behaviour_form(carrier),
        ),
        element("div", {"data-live": f"{code}-orders"}, orders_table(carrier, sandbox)),
    )


def _figures(carrier: Carrier, sandbox: Sandbox) -> Markup:
    reported = sandbox.postman.results.get(carrier.code, Counter())
    figures = (
        ("Lines", len(carrier.books.lines)),
        ("Orders", len(carrier.orders)),
        ("Carried out", carrier.effects.total()),
        ("Sent again", carrier.repeats),
        ("Callbacks", reported.get("delivered", 0)),
    )
    numbers = (
        element("div", {}, element("dt", {}, name), element("dd", {}, value)) for name, value in figures
    )
    return element("dl", {"class": "figures"}, *numbers)


def _behaviour_summary(carrier: Carrier) -> Markup:
    rules = len(carrier.script.rules)
    if carrier.script.standing.outage is not Outage.NONE:
        return pill("Out of reach", "lost")
    if rules or carrier.script.standing != carrier.base:
        return pill(f"{rules} rule{'s' if rules != 1 else ''}" if rules else "Changed", "attention")
    return pill("Normal", "active")
