"""How far a request is: seconds until it leaves, its steps, its lines that are done."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.schemas import OrderDetail
from frontend.components.actions import button
from frontend.components.layout import panel
from frontend.components.orders.outcome import outcome_summary
from frontend.components.orders.promise import is_today, on_its_day
from frontend.components.orders.timeline import order_steps
from frontend.components.timeline import timeline
from frontend.elements import Child, progress
from frontend.i18n import Translator, translatable
from frontend.labels import (
    RUNNING,
)
from frontend.page_context import PageContext


def countdown(page: PageContext, order: OrderDetail, *, pending: bool, on_undo: Any) -> VdomDict | None:
    """Seconds until it leaves; the browser counts, the server said where to start."""
    if order.state != OrderState.GRACE or order.grace_until is None:
        return None
    text, until = page.text, order.grace_until
    left = order.undo_seconds_left
    span = max((until - order.requested_at).total_seconds(), 1.0)
    ticking = {"data-until": until.isoformat(), "data-seconds": f"{left:.2f}"}
    # What the portal does by itself leaves for nobody
    here = KINDS[order.kind].done_at_once
    words = translatable("Carried out in {s} s") if here else translatable("Sent in {s} s")
    nothing = (
        text("Nothing has been carried out yet. You can undo everything free of charge.")
        if here
        else text(
            "{carrier} has received nothing yet. You can undo everything free of charge.",
            carrier=order.carrier,
        )
    )
    return html.div(
        {"class": "countdown", "key": "countdown"},
        html.div(
            html.h2(
                html.span(
                    {
                        "role": "timer",
                        "aria-live": "off",
                        "data-text": text(words, s="{s}"),
                        **ticking,
                    },
                    text(words, s=round(left)),
                )
            ),
            html.p({"class": "muted"}, nothing),
        ),
        button(text("Undo the request"), mark="undo", on_click=on_undo, busy=pending)
        if order.may_undo and page.may(Permission.ORDERS_UNDO)
        else None,
        html.svg(
            {"aria-hidden": "true"},
            html.svg.rect({"class": "meter-track", "width": "100%", "height": "4"}),
            html.svg.rect(
                {
                    "class": "countdown-fill",
                    "width": f"{100 * left / span:.1f}%",
                    "height": "4",
                    "data-span": f"{span:.2f}",
                    **ticking,
                }
            ),
        ),
    )


def progress_panel(page: PageContext, order: OrderDetail) -> VdomDict:
    text = page.text
    running = order.state in RUNNING
    beside: list[Child] = [html.span({"class": "live"}, text("Live"))] if running else []
    if order.state is OrderState.HELD and order.promise.due_at is not None:
        beside.append(html.span({"class": "small muted"}, text("The promised time is on hold")))
    elif running and order.promise.due_at is not None and not on_its_day(order):
        due = order.promise.due_at
        if is_today(due):
            promised = text("Promised before {time}", time=text.time(due))
        else:
            promised = text("Promised before {moment}", moment=text.due(due))
        beside.append(html.span({"class": "small muted"}, promised))
    return panel(
        "progress",
        text("Progress"),
        outcome_summary(page, order),
        _counts(text, order),
        timeline(order_steps(page, order), live=True),
        beside=beside,
    )


def _counts(text: Translator, order: OrderDetail) -> VdomDict | None:
    """How far an order of many lines is."""
    whole = sum(order.counts.values()) - order.counts.get(ItemState.SKIPPED, 0)
    ended = sum(
        order.counts.get(state, 0) for state in (ItemState.DONE, ItemState.FAILED, ItemState.CANCELLED)
    )
    if whole < 2 or order.state not in {OrderState.SUBMITTED, OrderState.IN_PROGRESS, OrderState.HELD}:
        return None
    words = text("{ended} of {whole} lines", ended=text.number(ended), whole=text.number(whole))
    return html.div(
        {"class": "stack stack-tight", "key": "counts"},
        progress(ended, whole, text("Lines done")),
        html.p({"class": "small muted"}, words),
    )
