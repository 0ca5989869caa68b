"""A portal in a browser: the real web process, a real database, a customer with lines."""

import dataclasses
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from backend.settings import Settings
from tests.support.chromium import launch_options
from tests.support.factories import Customer, make_customer, make_lines
from tests.support.portal import Portal
from tests.support.sandbox import STRIPE_KEY, WEBHOOK_SECRET, Sandbox, running_sandbox

# All cores are busy while the tests run; how fast pages are, `make bench` says.
expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def settings(settings: Settings, sandbox_server: Sandbox) -> Settings:
    return dataclasses.replace(
        settings,
        carrier_urls=sandbox_server.carrier_urls,
        carrier_secrets=sandbox_server.carrier_secrets,
        smtp_url=sandbox_server.smtp_url,
        stripe_key=STRIPE_KEY,
        stripe_webhook_secret=(WEBHOOK_SECRET,),
        stripe_address=sandbox_server.stripe_address,
    )


@pytest.fixture
def sandbox(sandbox_server: Sandbox, portal: Portal) -> Iterator[Sandbox]:
    """The carriers and the mailbox; what becomes of an order is told to the portal."""
    news = f"{portal.url}/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"
    for carrier in ("mandarine", "lynx"):
        sandbox_server.call_back(carrier, news)
    sandbox_server.send_webhooks(f"{portal.url}/api/callbacks/stripe")
    yield sandbox_server
    sandbox_server.send_webhooks("")
    sandbox_server.reset()


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
