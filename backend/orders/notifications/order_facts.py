"""The facts of a mail about a request: its reference, who asked for it and when, what it costs. Pure."""

from backend.core.clock import local
from backend.core.formats import format_money
from backend.core.i18n import FileTexts
from backend.orders.kinds import has_price
from backend.orders.lifecycle import OrderState
from backend.orders.schemas import OrderDetail


def order_facts(texts: FileTexts, order: OrderDetail) -> tuple[tuple[str, str], ...]:
    """Names and values, in the language of the texts."""
    price, requested = order.price, local(order.requested_at)

    def money(cents: int, *, signed: bool = False) -> str:
        return format_money(cents, texts.language, currency=price.currency, signed=signed)

    monthly = money(price.monthly_difference, signed=True)
    incl = money(price.monthly_difference_incl, signed=True)
    by = texts.text(
        "requested_value", day=f"{requested:%d/%m/%Y}", at=f"{requested:%H:%M}", name=order.requested_by
    )
    facts = [
        (texts.text("reference"), order.reference),
        (texts.text("requested"), by),
    ]
    # What was taken back costs nothing
    if order.state is OrderState.CANCELLED:
        return tuple(facts)
    # What is free has no price to name
    if has_price(order.kind, price):
        facts.append((texts.text("price"), texts.text("price_value", monthly=monthly, incl=incl)))
    if price.shared_by:
        facts.append((texts.text("shared"), texts.text("shared_value")))
    if price.one_off:
        facts.append((texts.text("once"), texts.text("once_value", amount=money(price.one_off))))
    if price.pro_rata and price.from_day and price.last_day:
        start, end = price.from_day, price.last_day
        amount = money(price.pro_rata, signed=price.pro_rata < 0)
        facts.append(
            (
                texts.text("first_month"),
                texts.text(
                    "first_month_value", amount=amount, start=f"{start:%d/%m/%Y}", end=f"{end:%d/%m/%Y}"
                ),
            )
        )
    return tuple(facts)
