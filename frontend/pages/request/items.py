"""The lines of a request, each with its result."""

from reactpy import html
from reactpy.types import Component, VdomDict

from backend.orders import service as orders
from backend.orders.lifecycle import ItemState
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.schemas import OrderDetail, OrderItemView
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.orders.outcome import item_pill, part_pills
from frontend.components.paging import pager
from frontend.components.table import rows_table, table_frame
from frontend.elements import Child, notice
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

# As the use case lists them
PAGE = 200


def topic(order: OrderDetail) -> str:
    return f"order:{order.id}"


@component
def ItemsTable(order: OrderDetail, page_number: int) -> VdomDict | Component:
    """The lines of the request; the first page comes with the order, the others are read on demand."""
    page = use_page()
    text = page.text
    if page_number > 1:
        return FurtherItems(order=order, page_number=page_number, key=f"further-{page_number}")
    return (
        _items(page, order, order.items, page_number)
        if order.items
        else html.div(notice(text("This request has no lines.")))
    )


@component
def FurtherItems(order: OrderDetail, page_number: int) -> VdomDict:
    page = use_page()
    found = use_query(orders.order_items, order.reference, topics=(topic(order),), page=page_number)
    if found.data is None:
        return html.div(not_ready(page.text, found))
    return _items(page, order, found.data, page_number)


def _items(page: PageContext, order: OrderDetail, items: list[OrderItemView], page_number: int) -> VdomDict:
    text, first = page.text, (page_number - 1) * PAGE
    frame = table_frame(
        text("Result per line"),
        [(text("Line"), ""), (text("Change"), "rank-2"), (text("Status"), "")],
        hover=False,
    )
    foot = None
    if order.items_total > PAGE:
        span = text(
            "{first}-{last} of {total}",
            first=text.number(first + 1),
            last=text.number(first + len(items)),
            total=text.number(order.items_total),
        )
        here = f"/app/requests/{order.reference}?page="
        previous = f"{here}{page_number - 1}" if page_number > 1 else None
        following = f"{here}{page_number + 1}" if first + PAGE < order.items_total else None
        links = pager(text, previous, following, keep=True)
        foot = html.div({"class": "panel-footer"}, html.span(span), links)
    return panel(
        "items",
        text("Lines of the request"),
        rows_table(frame, [(str(item.id), _row(page, order.kind, item)) for item in items]),
        foot,
        beside=[_results(text, order)],
        bare=True,
    )


def _results(text: Translator, order: OrderDetail) -> VdomDict:
    """How many lines are how, what needs attention first."""
    return html.span({"class": "row small push"}, *part_pills(text, order.kind, order.outcome))


def _row(page: PageContext, kind: str, item: OrderItemView) -> VdomDict:
    text = page.text
    skipped = item.state == ItemState.SKIPPED
    left_out = map(OutcomeTexts(text.language).left_out, item.noted)
    lines = [html.li({"key": words}, words) for words in (*item.words, *left_out)]
    change: Child = html.ul(*lines) if lines else text("Nothing to change")
    return html.tr(
        {"class": "is-skipped"} if skipped else {},
        html.th(
            {"scope": "row"},
            html.a(
                {"class": "number", "href": f"/app/lines/{item.line_id}"},
                text.msisdn(item.msisdn) if item.msisdn else text("New number"),
            ),
            html.span({"class": "cell-sub"}, item.name),
            html.ul({"class": "cell-sub cell-narrow"}, *lines) if lines else None,
        ),
        html.td({"class": "rank-2"}, change),
        html.td(
            {"class": "keep"},
            item_pill(text, kind, item),
            html.span({"class": "cell-sub"}, item.why) if item.why else None,
        ),
    )
