"""What components use: the page, mutations, handlers; and the decorator that shows an error instead of nothing."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import reactpy
import structlog
from reactpy import html, use_ref, use_scope, use_state
from reactpy.types import Component, VdomDict
from reactpy.utils import Ref

from backend.core.errors import (
    NotAuthenticated,
    ReauthenticationRequired,
)
from frontend.elements import notice
from frontend.page_context import PageContext
from frontend.page_errors import PageError, new_error_reference, no_page_error, to_page_error

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()


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
    """Something that belongs to the component until it is removed."""
    held: Ref[T | None] = use_ref(None)
    if held.current is None:
        held.current = make()
    return held.current


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
    back_with: Callable[..., str] | None = None,
) -> Mutation[..., T]:
    """Wrap a use case for a button. A second press while it works does nothing.

    It goes on to its end when the page closes meanwhile. A refusal becomes `problem`; a secret that asks
    for a recent sign-in leads to one and back to this page. `back_with`: from the arguments of `run`, the query that
    this page then has.
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
            query = {"query": back_with(*args, **kwargs)} if back_with else {}
            await page.push("again", fresh=True, **query)
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
    """An event handler whose failure is shown to the person, with a reference, and not only logged."""

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
