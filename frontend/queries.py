"""Reading with a use case, and again whenever one of its topics is touched."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reactpy import use_effect, use_state

from backend.core.errors import (
    NotAuthenticated,
    NotFound,
)
from frontend.hooks import use_once, use_page
from frontend.page_context import PageContext
from frontend.page_errors import PageError, to_page_error

T = TypeVar("T")
# Changes that come in a burst (an order of 200 lines) are drawn together.
BURST_SECONDS = 0.15


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
    initial: T | None = None,
    **kwargs: Any,
) -> Query[T]:
    """Read with a use case, and again whenever one of the topics is touched.

    `topic_of` names the topic of a thing whose id is known only once it was read. `initial` was read just before: it is
    shown at once. The arguments are those of the first drawing: a page for another thing is another component (by `key`).
    """
    page = use_page()
    state, set_state = use_state((initial, None))
    live = use_once(lambda: QueryRunner(page, lambda actor: function(actor, *args, **kwargs), set_state))
    # What changed between the reading of `initial` and listening was not heard, so it is read once more
    use_effect(lambda: live.start(topics, topic_of, 0 if initial is None else BURST_SECONDS), [])
    data, error = state
    return Query(data, error, live.refetch)


class QueryRunner:
    """Reads once at the start and at each poke; never twice at a time, bursts together."""

    def __init__(
        self, page: PageContext, read: Callable[..., Awaitable[Any]], show: Callable[[Any], None]
    ) -> None:
        self.page, self.read, self.show = page, read, show
        self.reading = self.again = self.over = False
        self.topic_of: Callable[[Any], str] | None = None
        self.ends: list[Callable[[], None]] = []

    def start(
        self, topics: tuple[str, ...], topic_of: Callable[[Any], str] | None, wait: float
    ) -> Callable[[], None]:
        """Listen, and read after so many seconds; returns the ending call."""
        self.topic_of = topic_of
        for topic in topics:
            self._listen(topic)
        self.page.run_in_background(self._run(wait))

        def stop() -> None:
            self.over = True
            for end in self.ends:
                end()

        return stop

    def _listen(self, topic: str) -> None:
        self.ends.append(self.page.services.subscribe(self.page.actor.tenant_id, topic, self.refetch))

    def refetch(self) -> None:
        """Read again: now, or after the reading that is under way."""
        if self.over:
            return
        if self.reading:
            self.again = True
        else:
            self.page.run_in_background(self._run(BURST_SECONDS))

    async def _run(self, wait: float) -> None:
        self.reading = True
        while True:
            if wait:
                await asyncio.sleep(wait)
            self.again = False
            try:
                result: tuple[Any, PageError | None] = (await self.read(self.page.actor), None)
            except NotAuthenticated:
                await self.page.push("again")
                break
            except Exception as error:
                result = (None, to_page_error(self.page, error))
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
