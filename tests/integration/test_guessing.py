"""Guessing stays expensive, and nobody is kept out by somebody who only knows a login."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from backend.core.secrets import SecretBox
from backend.issuer import attempts
from backend.issuer.accounts import check_password, normalise_login
from backend.issuer.devices import KnownDevice, open_device, seal_device
from backend.issuer.passwords import LONGEST, hash_password, verify
from backend.settings import Settings
from tenants.transaction import open_global
from tests.support.database import TestDatabase
from tests.support.identity import PASSWORD, Browser, company, identity_app

AN, WRONG = "an@delta.example", "not the password"
OFFICE = "192.0.2.1"


@pytest.fixture
async def browser(settings: Settings) -> AsyncIterator[Browser]:
    one = Browser(identity_app(settings))
    yield one
    await one.client.aclose()


@pytest.fixture
async def stranger(settings: Settings) -> AsyncIterator[Browser]:
    one = Browser(identity_app(settings))
    yield one
    await one.client.aclose()


async def test_strangers_do_not_keep_the_owner_out_of_a_browser_that_signed_in_before(
    browser: Browser, stranger: Browser
) -> None:
    await company("delta")
    await browser.sign_in(AN)
    await browser.post("/auth/logout", {})
    page = await stranger.open_sign_in()
    answers = [(await stranger.submit(page, AN, WRONG)).status_code for _ in range(attempts.ADDRESS.free)]
    assert answers[-1] == 429
    assert (await stranger.submit(page, AN)).status_code == 429
    assert (await browser.sign_in(AN)).headers["location"] == "/"
    assert (await stranger.submit(page, AN)).status_code == 429, "the strangers' lock stays"


async def test_a_known_browser_has_a_limit_of_its_own(browser: Browser, stranger: Browser) -> None:
    await company("delta")
    await browser.sign_in(AN)
    page = await browser.open_sign_in(fresh="1")
    answers = [(await browser.submit(page, AN, WRONG)).status_code for _ in range(attempts.DEVICE.free + 1)]
    assert answers == [401] * attempts.DEVICE.free + [429]
    assert (await stranger.sign_in(AN)).headers["location"] == "/"


async def test_a_known_browser_is_known_to_its_own_accounts_only(browser: Browser) -> None:
    await company("delta")
    await company("lumen", "nora@lumen.example")
    await browser.sign_in("nora@lumen.example")
    page = await browser.open_sign_in(fresh="1")
    answers = [(await browser.submit(page, AN, WRONG)).status_code for _ in range(attempts.PAIR.free + 1)]
    assert answers[-1] == 429


async def test_failures_of_a_known_browser_at_another_account_count_for_the_address(browser: Browser) -> None:
    await company("delta")
    await company("lumen", "nora@lumen.example")
    await browser.sign_in("nora@lumen.example")
    page = await browser.open_sign_in(fresh="1")
    for _ in range(attempts.PAIR.free):
        await browser.submit(page, AN, WRONG)
    async with open_global() as connection:
        counters = await connection.fetch(
            "SELECT key FROM sign_in_attempt WHERE failures >= $1", attempts.PAIR.free
        )
    kinds = {row["key"].partition(":")[0] for row in counters}
    assert kinds == {"pair", "account", "address"}


async def test_address_and_number_of_an_account_count_as_one(browser: Browser) -> None:
    await company("delta", mobile="+32470100001")
    page = await browser.open_sign_in()
    for login in (AN, "0470 10 00 01", AN, "+32470100001", AN):
        assert (await browser.submit(page, login, WRONG)).status_code == 401
    for login in (AN, "0470100001"):
        assert (await browser.submit(page, login)).status_code == 429


async def test_right_sign_ins_keep_an_office_open_in_spite_of_typing_errors(database: TestDatabase) -> None:
    del database
    for number in range(10 * attempts.ADDRESS.free):
        # Each third person mistypes once, and then signs in
        if number % 3 == 0:
            assert (await attempts.begin(f"user{number}", OFFICE)).wait is None, number
        attempt = await attempts.begin(f"user{number}", OFFICE)
        assert attempt.wait is None, number
        await attempts.succeeded(attempt)


async def test_one_right_account_does_not_buy_tries_at_others(database: TestDatabase) -> None:
    del database
    tried = 0
    for number in range(10 * attempts.ADDRESS.free):
        own = await attempts.begin("own", OFFICE)
        if own.wait:
            break
        await attempts.succeeded(own)
        if (await attempts.begin(f"other{number}", OFFICE)).wait:
            break
        tried += 1
    assert tried <= attempts.ADDRESS.free + attempts.CREDIT


async def test_a_refused_try_counts_nowhere(database: TestDatabase) -> None:
    del database
    while not (await attempts.begin("an", OFFICE)).wait:
        pass
    for _ in range(2 * attempts.ADDRESS.free):
        assert (await attempts.begin("an", OFFICE)).wait
    assert (await attempts.begin("bo", OFFICE)).wait is None
    assert (await attempts.begin("an", "192.0.2.2")).wait is None, "counted once more for the account"


async def test_many_addresses_together_are_slowed_down_as_well(database: TestDatabase) -> None:
    del database
    tries = [await attempts.begin("an", f"192.0.2.{number}") for number in range(60)]
    assert sum(one.wait is None for one in tries) == attempts.ACCOUNT.free


def test_nobody_makes_a_known_browser_without_the_keys(settings: Settings) -> None:
    box, other = SecretBox(settings.secret_keys), SecretBox(("x" * 32,))
    account = uuid4()
    device = KnownDevice().after_sign_in(account)
    sealed = seal_device(box, device)
    assert open_device(box, sealed) == device
    assert device.name_for(account)
    assert device.name_for(uuid4()) == device.name_for(None) == ""
    for text in (seal_device(other, device), sealed[:-3], sealed + "A", "nonsense", "", "é", "A" * 100_000):
        assert open_device(box, text) == KnownDevice(), text[:20]
    for _ in range(20):
        device = device.after_sign_in(uuid4())
    assert len(seal_device(box, device)) < 1000


async def test_failed_and_refused_sign_ins_are_logged_without_what_was_typed(database: TestDatabase) -> None:
    await company("delta")
    with capture_logs() as logged:
        for _ in range(attempts.PAIR.free + 1):
            await check_password(AN, WRONG, OFFICE)
        await check_password("my secret by mistake", WRONG, OFFICE)
    assert [entry["event"] for entry in logged] == [
        *["sign-in failed"] * attempts.PAIR.free,
        "sign-in refused",
        "sign-in failed",
    ]
    assert all(entry["address"] == OFFICE for entry in logged)
    assert "unknown" not in {entry["account"] for entry in logged[:-1]}
    assert logged[-1]["account"] == "unknown"
    assert not any(word in str(logged) for word in (WRONG, AN, "my secret"))


async def test_a_password_over_the_limit_is_refused_and_not_cut() -> None:
    longest = "x" * LONGEST
    stored = await hash_password(longest)
    assert await verify(stored, longest)
    assert not await verify(stored, longest + "y")


async def test_a_login_over_the_limit_is_nobodys(database: TestDatabase) -> None:
    address = "a" * 60 + "@" + "d" * 60 + ("." + "e" * 60) * 2 + ".example"
    assert 240 < len(address) <= 254
    await company("delta", address)
    assert (await check_password(address, PASSWORD, OFFICE)).person
    assert (await check_password(address + "x", PASSWORD, OFFICE)).person is None
    assert normalise_login("x" * 255) == ""
