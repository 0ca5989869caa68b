"""What components use: the visit, queries, actions, live topics; and the decorator that never leaves a hole."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import uuid4

import reactpy
import structlog
from reactpy import html, use_effect, use_ref, use_scope, use_state
from reactpy.types import Component, VdomDict
from reactpy.utils import Ref

from backend.core.errors import (
    AppError,
    NotAuthenticated,
    NotFound,
    ReauthenticationRequired,
    ValidationFailed,
)
from frontend.elements import notice
from frontend.error_messages import ERROR_MESSAGES
from frontend.page_context import PageContext

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()

# Changes that come in a burst (an order of 200 lines) are drawn together.
BURST_SECONDS = 0.15


def new_error_reference() -> str:
    """A short name that ties what the customer sees to a line in the log."""
    return uuid4().hex[:8].upper()


def component(function: Callable[P, VdomDict | Component | str | None]) -> Callable[..., Component]:
    """A component that draws an alert with a reference where it would otherwise vanish without a word."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> VdomDict | Component | str | None:
        try:
            return function(*args, **kwargs)
        except Exception:
            ref = new_error_reference()
            log.exception("component failed", component=function.__qualname__, reference=ref)
            return error_box(use_page(), ref)

    return reactpy.component(guarded)


def error_box(page: PageContext, ref: str) -> VdomDict:
    text = page.text
    return notice(
        html.strong(text("This part could not be shown.")),
        " ",
        text("Try again. If it happens again, give the support this reference: {reference}.", reference=ref),
        tone="danger",
        mark="alert",
        live=True,
    )


def use_page() -> PageContext:
    """The person, language and line to the browser of this page."""
    scope: Mapping[str, Any] = use_scope()
    page = scope["fleetline.visit"]
    if not isinstance(page, PageContext):
        raise TypeError("no visit in this connection")
    return page


def use_once(make: Callable[[], T]) -> T:
    """Something that belongs to the component for as long as it lives."""
    held: Ref[T | None] = use_ref(None)
    if held.current is None:
        held.current = make()
    return held.current


@dataclass(frozen=True)
class PageError:
    """Why something did not work, in words for the customer."""

    words: str
    code: str = ""
    fields: Mapping[str, str] | None = None
    reference: str = ""
    # What a refusal names besides
    details: Mapping[str, object] = field(default_factory=dict)


def no_page_error() -> "PageError | None":
    """The state of a component before anything went wrong."""
    return None


def to_page_error(page: PageContext, error: Exception) -> PageError:
    """Turn an error into words: a refusal speaks for itself, anything else gets a reference."""
    text = page.text
    if isinstance(error, AppError):
        fields = dict(error.fields) if isinstance(error, ValidationFailed) else None
        words = text(ERROR_MESSAGES.get(error.code, error.message))
        return PageError(words, error.code, fields, details=error.details)
    ref = new_error_reference()
    log.error("request of a page failed", reference=ref, exc_info=error)
    sentence = text(
        "Something went wrong on our side. Try again, or give the support this reference: {reference}.",
        reference=ref,
    )
    return PageError(sentence, "unknown", None, ref)


@dataclass(frozen=True)
class Query(Generic[T]):
    """What was read: `data` once there, `error` where it could not be read; `refetch` reads again."""

    data: T | None
    error: PageError | None
    refetch: Callable[[], None]

    @property
    def missing(self) -> bool:
        return self.error is not None and self.error.code == NotFound.code


def use_query(
    function: Callable[..., Awaitable[T]],
    *args: Any,
    topics: tuple[str, ...] = (),
    topic_of: Callable[[T], str] | None = None,
    **kwargs: Any,
) -> Query[T]:
    """Read with a use case, and again whenever one of the topics is touched.

    `topic_of` names the topic of a thing whose id is known only once it was read. The arguments are those of the first drawing: a page for another thing is another component (by `key`).
    """
    page = use_page()
    state, set_state = use_state((None, None))
    live = use_once(lambda: QueryRunner(page, lambda actor: function(actor, *args, **kwargs), set_state))
    use_effect(lambda: live.start(topics, topic_of), [])
    data, error = state
    return Query(data, error, live.refetch)


class QueryRunner:
    """Reads once at the start and at each poke; never twice at a time, bursts together."""

    def __init__(
        self, page: PageContext, read: Callable[..., Awaitable[Any]], show: Callable[[Any], None]
    ) -> None:
        self.visit, self.read, self.show = page, read, show
        self.reading = self.again = self.over = False
        self.topic_of: Callable[[Any], str] | None = None
        self.ends: list[Callable[[], None]] = []

    def start(self, topics: tuple[str, ...], topic_of: Callable[[Any], str] | None) -> Callable[[], None]:
        self.topic_of = topic_of
        for topic in topics:
            self._listen(topic)
        self.visit.run_in_background(self._run(0))

        def stop() -> None:
            self.over = True
            for end in self.ends:
                end()

        return stop

    def _listen(self, topic: str) -> None:
        self.ends.append(self.visit.services.subscribe(self.visit.actor.tenant_id, topic, self.refetch))

    def refetch(self) -> None:
        if self.over:
            return
        if self.reading:
            self.again = True
        else:
            self.visit.run_in_background(self._run(BURST_SECONDS))

    async def _run(self, wait: float) -> None:
        self.reading = True
        while True:
            if wait:
                await asyncio.sleep(wait)
            self.again = False
            try:
                result: tuple[Any, PageError | None] = (await self.read(self.visit.actor), None)
            except NotAuthenticated:
                await self.visit.push("again")
                break
            except Exception as error:
                result = (None, to_page_error(self.visit, error))
            if not self.over:
                if self.topic_of is not None and result[1] is None:
                    # Read once more after this: what changed between reading and listening was not heard.
                    self._listen(self.topic_of(result[0]))
                    self.topic_of, self.again = None, True
                self.show(result)
            if not self.again or self.over:
                break
            wait = BURST_SECONDS
        self.reading = False


@dataclass(frozen=True)
class Mutation(Generic[P, T]):
    """Something to do on the server: call `run`; look at `pending` and `problem`."""

    pending: bool
    problem: PageError | None
    run: Callable[P, None]


def use_mutation(
    function: Callable[..., Awaitable[T]],
    *,
    done: Callable[[T], Awaitable[None]] | None = None,
    failed: Callable[[PageError], Awaitable[None]] | None = None,
) -> Mutation[..., T]:
    """Wrap a use case for a button. A second press while it works does nothing.

    It goes on to its end when the page closes meanwhile. A refusal becomes `problem`; a secret that asks
    for a recent sign-in leads to one and back to this page.
    """
    page = use_page()
    pending, set_pending = use_state(False)
    problem, set_problem = use_state(no_page_error)
    busy = use_ref(False)

    async def work(*args: Any, **kwargs: Any) -> None:
        try:
            result = await function(page.actor, *args, **kwargs)
            set_problem(None)
            if done is not None:
                await done(result)
        except NotAuthenticated:
            await page.push("again")
        except ReauthenticationRequired:
            await page.push("again", fresh=True)
        except Exception as error:
            found = to_page_error(page, error)
            set_problem(found)
            if failed is not None:
                await failed(found)
        finally:
            busy.current = False
            set_pending(False)
            await page.push("idle")

    def run(*args: Any, **kwargs: Any) -> None:
        if busy.current:
            return
        busy.current = True
        set_pending(True)
        # Not awaited here: events of one control come one after the other, and a second press has to
        # find this one still at work.
        page.run_in_background(work(*args, **kwargs))

    return Mutation(pending, problem, run)


def handler(page: PageContext, function: Callable[..., Any]) -> Callable[..., Awaitable[None]]:
    """A handler whose failure is told to the person, with a reference, instead of only to the log."""

    async def guarded(event: Any) -> None:
        try:
            result = function(event)
            if inspect.isawaitable(result):
                await result
        except NotAuthenticated:
            await page.push("again")
        except Exception as error:
            await page.push("toast", text=to_page_error(page, error).words, tone="lost")

    return guarded
