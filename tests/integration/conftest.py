"""What integration tests share: this process's clients, and the carriers and mailbox of the sandbox."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backend import runtime
from backend.settings import Settings
from tests.support.sandbox import Sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Iterator[Sandbox]:
    yield sandbox_server
    sandbox_server.reset()


@pytest.fixture
def settings(settings: Settings, sandbox_server: Sandbox) -> Settings:
    return dataclasses.replace(
        settings,
        carrier_urls=sandbox_server.carrier_urls,
        carrier_secrets=sandbox_server.carrier_secrets,
        smtp_url=sandbox_server.smtp_url,
    )


@pytest.fixture(autouse=True)
async def clients(settings: Settings) -> AsyncIterator[None]:
    runtime.open_clients(settings)
    yield
    await runtime.close_clients()
