"""The answers of a request, each with the link that changes it."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders.kinds import KINDS
from backend.orders.schemas import OrderPreview
from frontend.components.orders.kept_form import RETURN
from frontend.components.orders.promise import promise_words
from frontend.elements import hidden, key_values
from frontend.page_context import PageContext


def lowered(words: str) -> str:
    """The words inside a sentence; what begins in capitals (SIM, VAT) stays so."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def answers(page: PageContext, preview: OrderPreview, back: str) -> VdomDict:
    text = page.text

    kind = KINDS[preview.kind]

    def edit(what: str, name: str) -> VdomDict:
        step = kind.step_of(name)
        # Its nouns keep their capital
        inside = what if text.language == "de" else lowered(what)
        to = f"{back}/{step}" if step else back
        # From there it goes on to this page again
        to = f"{to}?{RETURN}" if kind.steps else to
        return html.a({"href": to}, text.context("edit", "Change"), hidden(f" {inside}"))

    rows: list[tuple[Any, ...]] = [
        (fact.name, [html.div({"key": line}, line) for line in fact.value], edit(fact.name, fact.field))
        for fact in preview.asked
    ]
    if preview.on and preview.on > clock.today():
        start = text.date(preview.on)
    else:
        # "Within 48 hours" is not "at once"
        start = promise_words(page, preview.promise) or text("At once")
    # Nothing would be sent
    if not preview.changing:
        return key_values(rows)
    # Where the day is one of the answers, it stands among them
    if not any(fact.field == "on" for fact in preview.asked):
        rows.append((text("When"), start, edit(text("When"), "on") if kind.dated else None))
    rows.append((text("Confirmation to"), page.actor.email))
    return key_values(rows)
