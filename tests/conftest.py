"""Fixtures that every kind of test may use; each kind's folder adds its own."""

import base64
import functools
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_socket
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from backend.settings import Settings
from tenants.transaction import engine, use_engine
from tests.support.database import TestDatabase, database_of_its_own, empty, make_database, make_signing_key

# Speed is judged by `make bench`, never by a test: on a busy machine any deadline is wrong some day.
hypothesis_settings.register_profile("fleetline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("fleetline")

QUIET = ("unit", "properties", "architecture")  # these talk to nobody, unless they ask for the database


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: a worker waits for browsers, servers and clocks half of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind = Path(str(item.fspath)).relative_to(Path(__file__).parent).parts[0]
        if kind in QUIET and "database" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.usefixtures("no_network"))


@pytest.fixture
def no_network() -> Iterator[None]:
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Reading the machine's certificates takes 45 ms of CPU, and nearly every test opens clients that do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
async def database_server() -> AsyncIterator[TestDatabase]:
    """A database for this test process."""
    async with database_of_its_own() as database:
        yield database


@pytest.fixture(scope="session")
async def open_engine(database_server: TestDatabase) -> AsyncIterator[None]:
    use_engine(database_server.logins.app)
    await engine().open(size=8)
    yield
    await engine().close()


@pytest.fixture
async def database(database_server: TestDatabase, open_engine: None) -> AsyncIterator[TestDatabase]:
    """The test's database, emptied afterwards."""
    yield database_server
    await empty(database_server)


@pytest.fixture
async def other(database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """A database that a test may spoil."""
    made = await make_database(database.admin_url, database.server)
    yield made
    await made.drop()


@pytest.fixture(scope="session")
def secret_keys() -> tuple[str, ...]:
    return (base64.urlsafe_b64encode(os.urandom(32)).decode(),)


@pytest.fixture(scope="session")
def session_settings(database_server: TestDatabase, secret_keys: tuple[str, ...]) -> Settings:
    """Settings for what outlives a test; who uses them empties the database itself."""
    logins = database_server.logins
    make_signing_key(logins, ",".join(secret_keys))
    return Settings(
        database_url=logins.app,
        owner_database_url=logins.owner,
        relay_database_url=logins.relay,
        secret_keys=secret_keys,
        grace_seconds=1,
    )


@pytest.fixture
def settings(database: TestDatabase, session_settings: Settings) -> Settings:
    return session_settings
