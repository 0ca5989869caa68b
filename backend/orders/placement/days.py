"""The days on which a request may happen: which are possible, why one is not, and the billing period of one. Pure."""

from datetime import date, timedelta

from backend.catalog.pricing import BillingMonth
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.orders.kinds.base import OrderKind
from backend.orders.schemas import OrderRequest, PossibleDays
from backend.orders.texts import KindTexts

LONGEST_WAIT_DAYS = 366


def possible_days(kind: OrderKind, texts: KindTexts, request: OrderRequest, today: date) -> PossibleDays:
    """From the earliest day by the carrier's rules to the latest that a request may wait for."""
    if key := kind.why_no_day(request):
        return PossibleDays(why_not=texts.text(key))
    first = today + timedelta(days=kind.earliest_days(texts.catalogue.profile, request))
    return PossibleDays(earliest=first, latest=today + timedelta(days=LONGEST_WAIT_DAYS))


def later_days(today: date) -> PossibleDays:
    """The days to which a planned request may move; the carrier's own rules are checked when it does."""
    return PossibleDays(earliest=today + timedelta(days=1), latest=today + timedelta(days=LONGEST_WAIT_DAYS))


def check_day(kind: OrderKind, texts: KindTexts, request: OrderRequest, on: date, today: date) -> None:
    """Raise ValidationFailed for a day that is not possible: it says why, and which is the nearest that is."""
    days = possible_days(kind, texts, request, today)
    if days.earliest is None or days.latest is None:
        raise ValidationFailed(on=days.why_not, code="no_day")
    if on < today:
        raise ValidationFailed(on=texts.text("bad_day_over"), code="date_in_the_past")
    if on > days.latest:
        raise ValidationFailed(on=texts.text("bad_day_far", day=texts.day(days.latest)), code="date_too_far")
    if on < days.earliest:
        raise ValidationFailed(
            on=texts.text("bad_day_early", day=texts.day(days.earliest)), code="date_too_early"
        )


def day_of(kind: OrderKind, texts: KindTexts, request: OrderRequest) -> date:
    """The day on which it happens: today, or the one that was chosen. Raises what `check_day` raises."""
    today = clock.today()
    if request.on is None:
        return today
    check_day(kind, texts, request, request.on, today)
    return request.on


def month_of(kind: OrderKind, request: OrderRequest, day: date) -> BillingMonth:
    """The billing period in which the request takes effect."""
    chosen = kind.effective_date(request) if kind.effective_date else None
    return BillingMonth.of(max(chosen, day) if chosen else day)
