"""What somebody may decide about a request that stands: another day, cancel, a new price, try again, its results."""

from datetime import date
from typing import Any
from uuid import UUID

from reactpy import event, html
from reactpy.types import Component, VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.orders.changes import cancellation, corrections, scheduling
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState, OrderFlag
from backend.orders.schemas import OrderDetail, OrderItemView, OrderPreview
from frontend.components.actions import button, link_button
from frontend.components.forms import text_field
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.orders.draft_form import one
from frontend.elements import Child, notice
from frontend.hooks import component, use_mutation, use_page, use_query
from frontend.i18n import Translator

# Lines with a button of their own
AT_ONCE = 10


@component
def OrderActions(order: OrderDetail) -> VdomDict | Component | None:
    """Nothing where nothing is open to decide."""
    page = use_page()
    parts: list[Child] = _said(page.text, order)
    if order.flag is OrderFlag.PRICE_CHANGED and page.may(Permission.ORDERS_PLACE):
        parts.append(AcceptPrice(reference=order.reference, key="price"))
    if page.may(Permission.ORDERS_PLACE):
        parts += [
            AnswerCarrier(order=order, item=item, key=f"go-on-{item.id}") for item in held_without_form(order)
        ]
    if order.may_reschedule:
        parts.append(Reschedule(order=order, key="move"))
    if order.may_cancel:
        parts.append(Cancel(reference=order.reference, key="cancel"))
    if order.may_retry:
        parts.append(Retry(reference=order.reference, key="retry"))
    return panel("decide", page.text("Decide"), *parts) if parts else None


def held_without_form(order: OrderDetail) -> list[OrderItemView]:
    """Items that wait only to be told to go on; a transfer asks for what is wrong in a form of its own."""
    kind = KINDS[order.kind]
    if kind.amend is None or kind.creates is not None:
        return []
    return [item for item in order.items if item.state == ItemState.HELD][:AT_ONCE]


@component
def AnswerCarrier(order: OrderDetail, item: OrderItemView) -> VdomDict:
    """The carrier stopped on a line, and goes on when it is asked to."""
    page = use_page()
    text = page.text
    said = text("{carrier} has been asked to go on.", carrier=order.carrier)
    again = use_mutation(corrections.correct_item, done=lambda _order: page.push("toast", text=said))
    return html.div(
        {"class": "stack stack-tight"},
        notice(html.strong(text.msisdn(item.msisdn)), " ", item.why, tone="attention", mark="pause"),
        button(
            text("Try again"),
            mark="refresh",
            kind="primary",
            on_click=lambda _event: again.run(order.reference, item.id, fields={}),
            busy=again.pending,
        ),
        _problem(again.problem.words) if again.problem else None,
    )


def _said(text: Translator, order: OrderDetail) -> list[Child]:
    """What became of calling it back."""
    if order.flag is OrderFlag.CANCELLING:
        return [notice(text("{carrier} has been asked to call it back.", carrier=order.carrier))]
    if order.flag is OrderFlag.CANCEL_REFUSED:
        words = text("{carrier} could not call it back any more: it goes on.", carrier=order.carrier)
        return [notice(words, tone="attention", mark="alert")]
    return []


def _problem(words: str) -> VdomDict:
    return notice(words, tone="danger", mark="alert", live=True)


@component
def Cancel(reference: str) -> VdomDict:
    page = use_page()
    text = page.text
    said = text("Cancelled, or being called back at the carrier.")
    cancel = use_mutation(cancellation.cancel_order, done=lambda _order: page.push("toast", text=said))
    return html.div(
        {"class": "stack stack-tight"},
        button(
            text("Cancel the request"),
            mark="close",
            kind="danger",
            on_click=lambda _event: cancel.run(reference),
            busy=cancel.pending,
        ),
        _problem(cancel.problem.words) if cancel.problem else None,
    )


@component
def Retry(reference: str) -> VdomDict:
    page = use_page()

    async def follow(draft: UUID) -> None:
        await page.navigate(f"/app/drafts/{draft}")

    retry = use_mutation(corrections.retry_order, done=follow)
    return html.div(
        {"class": "stack stack-tight"},
        button(
            page.text("Try the failed lines again"),
            mark="refresh",
            kind="primary",
            on_click=lambda _event: retry.run(reference),
            busy=retry.pending,
        ),
        _problem(retry.problem.words) if retry.problem else None,
    )


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
            more={"min": clock.today().isoformat()},
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
    return html.div(
        {"class": "stack stack-tight"},
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
        notice(accept.problem.words, tone="danger", mark="alert", live=True) if accept.problem else None,
    )


def downloads(text: Translator, order: OrderDetail) -> VdomDict:
    """The result of every line as a file."""
    base = f"/app/export/request-{order.reference}"
    return html.div(
        {"class": "row", "key": "downloads"},
        link_button(
            text("Results as CSV"), f"{base}.csv", mark="download", kind="small", more={"download": ""}
        ),
        link_button(
            text("Results as XLSX"), f"{base}.xlsx", mark="download", kind="small", more={"download": ""}
        ),
        link_button(
            text("Your file with results"),
            f"/app/results/{order.upload_id}",
            mark="download",
            kind="small",
            more={"download": "", "key": "file"},
        )
        if order.upload_id and order.own
        else None,
    )
