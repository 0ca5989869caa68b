"""What somebody may decide about a request that stands: another day, cancel, a new price, try again, its results."""

from uuid import UUID

from reactpy import html
from reactpy.types import Component, VdomDict

from backend.core.permissions import Permission
from backend.orders.changes import cancellation, corrections
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState, OrderFlag, OrderState
from backend.orders.outcome import WaitsFor
from backend.orders.schemas import OrderDetail, OrderItemView
from frontend.components.actions import button, link_button
from frontend.components.layout import panel
from frontend.elements import Child, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.pages.request.plans import AcceptPrice, Reschedule, decision

# Lines with a button of their own
AT_ONCE = 10


@component
def OrderActions(order: OrderDetail) -> VdomDict | Component | None:
    """Nothing where nothing is open to decide."""
    page = use_page()
    parts: list[Child] = []
    if order.flag is OrderFlag.PRICE_CHANGED and page.may(Permission.ORDERS_PLACE):
        parts.append(AcceptPrice(reference=order.reference, key="price"))
    if page.may(Permission.ORDERS_PLACE):
        parts += [
            AnswerCarrier(order=order, item=item, key=f"go-on-{item.id}") for item in held_without_form(order)
        ]
    if page.may(Permission.ORDERS_PLACE):
        parts += contracts_again(page.text, order)
        parts += mails_again(page.text, order)
    if order.may_reschedule:
        parts.append(Reschedule(order=order, key="move"))
    if order.may_cancel:
        parts.append(Cancel(reference=order.reference, key="cancel"))
    if order.may_retry:
        parts.append(Retry(reference=order.reference, key="retry"))
    return panel("decide", page.text("What you can do now"), *parts) if parts else None


def held_without_form(order: OrderDetail) -> list[OrderItemView]:
    """Held items that need only a confirmation to go on; a transfer has a form for its corrections."""
    kind = KINDS[order.kind]
    if kind.amend is None:
        return []
    return [
        item
        for item in order.items
        if item.state is ItemState.HELD
        and not item.undelivered
        and item.waits_for is WaitsFor.CUSTOMER
        and item.reason not in kind.corrections
    ][:AT_ONCE]


def contracts_again(text: Translator, order: OrderDetail) -> list[VdomDict]:
    """Links that send the contract again, for new lines whose bill is not shared because of theirs."""
    lines = [item for item in order.items if "split_profile" in item.left_out][:AT_ONCE]
    return [
        decision(
            None,
            notice(
                html.strong(text.msisdn(item.msisdn)),
                " ",
                "; ".join(item.noted),
                tone="attention",
                mark="alert",
            ),
            link_button(
                text("Send the contract again"),
                f"/app/start/split_billing?line={item.line_id}",
                mark="send",
                kind="primary",
            ),
        )
        for item in lines
    ]


def mails_again(text: Translator, order: OrderDetail) -> list[VdomDict]:
    """Links that send the mail of an eSIM again, for lines whose user has not got it; a successor's has a form."""
    if order.kind == "depart":
        return []
    lines = [item for item in order.items if item.undelivered][:AT_ONCE]
    return [
        decision(
            None,
            notice(
                html.strong(text.msisdn(item.msisdn) if item.msisdn else text("New number")),
                " ",
                item.why,
                tone="attention",
                mark="mail",
            ),
            link_button(
                text("Correct the address and send it again"),
                f"/app/start/resend_esim?line={item.line_id}",
                mark="mail",
                kind="primary",
            ),
        )
        for item in lines
    ]


@component
def AnswerCarrier(order: OrderDetail, item: OrderItemView) -> VdomDict:
    """The carrier stopped on a line, and goes on when it is asked to."""
    page = use_page()
    text = page.text
    said = text("{carrier} has been asked to go on.", carrier=order.carrier)
    again = use_mutation(corrections.correct_item, done=lambda _order: page.push("toast", text=said))
    return decision(
        again.problem,
        notice(html.strong(text.msisdn(item.msisdn)), " ", item.why, tone="attention", mark="pause"),
        button(
            text("Try again"),
            mark="refresh",
            kind="primary",
            on_click=lambda _event: again.run(order.reference, item.id, fields={}),
            busy=again.pending,
        ),
    )


@component
def Cancel(reference: str) -> VdomDict:
    page = use_page()
    text = page.text

    async def said(order: OrderDetail) -> None:
        words = (
            text("Request cancelled.")
            if order.state is OrderState.CANCELLED
            else text("The operator has been asked to cancel the request.")
        )
        await page.push("toast", text=words)

    cancel = use_mutation(cancellation.cancel_order, done=said)
    return decision(
        cancel.problem,
        button(
            text("Cancel the request"),
            mark="close",
            kind="danger",
            on_click=lambda _event: cancel.run(reference),
            busy=cancel.pending,
        ),
    )


@component
def Retry(reference: str) -> VdomDict:
    page = use_page()

    async def follow(draft: UUID) -> None:
        await page.navigate(f"/app/drafts/{draft}")

    retry = use_mutation(corrections.retry_order, done=follow)
    return decision(
        retry.problem,
        button(
            page.text("Try the failed lines again"),
            mark="refresh",
            kind="primary",
            on_click=lambda _event: retry.run(reference),
            busy=retry.pending,
        ),
    )


def downloads(text: Translator, order: OrderDetail) -> VdomDict:
    """The result of every line as a file."""
    base = f"/app/export/request-{order.reference}"
    return html.div(
        {"class": "row", "key": "downloads"},
        _download(text("Results as CSV"), f"{base}.csv"),
        _download(text("Results as Excel"), f"{base}.xlsx"),
        _download(text("Your file with results"), f"/app/results/{order.upload_id}", key="file")
        if order.upload_id and order.own
        else None,
    )


def _download(words: str, address: str, **more: str) -> VdomDict:
    return link_button(words, address, mark="download", kind="small", more={"download": "", **more})
