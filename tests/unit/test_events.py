"""Events of a page: each goes to its control in order, and what names no control leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from reactpy import component, html
from reactpy.core.layout import Layout
from structlog.testing import capture_logs

from frontend.reactpy_patches import PENDING, PENDING_BYTES, correct_dispatcher

correct_dispatcher()
SEEN: list[Any] = []
OPEN = asyncio.Event()


async def slowly(event: Any) -> None:
    await OPEN.wait()
    # Later ones would be faster
    await asyncio.sleep(0.01 / (1 + event["n"]))
    SEEN.append(event["n"])


async def failing(_event: Any) -> None:
    raise RuntimeError("went wrong")


@component
def Buttons() -> Any:  # noqa: N802 - components are named so
    return html.div(
        html.button({"onClick": slowly}, "one"),
        html.button({"onClick": failing}, "two"),
    )


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Layout, list[str]]]:
    SEEN.clear()
    OPEN.clear()
    async with Layout(Buttons()) as layout:
        await layout.render()
        yield layout, sorted(layout._event_handlers)


def event(target: str, n: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "layout-event", "target": target, "data": [{"n": n, **more}]}


def kept(layout: Layout) -> list[int]:
    backlog = layout.__dict__["_backlog"]
    places = (layout._event_queues, layout._event_processing_tasks, layout._last_event_seq_by_target)
    return [backlog.events, backlog.bytes, len(backlog.turns), *map(len, places)]


async def test_a_thousand_unknown_controls_leave_nothing_behind() -> None:
    async with opened() as (layout, _):
        for first in range(0, 1000, 100):
            events = [event(f"unknown-{first + n}") | {"seq": n} for n in range(100)]
            await asyncio.gather(*(layout.deliver(one) for one in events))
        assert kept(layout) == [0] * 6


async def test_events_of_one_control_keep_their_order() -> None:
    async with opened() as (layout, (slow, _)):
        tasks = [asyncio.create_task(layout.deliver(event(slow, n) | {"seq": n})) for n in range(50)]
        await asyncio.sleep(0)
        OPEN.set()
        await asyncio.gather(*tasks)
        assert list(range(50)) == SEEN
        assert kept(layout) == [0, 0, 0, 0, 0, 1]


async def test_only_so_many_events_wait() -> None:
    async with opened() as (layout, (slow, _)):
        with capture_logs() as logged:
            tasks = [asyncio.create_task(layout.deliver(event(slow, n))) for n in range(PENDING + 50)]
            await asyncio.sleep(0)
            OPEN.set()
            await asyncio.gather(*tasks)
        assert len(SEEN) == PENDING
        assert len(logged) == 50


async def test_only_so_many_bytes_wait() -> None:
    async with opened() as (layout, (slow, _)):
        large = "x" * (PENDING_BYTES // 4)
        with capture_logs():
            tasks = [asyncio.create_task(layout.deliver(event(slow, n, text=large))) for n in range(20)]
            await asyncio.sleep(0)
            OPEN.set()
            await asyncio.gather(*tasks)
        # The first one does not wait, and is not counted
        assert len(SEEN) == 4


async def test_a_handler_that_fails_is_logged_without_what_was_sent() -> None:
    async with opened() as (layout, (_, bad)):
        with capture_logs() as logged:
            await layout.deliver(event(bad, text="a secret"))
        assert [entry["event"] for entry in logged] == ["event handler failed"]
        assert "a secret" not in str(logged)
