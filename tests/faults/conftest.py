"""One database, one sandbox and one set of processes for all fault tests: each test kills what it is about."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backend import runtime
from backend.settings import read_settings
from tenants.transaction import engine, use_engine
from tests.support.database import TestDatabase, database_of_its_own, make_signing_key
from tests.support.deployment import COMMANDS, Deployment
from tests.support.sandbox import Sandbox, running_sandbox


@pytest.fixture(scope="session")
async def fault_database() -> AsyncIterator[TestDatabase]:
    """A server of its own where it is embedded: it will be killed."""
    async with database_of_its_own() as database:
        yield database


@pytest.fixture(scope="session")
def fault_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
async def own_engine(fault_database: TestDatabase) -> AsyncIterator[None]:
    """The test's own use cases speak to the database of these processes."""
    before, config = engine().pool, engine().config
    use_engine(fault_database.logins.app)
    await engine().open(size=4)
    yield
    await engine().close()
    engine().config = config
    if before is not None:
        engine().pool = before


@pytest.fixture(scope="module")
async def deployment(
    request: pytest.FixtureRequest,
    fault_database: TestDatabase,
    fault_sandbox: Sandbox,
    own_engine: None,
    tmp_path_factory: pytest.TempPathFactory,
    secret_keys: tuple[str, ...],
) -> AsyncIterator[Deployment]:
    """Web, worker and scheduler; a module that sets `ENVIRON` changes their settings."""
    environ = {"FLEETLINE_SECRET_KEYS": ",".join(secret_keys), **getattr(request.module, "ENVIRON", {})}
    folder: Path = tmp_path_factory.mktemp("deployment")
    running = Deployment(fault_database, fault_sandbox, folder, environ)
    make_signing_key(fault_database.logins, ",".join(secret_keys))
    runtime.use_settings(read_settings(running.environ))
    try:
        await running.start(*COMMANDS)
        yield running
    finally:
        running.close()


@pytest.fixture(autouse=True)
async def mended(deployment: Deployment) -> AsyncIterator[None]:
    yield
    await deployment.mend()
