"""What integration tests share: this process's clients, and the carriers and mailbox of the sandbox."""

from collections.abc import AsyncIterator

import pytest

from backend import context
from backend.settings import Settings


@pytest.fixture(autouse=True)
async def clients(settings: Settings) -> AsyncIterator[None]:
    context.open_clients(settings)
    yield
    await context.close_clients()
