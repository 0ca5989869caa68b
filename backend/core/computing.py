"""Pure work on many things: it runs in a thread, so that the event loop serves others meanwhile."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Things on which pure work stays well under the 50 ms that one step of the event loop may take
LARGE = 500


async def compute(size: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a pure function that works on `size` things: here where they are few, else in a thread.

    The function may not use the scope: a connection belongs to the event loop.
    """
    if size <= LARGE:
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)
