"""One request, live: countdown with undo, what happened and what comes next, the result of every line."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders import service as orders
from backend.orders.changes import cancellation
from backend.orders.kinds import has_price
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.schemas import OrderDetail
from frontend.components.actions import link_button
from frontend.components.layout import breadcrumb, columns, page_header, panel
from frontend.components.loading import not_ready
from frontend.components.orders.outcome import outcome_pill
from frontend.components.orders.promise import on_its_day, promise_words
from frontend.components.orders.shared_price import shared_price
from frontend.components.paging import page_number
from frontend.elements import Child, icon, key_values, notice, number
from frontend.hooks import component, use_mutation, use_page
from frontend.labels import RUNNING
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.pages.request.decisions import OrderActions, downloads
from frontend.pages.request.departure import DeparturePanel
from frontend.pages.request.items import ItemsTable, topic
from frontend.pages.request.ports import PortInPanel
from frontend.pages.request.progress import countdown, progress_panel
from frontend.queries import use_query

MANY_ANSWERS = 6


@component
def RequestPage(reference: str, query: str) -> VdomDict:
    page = use_page()
    text = page.text
    found = use_query(orders.get_order, reference, topic_of=topic)
    undo = use_mutation(
        cancellation.undo_order,
        done=lambda _order: page.push("toast", text=text("Request undone. Nothing went to the operator.")),
    )
    if found.data is None:
        return html.div(not_ready(text, found, alone=True))
    order = found.data
    wanted = first_values(query).get("page", "1")
    number_of_page = page_number(wanted)
    return html.div(
        _header(page, order),
        html.div(
            {"class": "before-columns"}, notice(undo.problem.words, tone="danger", mark="alert", live=True)
        )
        if undo.problem
        else None,
        columns(
            [
                countdown(page, order, pending=undo.pending, on_undo=lambda _event: undo.run(reference)),
                progress_panel(page, order),
                PortInPanel(order=order, key="ports") if order.kind == "port_in" else None,
                DeparturePanel(order=order, key="departure") if order.kind == "depart" else None,
                ItemsTable(order=order, page_number=number_of_page, key=f"items-{number_of_page}"),
                panel("asked", text("Your request"), key_values(_asked(order))) if _long(order) else None,
            ],
            [
                OrderActions(
                    order=order,
                    key=f"decide-{order.state}-{order.flag}-{order.due_on}-{order.counts.get(ItemState.HELD, 0)}-{order.outcome.undelivered}",
                ),
                panel("about", text("About"), about_order(page, order), downloads(text, order)),
                html.p(
                    {"class": "muted small"},
                    text(
                        "You may close this page: the request goes on, and the confirmation comes by e-mail."
                    ),
                )
                if order.state in RUNNING
                else None,
                link_button(text("Back to the fleet"), "/app/fleet"),
            ],
        ),
    )


def _header(page: PageContext, order: OrderDetail) -> VdomDict:
    text = page.text
    copy = html.button(
        {
            "class": "button button-quiet button-small",
            "type": "button",
            "data-copy": order.reference,
            "data-done": text("Reference copied"),
        },
        icon("copy"),
        text("Copy the reference"),
    )
    return page_header(
        order.title,
        html.p({"class": "row"}, number(order.reference), copy),
        beside=outcome_pill(text, order.kind, order.outcome),
        crumbs=breadcrumb(text, (text("Requests"), "/app/requests"), (order.reference, None)),
    )


def _long(order: OrderDetail) -> bool:
    """Whether what was asked for needs a panel of its own: a new line has some fifteen answers."""
    return len(order.asked) > MANY_ANSWERS


def _asked(order: OrderDetail) -> list[tuple[Any, ...]]:
    return [(fact.name, [html.div({"key": line}, line) for line in fact.value]) for fact in order.asked]


def _promised(page: PageContext, order: OrderDetail) -> str:
    """The carrier's promise: until when, on which day where it is planned, or that it is on hold."""
    text, due = page.text, order.promise.due_at
    if order.state is OrderState.HELD and due is not None:
        return text("On hold: the request waits")
    if on_its_day(order):
        return text("On {day}", day=text.date(order.due_on)) if order.due_on else ""
    return promise_words(page, order.promise)


def about_order(page: PageContext, order: OrderDetail) -> VdomDict:
    text, price = page.text, order.price
    accepted: list[Child] = [
        text("{amount} a month excl. VAT", amount=text.difference(price.monthly_difference))
    ]
    if price.one_off:
        accepted += [html.br(), text("{amount} once excl. VAT", amount=text.money(price.one_off))]
    if price.pro_rata:
        accepted += [
            html.br(),
            text(
                "{amount} excl. VAT until {day}",
                amount=text.money(price.pro_rata),
                day=text.date(price.last_day or clock.local(order.requested_at).date()),
            ),
        ]
    rows: list[tuple[Any, ...]] = [
        (text("Requested by"), order.requested_by),
        (text("On"), text.moment(order.requested_at)),
        *([] if _long(order) else _asked(order)),
    ]
    if order.due_on is not None and not any(fact.field == "on" for fact in order.asked):
        rows.append((text("Planned for"), text.date(order.due_on)))
    # What was taken back promises nothing any more
    taken_back = order.state is OrderState.CANCELLED
    if not taken_back and (promised := _promised(page, order)):
        rows.append((text("Promised time"), promised))
    if order.ended_at is not None:
        rows.append((text("Ended"), text.moment(order.ended_at)))
    if shared := shared_price(page, price):
        accepted.append(shared)
    if has_price(order.kind, price) and not taken_back:
        # A planned request is worked out again on its day and on another day: nobody may have accepted all of it
        rows.append((text("Price") if order.due_on else text("Price accepted"), accepted))
    if order.mailed_at:
        rows.append((text("Confirmation sent to"), order.requested_by_email))
    elif not taken_back:
        rows.append((text("Confirmation to"), order.requested_by_email))
    return key_values(rows, stacked=True)
