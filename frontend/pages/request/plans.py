"""Another day for a planned request, or its new price."""

from datetime import date
from typing import Any

from reactpy import event, html
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders.changes import scheduling
from backend.orders.placement.days import later_days
from backend.orders.schemas import OrderDetail, OrderPreview
from frontend.components.actions import button
from frontend.components.forms import text_field
from frontend.components.loading import not_ready
from frontend.components.orders.draft_form import one
from frontend.components.orders.draft_layout import day_limits
from frontend.elements import Child, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_errors import PageError
from frontend.queries import use_query


def decision(problem: PageError | None, *content: Child) -> VdomDict:
    """What is to decide, with what went wrong under it."""
    wrong = notice(problem.words, tone="danger", mark="alert", live=True) if problem else None
    return html.div({"class": "stack stack-tight"}, *content, wrong)


@component
def Reschedule(order: OrderDetail) -> VdomDict:
    page = use_page()
    text = page.text
    said = text("Moved to another day.")
    move = use_mutation(scheduling.reschedule_order, done=lambda _order: page.push("toast", text=said))

    async def moved(sent: Any) -> None:
        day = one(sent["target"]["values"], "on")
        if day:
            move.run(order.reference, on=date.fromisoformat(day))
        else:
            await page.push("idle")

    error = ((move.problem.fields or {}).get("on") or move.problem.words) if move.problem else ""
    return _move(text, order, moved, error=error, pending=move.pending)


def _move(text: Translator, order: OrderDetail, on_submit: Any, *, error: str, pending: bool) -> VdomDict:
    return html.form(
        {
            "class": "form",
            "id": "move",
            "key": "move",
            "novalidate": True,
            "onSubmit": event(on_submit, prevent_default=True),
        },
        text_field(
            "on",
            text("Planned for"),
            kind="date",
            value=order.due_on.isoformat() if order.due_on else "",
            error=error,
            short=True,
            more=day_limits(later_days(clock.today())),
        ),
        button(text("Move to this day"), submit=True, busy=pending, more={"key": "submit"}),
    )


@component
def AcceptPrice(reference: str) -> VdomDict:
    """What it costs now, and the button that accepts it."""
    page = use_page()
    text = page.text
    found = use_query(scheduling.requote_order, reference)
    accept = use_mutation(
        scheduling.accept_price,
        done=lambda _order: page.push("toast", text=text("Price accepted: the request goes on.")),
    )
    if found.data is None:
        return html.div(not_ready(text, found))
    shown: OrderPreview = found.data
    monthly = text("{amount} a month excl. VAT", amount=text.difference(shown.price.monthly_difference))
    once = text("{amount} once excl. VAT", amount=text.money(shown.price.one_off))
    return decision(
        accept.problem,
        notice(
            html.strong(text("The price has changed.")),
            " ",
            text("Nothing is sent until you accept what it costs now."),
            tone="attention",
            mark="alert",
        ),
        html.p(monthly, html.br(), once) if shown.price.one_off else html.p(monthly),
        button(
            text("Accept this price"),
            kind="primary",
            on_click=lambda _event: accept.run(reference, fingerprint=shown.fingerprint),
            busy=accept.pending,
            more={"key": "accept"},
        ),
    )
