"""How the transfers of a request stand, and the form that puts right what the present operator could not match."""

from typing import Any

from reactpy import event, html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.orders.changes import corrections
from backend.orders.port_ins import PortInView, port_in_of
from backend.orders.schemas import OrderDetail
from frontend.components.actions import button
from frontend.components.forms import text_field
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.orders.draft_form import one
from frontend.elements import Child, key_values, notice, number
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.queries import use_query


@component
def PortInPanel(order: OrderDetail) -> VdomDict | None:
    """Nothing where the request moves no number."""
    page = use_page()
    found = use_query(port_in_of, order.reference, topics=(f"order:{order.id}",))
    if found.data is None:
        return html.div(not_ready(page.text, found))
    may = page.may(Permission.ORDERS_PLACE)
    return panel(
        "ports",
        page.text("Transfer of the number"),
        *(_port(page.text, order, port, may_correct=may) for port in found.data),
    )


def _port(text: Translator, order: OrderDetail, port: PortInView, *, may_correct: bool) -> VdomDict:
    parts: list[Child] = [key_values(_facts(text, port))]
    if port.why:
        parts.insert(
            0,
            notice(
                html.strong(f"{port.why}. "),
                port.fix,
                tone="attention" if port.correct else "danger",
                mark="alert",
            ),
        )
    if port.compensation_days:
        days = text.plural(
            "The transfer is {n} working day late.",
            "The transfer is {n} working days late.",
            port.compensation_days,
        )
        claim = text(
            "A compensation for each of these days may be asked from {carrier} within six months.",
            carrier=order.carrier,
        )
        parts.append(notice(days, " ", claim, tone="attention", mark="alert"))
    if port.correct and may_correct:
        parts.append(
            PortInCorrection(
                reference=order.reference, port=port, key=f"correct-{port.attempts}-{port.correct}"
            )
        )
    return html.div({"class": "stack", "key": str(port.item_id)}, *parts)


def _facts(text: Translator, port: PortInView) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        (text("Number"), number(text.msisdn(port.msisdn))),
        (text("State"), port.state_words),
        (
            text("Present operator"),
            [port.donor, html.br(), html.span({"class": "muted"}, port.case)] if port.donor else port.case,
        ),
    ]
    if port.requested_on:
        rows.append((text("Day asked for"), text.date(port.requested_on)))
    if port.agreed_at:
        rows.append((text("Agreed for"), text.moment(port.agreed_at)))
    if port.completed_at:
        rows.append((text("Transferred on"), text.moment(port.completed_at)))
    rows.append((text("Authorised by"), f"{port.authorised_by}, {text.moment(port.authorised_at)}"))
    if port.attempts > 1:
        rows.append((text("Attempts"), text.number(port.attempts)))
    return rows


@component
def PortInCorrection(reference: str, port: PortInView) -> VdomDict:
    page = use_page()
    text = page.text
    said = text("Corrected: the present operator checks again.")
    correct = use_mutation(corrections.correct_item, done=lambda _order: page.push("toast", text=said))

    async def sent(found: Any) -> None:
        typed = one(found["target"]["values"], port.correct)
        correct.run(reference, port.item_id, fields={port.correct: typed})

    problem = correct.problem
    error = ((problem.fields or {}).get(port.correct) or problem.words) if problem else ""
    return html.form(
        {
            "class": "form",
            "id": f"correct-{port.item_id}",
            "key": "correct",
            "novalidate": True,
            "onSubmit": event(sent, prevent_default=True),
        },
        text_field(
            port.correct,
            port.correct_label,
            kind="date" if port.correct == "port_on" else "text",
            value=text.sim(port.correct_value) if port.correct == "donor_sim_number" else port.correct_value,
            error=error,
            short=port.correct == "port_on",
        ),
        html.div(button(text("Send the correction"), kind="primary", submit=True, busy=correct.pending)),
    )
