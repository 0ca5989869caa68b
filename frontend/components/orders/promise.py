"""When something is promised, in words."""

from backend.catalog.lead_times import ExpectedCompletion
from backend.catalog.profiles import profile
from backend.core import clock
from frontend.page_context import PageContext


def promise_name(page: PageContext, code: str) -> str:
    """What the carrier calls its promise ("within a few minutes")."""
    known = next((p for p in profile(page.profile.carrier).promises.values() if p.code == code), None)
    return page.text.pick(known.name, "") if known else ""


def promise_words(page: PageContext, promise: ExpectedCompletion) -> str:
    name = promise_name(page, promise.code)
    if promise.due_at is None:
        return name
    text, due = page.text, promise.due_at
    if clock.local(due).date() == clock.today():
        before = text("before {time}", time=text.time(due))
    else:
        before = text("before {moment}", moment=text.due(due))
    return f"{name}, {before}" if name else before
