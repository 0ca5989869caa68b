"""One Firefox for all journeys; the portal and its customer are those of the browser tests."""

from collections.abc import AsyncIterator

import pytest

from tests.browser.conftest import customer, portal, sandbox_server, settings
from tests.firefox.bidi import Firefox, running_firefox
from tests.support.firefox import MISSING, find

__all__ = ("customer", "portal", "sandbox_server", "settings")


@pytest.fixture(scope="session")
async def firefox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    path = find()
    assert path, MISSING
    async with running_firefox(path, tmp_path_factory.mktemp("profile")) as firefox:
        yield firefox
