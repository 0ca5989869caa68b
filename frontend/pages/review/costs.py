"""What a request costs, and what changed about it while it was looked at."""

from calendar import monthrange
from datetime import datetime, time
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.pricing import Price
from backend.core import clock
from backend.core.formats import labelled
from backend.orders.kinds import KINDS, has_price
from backend.orders.schemas import OrderPreview
from frontend.components.orders.shared_price import shared_price
from frontend.elements import Child, total
from frontend.i18n import Translator
from frontend.page_context import PageContext


def costs(page: PageContext, preview: OrderPreview) -> list[Child]:
    """What the next invoice gets, first and large; what it is made of; and what each month costs from then on.

    Of lines whose bill is shared, the company's part and the rule.
    """
    text = page.text
    price: Price = preview.price
    if not has_price(preview.kind, price):
        return [html.p({"key": "free"}, text("Free of charge."))]
    first = price.from_day or clock.today()
    last = first.replace(day=monthrange(first.year, first.month)[1])
    span = text(
        "From {first} to {last}, {left} of {days} days",
        first=f"{first:%d/%m}",
        last=f"{last:%d/%m}",
        left=price.days_left,
        days=price.days_in_month,
    )
    rows: list[tuple[Any, Any]] = [(span, text.money(price.pro_rata))]
    if price.one_off:
        rows.append((text("One-off costs"), text.money(price.one_off)))
    rows += [(text("VAT {rate}", rate=text.percent(vat.rate)), text.money(vat.amount)) for vat in price.vat]
    return [
        html.div(
            html.p(
                {"class": "figure"},
                text.money(price.total),
                " ",
                html.small(text("on the invoice of {month}, incl. VAT", month=_month(text, price))),
            ),
            html.p(
                {"class": "muted"},
                text(
                    "{amount} a month excl. VAT, {incl} incl. VAT",
                    amount=text.difference(price.monthly_difference),
                    incl=text.difference(price.monthly_difference_incl),
                ),
            ),
        ),
        total(rows, (_invoice(text, price), text.money(price.total))),
        shared_price(page, price),
    ]


def changing(text: Translator, preview: OrderPreview) -> str:
    """How many lines there will be, or will be other than they are."""
    if KINDS[preview.kind].creates is not None:
        return text.plural("{n} line will be added", "{n} lines will be added", preview.changing)
    return text.plural("{n} line changes", "{n} lines change", preview.changing)


def differences(text: Translator, before: OrderPreview, now: OrderPreview) -> VdomDict | None:
    """What is other than it was when the button was pressed: how it was, and how it is."""

    def sums(shown: OrderPreview) -> list[tuple[str, str]]:
        monthly, price = text("a month excl. VAT"), shown.price
        return [
            ("", changing(text, shown)),
            (f"{text('Today')}, {monthly}", text.money(shown.monthly_before)),
            (f"{text('After')}, {monthly}", text.money(shown.monthly_after)),
            (text("One-off costs"), text.money(price.one_off)),
            (_invoice(text, price), text.money(price.total)),
        ]

    rows = [
        html.li(
            {"key": name},
            labelled(text.language, name, "") if name else None,
            html.s(old),
            " ",
            html.strong(new),
        )
        for (_, old), (name, new) in zip(sums(before), sums(now), strict=True)
        if old != new
    ]
    return html.ul({"class": "small"}, *rows) if rows else None


def _month(text: Translator, price: Price) -> str:
    return text.month(datetime.combine(price.from_day or clock.today(), time(12), clock.BRUSSELS))


def _invoice(text: Translator, price: Price) -> str:
    return text("On the invoice of {month}", month=_month(text, price))
