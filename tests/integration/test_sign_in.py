"""The code flow from the portal to the built-in issuer and back, over the application's own routes."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from joserfc.jwk import OctKey
from litestar import Litestar

from backend.api.auth import SignInContext, auth_router
from backend.integrations.identity import Provider
from backend.issuer import attempts, passwords
from backend.issuer.context import Issuer
from backend.members import sessions
from backend.settings import Settings
from tenants.transaction import open_global
from tests.support.database import TestDatabase
from tests.support.identity import (
    ORIGIN,
    PASSWORD,
    Browser,
    audit_actions,
    company,
    form_action,
    identity_app,
)


@pytest.fixture
async def browser(settings: Settings) -> AsyncIterator[Browser]:
    browser = Browser(identity_app(settings, ["/assets/tokens.abc.css", "/assets/components.abc.css"]))
    yield browser
    await browser.client.aclose()


async def test_an_email_address_and_a_password_lead_to_the_page_that_was_asked_for(
    browser: Browser, database: TestDatabase
) -> None:
    delta = await company("delta")
    answer = await browser.sign_in("AN@Delta.example ", next="/fleet?status=active")
    assert answer.headers["location"] == "/fleet?status=active"
    actor = await browser.actor
    assert (actor.tenant_id, actor.member_id, actor.name) == (delta.tenant_id, delta.member_id, "An Peeters")
    assert actor.roles == {"fleet_manager", "owner"}
    assert "session.opened" in await audit_actions(database.superuser_url, delta.tenant_id)


@pytest.mark.parametrize(
    "spelling", ["+32 470 10 00 01", "0470100001", "0470/10.00.01", "0032470100001", "＋32 470 10 00 01"]
)
async def test_a_mobile_number_signs_in_in_any_usual_spelling(browser: Browser, spelling: str) -> None:
    await company("delta", mobile="+32 470 10 00 01")
    assert (await browser.sign_in(spelling)).headers["location"] == "/"


async def test_the_sign_in_page_is_plain_html_under_a_strict_policy(
    browser: Browser, settings: Settings
) -> None:
    page = await browser.open_sign_in(language="fr")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert 'href="/assets/tokens.abc.css"' in page.text
    for texts in (
        "Se connecter",
        "Votre numéro de mobile",
        settings.operator.name,
        settings.operator.vat_number,
    ):
        assert texts in page.text
    assert 'lang="fr" hreflang="fr" aria-current="true"' in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_the_browser_s_language_decides_until_another_is_chosen(browser: Browser) -> None:
    browser.client.headers["accept-language"] = "pt-BR, de-AT;q=0.8, nl;q=0.7"
    page = await browser.open_sign_in()
    assert '<html lang="de">' in page.text
    dutch = await browser.get(str(page.url) + "&ui_locales=nl")
    assert '<html lang="nl">' in dutch.text


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(browser: Browser) -> None:
    await company("delta")
    wrong = await browser.sign_in("an@delta.example", "not the password")
    unknown = await browser.submit(await browser.open_sign_in(), "nobody@delta.example", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert "There is a problem" in wrong.text
    assert "<title>Error: " in wrong.text
    ids = {"an@delta.example", "nobody@delta.example"}
    texts = {
        strip(page.text, ids | {str(page.url.query.decode()), form_action(page).split("?")[1]})
        for page in (wrong, unknown)
    }
    assert len(texts) == 1


def strip(text: str, parts: set[str]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return re.sub(r'(action|href)="[^"]*"', "", text)


async def test_unknown_accounts_cost_the_same_work(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    await company("delta")
    checked: list[str] = []
    hasher = passwords.HASHER

    class Watched:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return hasher.verify(stored, password)

        hash = staticmethod(hasher.hash)
        check_needs_rehash = staticmethod(hasher.check_needs_rehash)

    monkeypatch.setattr(passwords, "HASHER", Watched())
    for login in ("an@delta.example", "nobody@delta.example", "+32499999999"):
        await browser.sign_in(login, "not the password")
    settings_used = [stored.rsplit("$", 2)[0] for stored in checked]
    assert len(checked) == 3
    assert len(set(settings_used)) == 1


async def test_empty_fields_are_named_and_what_was_typed_is_kept(browser: Browser) -> None:
    page = await browser.submit(await browser.open_sign_in(), "an@delta.example", "")
    assert page.status_code == 422
    assert '<a href="#password">Enter your password</a>' in page.text
    assert 'value="an@delta.example"' in page.text
    assert 'aria-describedby="password-error"' in page.text


async def test_what_is_typed_is_escaped(browser: Browser) -> None:
    page = await browser.submit(await browser.open_sign_in(), '"><script>alert(1)</script>', "x")
    assert "<script" not in page.text


UNREADABLE = {
    "nul": (b"login=%00&password=x&tenant=%00&language=%00&portal=%00", 400),
    "no text": (b"login=%ff&password=x", 400),
    "many fields": (b"&".join(b"a=1" for _ in range(51)), 400),
    "another kind": (b"--x--", 400),
    "too large": (b"login=a&password=" + b"x" * 16 * 1024, 413),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_form_that_cannot_be_read_is_a_page_that_says_so(browser: Browser, name: str) -> None:
    body, status = UNREADABLE[name]
    await company("delta")
    await browser.sign_in("an@delta.example")
    sign_in = form_action(await browser.open_sign_in(fresh="1"))
    kind = (
        "multipart/form-data; boundary=x" if name == "another kind" else "application/x-www-form-urlencoded"
    )
    headers = {"origin": ORIGIN, "content-type": kind, "accept-language": "en"}
    for address in (sign_in, "/auth/language", "/auth/switch"):
        answer = await browser.client.post(address, content=body, headers=headers)
        assert answer.status_code == status, (address, answer.text[:300])
        assert answer.headers["content-type"].startswith("text/html")
        assert "This form cannot be read" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    token = await browser.client.post("/id/token", content=body, headers=headers)
    assert (token.status_code, token.json()) == (status, {"error": "invalid_request"})


async def test_nothing_is_parsed_of_a_large_form(browser: Browser) -> None:
    """Two megabytes of fields took the process seconds, and anybody could send them."""
    body = b"a=&" * 690_000
    headers = {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    sign_in = form_action(await browser.open_sign_in())
    began = time.process_time()
    for address in (sign_in, "/id/token", "/auth/language", "/auth/choose", "/auth/switch", "/p/lunch/x"):
        answer = await browser.client.post(address, content=body, headers=headers)
        # Two of them ask first who it is, and look no further; one is not there
        assert answer.status_code in {413, 303, 404}, address
    assert time.process_time() - began < 2


@pytest.mark.parametrize("login", ["an@delta.example", "nobody@delta.example"])
async def test_five_failures_close_a_login_for_a_while_whether_it_exists_or_not(
    browser: Browser, database: TestDatabase, login: str
) -> None:
    delta = await company("delta")
    page = await browser.open_sign_in()
    for _ in range(5):
        assert (await browser.submit(page, login, "not the password")).status_code == 401
    locked = await browser.submit(page, login, PASSWORD)
    assert locked.status_code == 429
    assert "Too many failed tries" in locked.text
    traces = (await audit_actions(database.superuser_url, delta.tenant_id)).count("member.locked_out")
    assert traces == (1 if login == "an@delta.example" else 0)


async def test_a_lock_ends_by_itself_and_doubles_when_it_fails_again(database: TestDatabase) -> None:
    del database
    waits = []
    for _ in range(3):
        while (attempt := await attempts.begin("an@delta.example", "192.0.2.1")).wait is None:
            pass
        waits.append(round(attempt.wait.total_seconds()))
        await _pass_time("UPDATE sign_in_attempt SET locked_until = now() - interval '1 second'")
    assert waits == [30, 60, 120]


async def test_a_right_password_starts_the_count_anew(browser: Browser) -> None:
    await company("delta")
    for _ in range(3):
        for _ in range(3):
            await browser.sign_in("an@delta.example", "not the password", fresh="1")
        assert (await browser.sign_in("an@delta.example", fresh="1")).headers["location"] == "/"


async def test_an_address_is_closed_after_thirty_failures_over_any_logins(database: TestDatabase) -> None:
    del database
    for number in range(30):
        assert (await attempts.begin(f"user{number}@delta.example", "192.0.2.1")).wait is None
    assert (await attempts.begin("other@delta.example", "192.0.2.1")).wait
    assert (await attempts.begin("other@delta.example", "192.0.2.2")).wait is None


async def test_many_tries_at_once_count_as_many(database: TestDatabase) -> None:
    del database
    tries = await asyncio.gather(*(attempts.begin("an@delta.example", f"192.0.2.{n}") for n in range(40)))
    assert sum(attempt.wait is None for attempt in tries) == attempts.ACCOUNT.free


async def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
    settings: Settings, database: TestDatabase
) -> None:
    for trusted, expected in (((), "address:127.0.0.1"), (("127.0.0.1",), "address:203.0.113.7")):
        browser = Browser(identity_app(replace(settings, trusted_proxies=trusted)))
        browser.client.headers["x-forwarded-for"] = "198.51.100.1, 203.0.113.7"
        await browser.sign_in("an@delta.example", "not the password")
        assert await _value(database, "SELECT count(*) FROM sign_in_attempt WHERE key = $1", expected) == 1


async def test_next_never_leads_elsewhere(browser: Browser) -> None:
    await company("delta")
    for wanted in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/auth/logout",
        "javascript:alert(1)",
        "/\tx",
    ):
        answer = await browser.sign_in("an@delta.example", next=wanted, fresh="1")
        assert answer.headers["location"] == "/", wanted


async def test_a_session_identifier_from_outside_is_never_adopted(
    browser: Browser, database: TestDatabase
) -> None:
    await company("delta")
    browser.client.cookies.set("fleetline_session", "chosen-by-an-attacker", domain="localhost.local")
    assert await browser.actor is None
    await browser.sign_in("an@delta.example")
    values = {cookie.value for cookie in browser.client.cookies.jar if cookie.name == "fleetline_session"}
    live = [value for value in values if await sessions.load_session(value or "")]
    assert len(live) == 1
    assert "chosen-by-an-attacker" not in live
    stored = await _value(
        database, "SELECT string_agg(encode(token_hash, 'escape'), ' ') FROM portal_session"
    )
    assert live[0] not in stored


async def test_signing_in_again_rotates_and_ends_the_session_before(browser: Browser) -> None:
    await company("delta")
    await browser.sign_in("an@delta.example")
    before = browser.session
    again = await browser.open_sign_in(fresh="1")
    assert "Give your password again" in again.text
    await browser.submit(again, "an@delta.example")
    assert browser.session != before
    assert await sessions.load_session(before) is None
    assert await browser.actor


async def test_a_signed_in_browser_is_not_asked_twice_but_fresh_asks(browser: Browser) -> None:
    await company("delta")
    await browser.sign_in("an@delta.example")
    answer = await browser.open_sign_in(next="/fleet")
    assert answer.headers["location"] == "/fleet"
    assert (await browser.open_sign_in(fresh="1")).status_code == 200


async def test_signing_out_ends_both_sessions(browser: Browser, database: TestDatabase) -> None:
    delta = await company("delta")
    await browser.sign_in("an@delta.example")
    session = browser.session
    answer = await browser.post("/auth/logout", {})
    assert answer.headers["location"] == "/auth/login"
    assert await sessions.load_session(session) is None
    assert (await browser.open_sign_in()).status_code == 200  # the issuer asks again
    assert (await audit_actions(database.superuser_url, delta.tenant_id))[-1] == "session.ended"


async def test_a_callback_that_was_not_begun_here_is_refused(browser: Browser, settings: Settings) -> None:
    await company("delta")
    attacker = Browser(identity_app(settings))
    page = await attacker.open_sign_in()
    answer = await attacker.post(form_action(page), {"login": "an@delta.example", "password": PASSWORD})
    stolen = await browser.get(answer.headers["location"])
    assert stolen.status_code == 400
    assert not browser.session
    used = await attacker.get(answer.headers["location"])
    assert used.status_code == 303
    twice = await attacker.get(answer.headers["location"])
    assert twice.headers["location"] == "/"


async def test_several_sign_ins_at_once_do_not_disturb_each_other(browser: Browser) -> None:
    await company("delta")
    pages = [await browser.open_sign_in(next=f"/lines/{number}") for number in range(3)]
    for number in (2, 0, 1):
        answer = await browser.submit(pages[number], "an@delta.example")
        assert answer.headers["location"] == f"/lines/{number}"


async def test_another_issuer_in_the_answer_is_refused(browser: Browser) -> None:
    await company("delta")
    page = await browser.open_sign_in()
    answer = await browser.post(form_action(page), {"login": "an@delta.example", "password": PASSWORD})
    location = answer.headers["location"]
    query = parse_qs(urlsplit(location).query)
    assert query["iss"] == ["http://localhost:8000/id"]
    refused = await browser.get(
        location.replace(f"iss={'http%3A%2F%2Flocalhost%3A8000%2Fid'}", "iss=https%3A%2F%2Fevil")
    )
    assert refused.status_code == 400
    assert not browser.session


async def test_a_member_of_several_companies_chooses_and_can_switch(
    browser: Browser, database: TestDatabase
) -> None:
    delta = await company("delta")
    lumen = await company("lumen", password=None)
    page = await browser.sign_in("an@delta.example", next="/fleet")
    assert page.url.path == "/auth/choose"
    assert "Delta" in page.text
    assert "Lumen" in page.text
    answer = await browser.post("/auth/choose", {"tenant": str(lumen.tenant_id)})
    assert answer.headers["location"] == "/fleet"
    assert (await browser.actor).tenant_id == lumen.tenant_id
    before = browser.session
    await browser.post("/auth/switch", {"tenant": str(delta.tenant_id)})
    assert (await browser.actor).tenant_id == delta.tenant_id
    assert await sessions.load_session(before) is None


async def test_a_company_that_is_not_theirs_cannot_be_entered(browser: Browser) -> None:
    delta = await company("delta")
    other = await company("lumen", "nora@lumen.example")
    await company("atlas", password=None)
    await browser.sign_in("an@delta.example")
    answer = await browser.post("/auth/choose", {"tenant": str(other.tenant_id)})
    assert answer.headers["location"] == "/auth/choose"
    await browser.post("/auth/choose", {"tenant": str(delta.tenant_id)})
    await browser.post("/auth/switch", {"tenant": str(other.tenant_id)})
    assert (await browser.actor).tenant_id == delta.tenant_id


async def test_somebody_without_a_company_is_told_so(browser: Browser, database: TestDatabase) -> None:
    await company("delta")
    await _execute(database, "UPDATE member SET state = 'blocked'")
    page = await browser.sign_in("an@delta.example")
    assert page.status_code == 403
    assert "You have no access yet" in page.text


async def test_portals_switch_for_people_who_hold_both(browser: Browser) -> None:
    await company("delta", roles=("fleet_manager", "end_user"))
    await browser.sign_in("an@delta.example")
    before = browser.session
    assert (await browser.actor).roles == {"fleet_manager"}
    await browser.post("/auth/switch", {"portal": "user"})
    actor = await browser.actor
    assert actor.roles == {"end_user"}
    assert actor.end_user_id is not None
    assert browser.session != before
    assert await sessions.load_session(before) is None


async def test_a_portal_that_the_roles_do_not_open_stays_closed(browser: Browser) -> None:
    await company("delta", roles=("end_user",))
    await browser.sign_in("an@delta.example")
    await browser.post("/auth/switch", {"portal": "manager"})
    assert (await browser.actor).roles == {"end_user"}


async def test_the_language_is_kept(browser: Browser) -> None:
    await company("delta")
    await browser.sign_in("an@delta.example")
    answer = await browser.post("/auth/language", {"language": "nl", "next": "/fleet"})
    assert answer.headers["location"] == "/fleet"
    assert (await browser.actor).language == "nl"
    await browser.post("/auth/language", {"language": "xx"})
    assert (await browser.actor).language == "nl"


@pytest.mark.parametrize(
    "path",
    ["/auth/logout", "/auth/switch", "/auth/language", "/auth/choose", "/id/authorize", "/id/end_session"],
)
async def test_a_form_on_another_site_changes_nothing(browser: Browser, path: str) -> None:
    await company("delta")
    await browser.sign_in("an@delta.example")
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8001"},
        {"origin": "null"},
        {},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = await browser.client.post(path, data={"portal": "user"}, headers=headers)
        assert answer.status_code == 403
    assert await browser.actor


async def test_on_https_cookies_are_bound_to_the_host(settings: Settings) -> None:
    await company("delta")
    browser = Browser(
        identity_app(replace(settings, public_url="https://portal.example")), "https://portal.example"
    )
    await browser.sign_in("an@delta.example")
    names = {cookie.name for cookie in browser.client.cookies.jar}
    assert {"__Host-fleetline_session", "__Host-fleetline_id"} <= names
    for cookie in browser.client.cookies.jar:
        assert cookie.secure
        assert cookie.path == "/"
        assert not cookie.domain_specified
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert str(cookie.get_nonstandard_attr("SameSite")).lower() == "lax"


async def test_another_name_for_us_is_left_before_cookies_are_set(settings: Settings) -> None:
    browser = Browser(identity_app(settings), "http://127.0.0.1:8000")
    first = await browser.get("/auth/login?next=/fleet")
    assert first.headers["location"].startswith("http://localhost:8000/auth/login?next=%2Ffleet")
    second = await browser.get("/auth/login?next=/fleet&here=1")  # a proxy that hides the name: no loop
    assert "/id/authorize" in second.headers["location"]


@pytest.mark.parametrize(
    ("path", "data"),
    [("/auth/switch", {"portal": "user"}), ("/auth/choose", {"tenant": "x"}), ("/auth/logout", {})],
)
async def test_without_a_session_forms_lead_to_sign_in(
    browser: Browser, path: str, data: dict[str, str]
) -> None:
    assert (await browser.post(path, data)).headers["location"] == "/auth/login"
    assert (await browser.get("/auth/choose")).headers["location"] == "/auth/login"


async def test_a_switch_to_nowhere_changes_nothing(browser: Browser) -> None:
    await company("delta")
    await browser.sign_in("an@delta.example")
    session = browser.session
    for data in ({}, {"tenant": "x"}, {"portal": "king"}):
        assert (await browser.post("/auth/switch", data)).headers["location"] == "/"
    assert browser.session == session


async def test_another_provider_may_be_away_or_sign_people_out_itself(settings: Settings) -> None:
    away = True

    def outside(request: httpx.Request) -> httpx.Response:
        if away:
            raise httpx.ConnectError("no route", request=request)
        if request.url.path.endswith("openid-configuration"):
            at = "https://id.example"
            endpoints = {name: f"{at}/{name}" for name in ("authorization_endpoint", "end_session_endpoint")}
            return httpx.Response(200, json={"issuer": at, "jwks_uri": f"{at}/jwks", **endpoints})
        key = OctKey.generate_key(256, {"kid": "k"})
        return httpx.Response(200, json={"keys": [key.as_dict()]})

    provider = Provider("https://id.example", "portal", "s", transport=httpx.MockTransport(outside))
    front = SignInContext(settings, Issuer(settings), provider)
    browser = Browser(Litestar([auth_router(front)], openapi_config=None, logging_config=None))
    page = await browser.get("/auth/login")
    assert page.status_code == 503
    assert "does not answer" in page.text
    assert (await browser.post("/auth/logout", {})).headers["location"] == "/auth/login"
    away = False
    answer = await browser.get("/auth/login")
    assert answer.headers["location"].startswith("https://id.example/authorization_endpoint?")
    out = await browser.post("/auth/logout", {})
    assert out.headers["location"].startswith("https://id.example/end_session_endpoint?")


async def _execute(database: TestDatabase, statement: str) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(statement)
    await connection.close()


async def _value(database: TestDatabase, query: str, *args: object) -> object:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return await connection.fetchval(query, *args)
    finally:
        await connection.close()


async def _pass_time(statement: str) -> None:
    async with open_global() as connection:
        await connection.execute(statement)
