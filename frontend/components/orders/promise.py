"""When something is promised, in words."""

from datetime import datetime, timedelta

from backend.catalog.lead_times import ExpectedCompletion
from backend.catalog.profiles import profile
from backend.core import clock
from backend.orders.lifecycle import OrderState
from backend.orders.schemas import OrderDetail
from frontend.i18n import Translator
from frontend.page_context import PageContext


def promise_name(page: PageContext, code: str) -> str:
    """What the carrier calls its promise ("within a few minutes")."""
    known = next((p for p in profile(page.profile.carrier).promises.values() if p.code == code), None)
    return page.text.pick(known.name, "") if known else ""


def hour_or_day(text: Translator, at: datetime) -> str:
    """A moment in a list: the hour alone while it is today's."""
    return text.time(at) if is_today(at) else text.due(at)


def is_today(at: datetime) -> bool:
    return clock.local(at).date() == clock.today()


def on_its_day(order: OrderDetail) -> bool:
    """Whether a planned request is promised for no later than the end of its day."""
    due = order.promise.due_at
    if order.state is not OrderState.SCHEDULED or order.due_on is None or due is None:
        return False
    # Midnight ends the day before
    return clock.local(due - timedelta(seconds=1)).date() <= order.due_on


def promise_words(page: PageContext, promise: ExpectedCompletion) -> str:
    """The carrier's promise and until when: "within a few minutes, before 15:30"."""
    name = promise_name(page, promise.code)
    if promise.due_at is None:
        return name
    text, due = page.text, promise.due_at
    if is_today(due):
        before = text("before {time}", time=text.time(due))
    else:
        before = text("before {moment}", moment=text.due(due))
    return f"{name}, {before}" if name else before
