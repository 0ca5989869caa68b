"""How the transfer to a named successor stands: the invitation, whether it was opened, what was chosen."""

from typing import Any

from reactpy import event, html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.orders.changes import invitations
from backend.orders.departure_status import DepartureStatus, departure_status
from backend.orders.lifecycle import DepartureState
from backend.orders.schemas import OrderDetail
from frontend.components.actions import button
from frontend.components.forms import text_field
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.orders.draft_form import one
from frontend.elements import Child, key_values, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.queries import use_query


@component
def DeparturePanel(order: OrderDetail) -> VdomDict | None:
    """Nothing where no successor was named."""
    page = use_page()
    text = page.text
    found = use_query(departure_status, order.reference, topics=(f"order:{order.id}",))
    if found.error:
        return html.div(not_ready(text, found))
    if found.data is None:
        return None
    departure = found.data
    parts: list[Child] = [key_values(_facts(text, departure))]
    if departure.refused and departure.state == DepartureState.SUCCESSOR_INVITED:
        words = text(
            "The invitation could not be delivered to {email}. Without another address the number becomes prepaid on {day}.",
            email=departure.email,
            day=text.date(departure.leaves_on),
        )
        parts.insert(0, notice(words, tone="attention", mark="mail"))
        if page.may(Permission.ORDERS_PLACE):
            parts.append(InviteAgain(reference=order.reference, email=departure.email, key=departure.email))
    return panel("departure", text("New owner"), *parts)


@component
def InviteAgain(reference: str, email: str) -> VdomDict:
    """The form that corrects the successor's address and sends the invitation again."""
    page = use_page()
    text = page.text
    said = text("The invitation is being sent again.")
    invite = use_mutation(
        invitations.send_invitation_again, done=lambda _order: page.push("toast", text=said)
    )

    async def sent(found: Any) -> None:
        invite.run(reference, email=one(found["target"]["values"], "email"))

    problem = invite.problem
    error = ((problem.fields or {}).get("email") or problem.words) if problem else ""
    return html.form(
        {
            "class": "form",
            "id": "invite-again",
            "key": "invite-again",
            "novalidate": True,
            "onSubmit": event(sent, prevent_default=True),
        },
        text_field("email", text("E-mail of the new owner"), kind="email", value=email, error=error),
        html.div(
            button(
                text("Correct the address and send it again"),
                kind="primary",
                submit=True,
                busy=invite.pending,
            )
        ),
    )


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
