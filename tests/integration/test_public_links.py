"""Links in mails for people without a session, and the pages behind them."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
import structlog

from backend.api.public import PUBLIC_PAGES, PublicPage, PublicView
from backend.app import create_api
from backend.core import clock, public_links
from backend.core.messaging.jobs import job_scope
from backend.core.public_links import PublicLinkGrant
from backend.settings import Settings
from backend.web.rate_limit import TRIES, RateLimit
from tenants.scope import Scope
from tests.support.factories import Customer, make_customer

OURS = {"origin": "http://localhost:8000"}
HOUR = timedelta(hours=1)


async def make_link(
    customer: Customer, *, purpose: str = "lunch", lasts: timedelta = HOUR
) -> tuple[str, UUID]:
    subject = uuid4()
    async with job_scope(customer.system) as scope:
        return await public_links.create_link(scope, purpose, subject, clock.now() + lasts), subject


async def draw(scope: Scope, link: PublicLinkGrant, language: str) -> PublicView:
    name = await scope.connection.fetchval("SELECT name FROM tenant")
    if link.used_at:
        return PublicView("Decided", ["<b>Thanks</b>"], language="nl")
    return PublicView("Lunch?", [f"{name} asks"], [("yes", "Yes"), ("no", "No")], language=language)


async def act(scope: Scope, link: PublicLinkGrant, language: str, form: Mapping[str, str]) -> PublicView:
    if form.get("choice") not in {"yes", "no"}:
        return PublicView("Lunch?", [], [("yes", "Yes")], errors={"choice": "Choose yes or no."})
    used = await public_links.use_link(scope, link.id)
    return PublicView("Decided" if used else "Decided before", [form["choice"]])


async def meddle(scope: Scope, link: PublicLinkGrant, language: str) -> PublicView:
    await public_links.use_link(scope, link.id)
    return PublicView("", [])


@pytest.fixture
async def web(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setitem(PUBLIC_PAGES, "lunch", PublicPage(draw, act))
    monkeypatch.setitem(PUBLIC_PAGES, "other", PublicPage(draw, act))
    monkeypatch.setitem(PUBLIC_PAGES, "meddling", PublicPage(meddle, act))
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def test_a_link_leads_to_its_subject_and_only_a_hash_is_kept() -> None:
    customer = await make_customer()
    token, subject = await make_link(customer)
    found = await public_links.find_link(token, "lunch")
    assert found
    assert (found.tenant_id, found.subject_id, found.used_at) == (customer.tenant_id, subject, None)
    async with job_scope(customer.system) as scope:
        rows = await scope.connection.fetch("SELECT public_link::text AS all FROM public_link")
    assert len(rows) == 1
    assert token not in rows[0]["all"]


async def test_unknown_expired_and_another_purpose_are_one_answer() -> None:
    customer = await make_customer()
    token, _ = await make_link(customer)
    expired, _ = await make_link(customer, lasts=-HOUR)
    for wrong, purpose in (
        (token, "other"),
        (expired, "lunch"),
        ("x" * 43, "lunch"),
        ("", "lunch"),
    ):
        assert await public_links.find_link(wrong, purpose) is None
    async with job_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE tenant SET state = 'suspended'")
    assert await public_links.find_link(token, "lunch") is None


async def test_a_link_decides_once_and_not_for_another_tenant() -> None:
    ours, theirs = await make_customer(), await make_customer()
    token, _ = await make_link(ours)
    link = await public_links.find_link(token, "lunch")
    assert link
    async with job_scope(theirs.system) as scope:
        assert not await public_links.use_link(scope, link.id)
    for expected in (True, False):
        async with job_scope(ours.system) as scope:
            assert await public_links.use_link(scope, link.id) is expected
    again = await public_links.find_link(token, "lunch")
    assert again
    assert again.used_at


async def test_links_that_ended_long_ago_are_forgotten() -> None:
    customer = await make_customer()
    await make_link(customer, lasts=-timedelta(days=31))
    kept, _ = await make_link(customer)
    await public_links.purge_links(customer.system)
    async with job_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT count(*) FROM public_link") == 1
    assert await public_links.find_link(kept, "lunch")


async def test_looking_changes_nothing_and_a_button_decides_once(
    web: httpx.AsyncClient, settings: Settings
) -> None:
    customer = await make_customer()
    token, _ = await make_link(customer)
    address = public_links.public_address(settings, "lunch", token)
    for _ in range(3):  # a mail scanner, and the person
        page = await web.get(address, headers={"accept-language": "fr-BE, en;q=0.5"})
        assert page.status_code == 200
        assert f"{customer.slug.title()} asks" in page.text
        assert '<html lang="fr">' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-robots-tag"].startswith("noindex")
    wrong = await web.post(address, headers=OURS, data={"choice": "perhaps"})
    assert wrong.status_code == 422
    assert "Choose yes or no." in wrong.text
    assert "Decided<" in (await web.post(address, headers=OURS, data={"choice": "yes"})).text
    assert "Decided before" in (await web.post(address, headers=OURS, data={"choice": "no"})).text
    after = await web.get(address)
    assert "&lt;b&gt;Thanks" in after.text
    assert '<html lang="nl">' in after.text


async def test_a_form_that_cannot_be_read_does_not_say_that_the_link_is_gone(
    web: httpx.AsyncClient, settings: Settings
) -> None:
    customer = await make_customer()
    token, _ = await make_link(customer)
    address = public_links.public_address(settings, "lunch", token)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body, status in ((b"choice=%00", 400), (b"a=1&" * 51, 400), (b"choice=" + b"x" * 20_000, 413)):
        refused = await web.post(address, headers={**OURS, **kind}, content=body)
        assert refused.status_code == status
        assert "This form cannot be read" in refused.text
        assert refused.headers["referrer-policy"] == "no-referrer"
    assert "Decided<" in (await web.post(address, headers=OURS, data={"choice": "yes"})).text


async def test_a_page_that_would_write_while_it_is_drawn_cannot(web: httpx.AsyncClient) -> None:
    customer = await make_customer()
    token, _ = await make_link(customer, purpose="meddling")
    assert (await web.get(f"/p/meddling/{token}")).status_code == 503
    found = await public_links.find_link(token, "meddling")
    assert found
    assert found.used_at is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_button_on_another_site_decides_nothing(
    web: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    customer = await make_customer()
    token, _ = await make_link(customer)
    assert (await web.post(f"/p/lunch/{token}", headers=headers, data={"choice": "yes"})).status_code == 403
    # Browsers call the origin of a page that tells nobody where it is "null", and vouch for it beside that.
    own = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert (await web.post(f"/p/lunch/{token}", headers=own, data={"choice": "yes"})).status_code == 200


async def test_whatever_is_wrong_with_a_link_the_page_is_the_same(web: httpx.AsyncClient) -> None:
    customer = await make_customer()
    token, _ = await make_link(customer)
    expired, _ = await make_link(customer, lasts=-HOUR)
    answers = [
        await web.get(path)
        for path in (
            f"/p/lunch/{'x' * 43}",
            f"/p/lunch/{expired}",
            f"/p/other/{token}",
            f"/p/nothing/{token}",
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "This link does not work any more" in answers[0].text


async def test_many_tries_from_one_address_are_slowed(
    web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [(await web.get("/p/lunch/guess")).status_code for _ in range(TRIES + 1)]
    assert statuses == [404] * TRIES + [429]
    limit, now = RateLimit(tries=1, seconds=60), clock.now()
    assert [limit.allows("a"), limit.allows("a"), limit.allows("b")] == [True, False, True]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=61))
    assert limit.allows("a")


async def test_a_token_is_not_written_to_the_log_when_a_page_fails(
    web: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer()
    token, _ = await make_link(customer)

    async def fail(scope: Scope, link: PublicLinkGrant, language: str) -> PublicView:
        raise RuntimeError

    monkeypatch.setitem(PUBLIC_PAGES, "lunch", PublicPage(fail, act))
    with structlog.testing.capture_logs() as logs:
        for address in (f"/p/lunch/{token}", f"/p/lunch/{token}/"):
            assert (await web.get(address)).status_code == 500
    assert [entry["path"] for entry in logs] == ["/p/lunch/…"] * 2
    assert token not in str([{**entry, "exc_info": ""} for entry in logs])
