"""Rows that are read and checked in a thread, some thousands at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import TypeVar

R = TypeVar("R")


async def in_batches(rows: Iterator[R], size: int) -> AsyncIterator[list[R]]:
    """The rows in lists of `size`. Reading them computes for a while: not in the event loop."""
    while batch := await asyncio.to_thread(_take, rows, size):
        yield batch


def _take(rows: Iterator[R], size: int) -> list[R]:
    return list(islice(rows, size))
