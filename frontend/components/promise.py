"""When something is promised, in words."""

from backend.catalog.profiles import profile
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
    before = visit.text("before {moment}", moment=visit.text.moment(promise.due_at))
    return f"{name}, {before}" if name else before
