"""A portal in a browser: the real web process, a real database, a customer with lines."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from backend.settings import Settings
from tests.support.chromium import launch_options
from tests.support.factories import Customer, make_customer, make_lines
from tests.support.portal import Portal


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        yield browser
        await browser.close()


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[Portal]:
    portal = Portal(settings)
    await portal.start()
    yield portal
    await portal.stop()


@pytest.fixture
async def customer(portal: Portal) -> Customer:
    """120 voice lines, three of data only, two suspended."""
    customer = await make_customer("delta", grace_seconds=30)
    await make_lines(customer, 115, puk="12345678")
    await make_lines(customer, 3, plan="data-pro-10", names=("Aardvark|Data", "Abel|Data", "Aerts|Data"))
    await make_lines(customer, 2, status="suspended", names=("Absil|Eva", "Adam|Luc"))
    return customer
