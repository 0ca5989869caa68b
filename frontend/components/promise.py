"""When something is promised, in words."""

from backend.catalog.profiles import profile
from backend.core import clock
from backend.orders.schemas import Promise
from frontend.visit import Visit


def promise_name(visit: Visit, code: str) -> str:
    """What the carrier calls its promise ("within a few minutes")."""
    known = next((p for p in profile(visit.profile.carrier).promises.values() if p.code == code), None)
    return visit.text.pick(known.name, "") if known else ""


def promise_words(visit: Visit, promise: Promise) -> str:
    name = promise_name(visit, promise.code)
    if promise.due_at is None:
        return name
    text, due = visit.text, promise.due_at
    if clock.local(due).date() == clock.today():
        before = text("before {time}", time=text.time(due))
    else:
        before = text("before {moment}", moment=text.due(due))
    return f"{name}, {before}" if name else before
