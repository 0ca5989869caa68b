"""How the transfer to a named successor stands: the invitation, whether it was opened, what was chosen."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.departure_status import DepartureStatus, departure_status
from backend.orders.lifecycle import DepartureState
from backend.orders.schemas import OrderDetail
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.elements import key_values, notice
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.queries import use_query


@component
def DeparturePanel(order: OrderDetail) -> VdomDict | None:
    """Nothing where no successor was named."""
    text = use_page().text
    found = use_query(departure_status, order.reference, topics=(f"order:{order.id}",))
    if found.error:
        return html.div(not_ready(text, found))
    if found.data is None:
        return None
    return panel("departure", text("New owner"), *_parts(text, found.data))


def _parts(text: Translator, departure: DepartureStatus) -> list[Any]:
    refused = (
        notice(
            text(
                "The invitation could not be delivered to {email}. Cancel the request and send it again with another address; otherwise the number becomes prepaid.",
                email=departure.email,
            ),
            tone="attention",
            mark="alert",
        )
        if departure.refused and departure.state == DepartureState.SUCCESSOR_INVITED
        else None
    )
    return [*([refused] if refused else []), key_values(_facts(text, departure))]


def _facts(text: Translator, departure: DepartureStatus) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    if departure.email:
        rows.append((text("New owner"), [departure.successor, html.br(), departure.email]))
    rows += [
        (text("Invitation"), _invitation(text, departure)),
        (
            text("Page of the invitation"),
            text("Opened on {moment}", moment=text.moment(departure.opened_at))
            if departure.opened_at
            else text("Not opened yet"),
        ),
        (text("Choice"), _choice(text, departure)),
    ]
    return rows


def _invitation(text: Translator, departure: DepartureStatus) -> str:
    if departure.refused:
        return text("Could not be delivered")
    if departure.sent_at is not None:
        return text("Sent on {moment}", moment=text.moment(departure.sent_at))
    if departure.state == DepartureState.WITHDRAWN:
        return text("Not sent: the request was taken back")
    return text("Leaves when the time to undo is over")


def _choice(text: Translator, departure: DepartureStatus) -> str:
    """What was chosen, or what happens without a choice, or what happened on the day."""
    if departure.state == DepartureState.CONVERTED_PREPAID and not departure.prepaid:
        return text("None: the number became prepaid on {day}", day=text.date(departure.leaves_on))
    if departure.offer:
        return departure.offer
    if departure.prepaid:
        return text("Prepaid card")
    if departure.state == DepartureState.WITHDRAWN:
        return text("None")
    return text(
        "None yet: without a choice the number becomes prepaid on {day}", day=text.date(departure.leaves_on)
    )
