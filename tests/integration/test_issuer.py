"""The built-in issuer seen by a client that does everything by hand, and most of it wrong."""

import asyncio
import base64
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import KeySet
from litestar import Litestar

from backend import runtime
from backend.core import clock
from backend.core.secrets import SecretBox
from backend.issuer import keys as signing_keys
from backend.issuer import passwords, store
from backend.issuer.accounts import check_password, normalise_login
from backend.issuer.clients import Client
from backend.issuer.context import Issuer
from backend.issuer.keys import NoSigningKey, SigningKeys, require_signing_key
from backend.issuer.routes import issuer_router
from backend.settings import Settings
from tenants.transaction import open_as_owner, open_global
from tests.support.database import TestDatabase
from tests.support.identity import PASSWORD, Browser, Company, company, form_action

ISSUER = "http://localhost:8000/id"
REDIRECT = "http://localhost:9/cb"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
REQUEST = {
    "response_type": "code",
    "client_id": "test",
    "redirect_uri": REDIRECT,
    "scope": "openid email",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
async def delta(settings: Settings) -> Company:
    return await company("delta")


@pytest.fixture
async def browser(settings: Settings, delta: Company) -> AsyncIterator[Browser]:
    clients = [
        Client("test", (REDIRECT,), ("http://localhost:9/",), ("secret",)),
        Client("other", (REDIRECT,), (), ("secret",)),
    ]
    issuer = Issuer(settings, more_clients=clients)
    browser = Browser(Litestar([issuer_router(issuer)], openapi_config=None, logging_config=None))
    yield browser
    await browser.client.aclose()


def without(*names: str, **other: str) -> dict[str, str]:
    return {key: value for key, value in {**REQUEST, **other}.items() if key not in names}


async def ask(browser: Browser, request: dict[str, str]) -> httpx.Response:
    return await browser.get("/id/authorize?" + urlencode(request))


async def sign_in(browser: Browser, request: dict[str, str] | None = None) -> dict[str, str]:
    """The query that the client gets back."""
    page = await ask(browser, request or REQUEST)
    answer = (
        page
        if page.is_redirect
        else await browser.post(form_action(page), {"login": "an@delta.example", "password": PASSWORD})
    )
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def redeem(browser: Browser, code: str, **other: Any) -> httpx.Response:
    auth = other.pop("auth", ("test", "secret"))
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **other,
    }
    return await browser.client.post(
        "/id/token", data={key: value for key, value in data.items() if value}, auth=auth
    )


async def test_a_code_becomes_tokens_once(browser: Browser) -> None:
    back = await sign_in(browser)
    assert (back["state"], back["iss"]) == ("s", ISSUER)
    answer = await redeem(browser, back["code"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    keys = KeySet.import_key_set((await browser.get("/id/jwks")).json())
    claims = jwt.decode(answer.json()["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"], claims["email"]) == (
        ISSUER,
        "test",
        "n",
        "an@delta.example",
    )
    assert abs(claims["auth_time"] - clock.now().timestamp()) < 30
    again = await redeem(browser, back["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_a_code_that_is_shown_again_ends_the_token_that_it_gave(browser: Browser) -> None:
    kept = (await redeem(browser, (await sign_in(browser))["code"])).json()["access_token"]
    code = (await sign_in(browser))["code"]
    token = (await redeem(browser, code)).json()["access_token"]

    async def status_of(one: str) -> int:
        headers = {"authorization": f"Bearer {one}"}
        return (await browser.client.get("/id/userinfo", headers=headers)).status_code

    assert await status_of(token) == 200
    assert (await redeem(browser, code, auth=("other", "secret"))).status_code in {400, 401}
    assert (await status_of(token), await status_of(kept)) == (401, 200)


async def test_of_two_exchanges_at_once_one_gets_tokens_at_most(
    browser: Browser, database: TestDatabase
) -> None:
    """Both are held at the code's row until both are there, so that neither has used it when the other looks."""
    code = (await sign_in(browser))["code"]
    holder = await asyncpg.connect(database.superuser_url)
    held = holder.transaction()
    await held.start()
    await holder.execute("SELECT FROM authorization_code FOR UPDATE")
    both = [asyncio.create_task(redeem(browser, code)) for _ in range(2)]
    async with asyncio.timeout(30):
        while await holder.fetchval(WAITING) < len(both):
            await asyncio.sleep(0.01)
    await held.rollback()
    await holder.close()
    answers = await asyncio.gather(*both)
    assert sum(answer.status_code == 200 for answer in answers) <= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:9/other"},
        {"auth": ("other", "secret")},
        {"auth": ("test", "wrong")},
        {"auth": ("nobody", "secret")},
        {"auth": None, "client_id": "test"},
        {"code": "made up"},
        {"grant_type": "password"},
    ],
    ids=str,
)
async def test_a_wrong_exchange_gives_nothing_and_burns_the_code(
    browser: Browser, wrong: dict[str, Any]
) -> None:
    code = (await sign_in(browser))["code"]
    answer = await redeem(browser, wrong.pop("code", code), **wrong)
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.text
    if not wrong.keys() & {"grant_type"} and wrong:
        assert (await redeem(browser, code)).status_code == 400


async def test_an_expired_code_is_worth_nothing(browser: Browser) -> None:
    code = (await sign_in(browser))["code"]
    await execute("UPDATE authorization_code SET expires_at = now() - interval '1 second'")
    assert (await redeem(browser, code)).status_code == 400


async def test_codes_tokens_and_sessions_are_stored_hashed(browser: Browser) -> None:
    code = (await sign_in(browser))["code"]
    async with open_global() as connection:
        kept = await connection.fetchval("SELECT encode(code_hash, 'hex') FROM authorization_code")
    assert kept == sha256(code.encode()).hexdigest()


@pytest.mark.parametrize(
    "request_",
    [
        without("code_challenge", "code_challenge_method"),
        without("code_challenge_method"),
        without(code_challenge_method="plain"),
    ],
    ids=["no challenge", "no method", "plain"],
)
async def test_pkce_with_s256_is_required(browser: Browser, request_: dict[str, str]) -> None:
    answer = await ask(browser, request_)
    assert answer.is_redirect
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (back["error"], back["iss"], back["state"]) == (["invalid_request"], [ISSUER], ["s"])


@pytest.mark.parametrize(
    "request_",
    [
        without(redirect_uri="http://evil.example/"),
        without(redirect_uri=REDIRECT + "/more"),
        without(client_id="nobody"),
        without("client_id"),
    ],
    ids=["elsewhere", "longer", "unknown client", "no client"],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    browser: Browser, request_: dict[str, str]
) -> None:
    answer = await ask(browser, request_)
    assert answer.status_code in {400, 401}
    assert "location" not in answer.headers


async def test_a_scope_that_we_do_not_know_is_refused(browser: Browser) -> None:
    answer = await ask(browser, without(scope="openid everything"))
    assert "error=invalid_scope" in answer.headers["location"]


async def test_a_session_answers_without_a_form_unless_it_is_too_old(browser: Browser) -> None:
    assert "error=login_required" in (await ask(browser, without(prompt="none"))).headers["location"]
    await sign_in(browser)
    assert (await ask(browser, REQUEST)).is_redirect
    assert (await ask(browser, without(prompt="none"))).is_redirect
    assert (await ask(browser, without(prompt="login"))).status_code == 200
    assert (await ask(browser, without(max_age="600"))).is_redirect
    await execute("UPDATE issuer_session SET auth_time = now() - interval '11 minutes'")
    assert (await ask(browser, without(max_age="600"))).status_code == 200
    assert "login_required" in (await ask(browser, without(max_age="600", prompt="none"))).headers["location"]
    for digits in (10, 5000):
        assert (await ask(browser, without(max_age="9" * digits))).is_redirect
    await execute("UPDATE issuer_session SET expires_at = now()")
    assert (await ask(browser, REQUEST)).status_code == 200


async def test_the_issuer_s_session_identifier_is_never_adopted(browser: Browser) -> None:
    browser.client.cookies.set("fleetline_id", "chosen-by-an-attacker", domain="localhost.local")
    await sign_in(browser)
    assert await store.session_person("chosen-by-an-attacker") is None


async def test_a_blocked_account_can_do_nothing(browser: Browser) -> None:
    code = (await sign_in(browser))["code"]
    await execute("UPDATE account SET state = 'blocked'")
    assert (await redeem(browser, code)).status_code == 400
    assert (await ask(browser, REQUEST)).status_code == 200
    assert (await check_password("an@delta.example", PASSWORD, "192.0.2.1")).person is None


async def test_user_info_needs_a_live_token(browser: Browser) -> None:
    tokens = (await redeem(browser, (await sign_in(browser))["code"])).json()

    async def info(header: str) -> httpx.Response:
        return await browser.get("/id/userinfo", headers={"authorization": header})

    answer = await info(f"Bearer {tokens['access_token']}")
    assert answer.json()["email"] == "an@delta.example"
    assert "phone_number" not in answer.json()
    for wrong in ("", "Bearer", "Bearer made-up", f"Basic {tokens['access_token']}"):
        assert (await info(wrong)).status_code == 401
    await execute("UPDATE access_token SET expires_at = now()")
    assert (await info(f"Bearer {tokens['access_token']}")).status_code == 401


async def test_a_new_password_ends_what_was_granted_with_the_old_one(browser: Browser) -> None:
    tokens = (await redeem(browser, (await sign_in(browser))["code"])).json()
    code = (await sign_in(browser))["code"]
    await company("atlas", password="another good password")
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await browser.get("/id/userinfo", headers=bearer)).status_code == 401
    assert (await redeem(browser, code)).status_code == 400
    assert (await ask(browser, REQUEST)).status_code == 200, "the password is asked for"


async def test_signing_out_without_our_token_asks_first(browser: Browser) -> None:
    await sign_in(browser)
    page = await browser.get("/id/end_session")
    assert page.status_code == 200
    assert (await ask(browser, REQUEST)).is_redirect  # still signed in
    done = await browser.post(form_action(page), {"sign_out": "1"})
    assert "You are signed out" in done.text
    assert (await ask(browser, REQUEST)).status_code == 200


async def test_signing_out_leads_to_registered_addresses_only(browser: Browser) -> None:
    hint = (await redeem(browser, (await sign_in(browser))["code"])).json()["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": "http://evil.example/"}
    answer = await browser.get("/id/end_session?" + urlencode(query))
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    good = await browser.get(
        "/id/end_session?" + urlencode({**query, "post_logout_redirect_uri": "http://localhost:9/"})
    )
    assert good.headers["location"] == "http://localhost:9/"


async def test_a_password_hashed_with_weaker_settings_is_hashed_again(delta: Company) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    async with open_global() as connection:
        await connection.execute("UPDATE account SET password_hash = $1", weak)
    assert (await check_password("an@delta.example", PASSWORD, "192.0.2.1")).person
    async with open_global() as connection:
        stored = await connection.fetchval("SELECT password_hash FROM account")
    assert stored != weak
    assert not passwords.needs_rehash(stored)


async def test_all_processes_share_one_key_that_is_sealed_at_rest(settings: Settings) -> None:
    secret_box = SecretBox(settings.secret_keys)
    await execute("DELETE FROM issuer_key")
    with pytest.raises(NoSigningKey):
        await SigningKeys(secret_box).load()
    with pytest.raises(NoSigningKey, match="fleetline migrate"):
        await require_signing_key()
    processes = [SigningKeys(secret_box) for _ in range(4)]
    await asyncio.gather(*(keys.make_first() for keys in processes))
    await asyncio.gather(*(keys.load() for keys in processes))
    assert len({keys.signing.kid for keys in processes if keys.signing}) == 1
    async with open_global() as connection:
        sealed = await connection.fetch("SELECT sealed FROM issuer_key")
    assert len(sealed) == 1
    assert b"RSA" not in sealed[0]["sealed"]
    await require_signing_key()


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = SigningKeys(SecretBox(settings.secret_keys))
    await execute("DELETE FROM issuer_key")
    await keys.make_first()
    await keys.load()
    assert keys.signing
    first = keys.signing.kid
    await execute("UPDATE issuer_key SET created_at = now() - interval '1 hour'")
    second = await keys.rotate()
    assert keys.signing.kid == first
    assert {key.kid for key in keys.published.keys} == {first, second}
    await execute("UPDATE issuer_key SET created_at = created_at - interval '5 minutes'")
    monkeypatch.setattr(signing_keys, "READ_AGAIN_SECONDS", -1)
    await keys.load()
    assert keys.signing.kid == second
    await execute("UPDATE issuer_key SET created_at = created_at - interval '2 days'")
    third = await keys.rotate()
    assert {key.kid for key in keys.published.keys} == {second, third}


async def test_what_has_expired_is_forgotten(browser: Browser) -> None:
    await redeem(browser, (await sign_in(browser))["code"])
    await sign_in(browser)
    for table in ("issuer_session", "authorization_code", "access_token"):
        await execute(f"UPDATE {table} SET expires_at = now() - interval '1 second'")
    await store.purge_expired()
    async with open_global() as connection:
        for table in ("issuer_session", "authorization_code", "access_token"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0


def test_logins_have_one_spelling() -> None:
    assert normalise_login(" An@Delta.Example ") == "an@delta.example"
    assert normalise_login("0470 10 00 01") == normalise_login("+32470100001") == "+32470100001"
    assert normalise_login("+32 (0)470/10.00.01") == normalise_login("32470100001") == "+32470100001"
    assert normalise_login("+33 6 12 34 56 78") == "+33612345678"
    assert normalise_login("neither") == "neither"
    assert normalise_login("12") == "12"


async def execute(statement: str) -> None:
    """With the owner's login: the app's may change less."""
    async with open_as_owner(runtime.owner_database()) as connection:
        await connection.execute(statement)
