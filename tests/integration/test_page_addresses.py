"""Addresses of pages: too long, with too many values, with what cannot be read; and how large a page may become."""

from collections.abc import AsyncIterator

import httpx
import pytest

from backend.app import create_api
from backend.core import clock
from backend.core.permissions import Portal
from backend.members import service as members
from backend.members import sessions
from backend.settings import Settings
from frontend.http.address_checks import ADDRESS_TOO_LONG
from frontend.http.server import create_web
from frontend.i18n import translator_for
from frontend.page_address import LONGEST_ADDRESS, MOST_VALUES
from frontend.page_context import Services
from tenants.scope import Actor
from tests.support.factories import make_customer


@pytest.fixture
async def web(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A fleet manager with two lines, signed in."""
    manager = (await make_customer(lines=2)).manager
    assert manager.member_id
    opened = await sessions.open_session(
        Actor(manager.tenant_id), manager.member_id, clock.now(), portal=Portal.MANAGER
    )
    doors = Services(sessions.load_session, members.profile, lambda *_: lambda: None)
    app = create_web(settings, create_api(settings), doors)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    cookies = {"fleetline_session": opened.token}
    async with httpx.AsyncClient(
        transport=transport, base_url=settings.public_url, cookies=cookies
    ) as client:
        yield client


LONG = "x" * LONGEST_ADDRESS


@pytest.mark.parametrize(
    "path", [f"/app/fleet?search={LONG}", f"/app/{LONG}", f"/auth/login?next={LONG}", f"/healthz?{LONG}"]
)
async def test_an_address_that_is_too_long_is_refused_at_every_door(
    web: httpx.AsyncClient, path: str
) -> None:
    answer = await web.get(path, headers={"accept-language": "fr"})
    assert (answer.status_code, answer.text) == (414, translator_for("fr")(ADDRESS_TOO_LONG))
    assert answer.headers["cache-control"] == "no-store"


async def test_over_rest_it_is_a_problem_document(web: httpx.AsyncClient) -> None:
    answer = await web.get(f"/api/v1/lines?search={LONG}")
    assert answer.status_code == 414
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too_long"


@pytest.mark.parametrize("page", ["fleet", "requests", "usage", "start/suspend", "bulk", "notifications"])
async def test_a_page_leaves_out_no_part_of_a_filter(web: httpx.AsyncClient, page: str) -> None:
    """Without it, more would be shown than was meant: nothing is."""
    many = "&".join(f"plan=p{number}" for number in range(MOST_VALUES + 1))
    answer = await web.get(f"/app/{page}?{many}")
    assert answer.status_code == 414
    assert "names too many values" in answer.text
    assert "data-island" not in answer.text
    assert (await web.get(f"/app/{page}?{many.rpartition('&')[0]}")).status_code == 200


async def test_a_page_with_many_filters_stays_small(web: httpx.AsyncClient) -> None:
    """Each link repeats the address, so the number of links must not grow with it."""

    async def size(values: int) -> int:
        answer = await web.get("/app/fleet?" + "&".join(f"plan=plan-of-{n:020d}" for n in range(values)))
        assert answer.status_code == 200
        return len(answer.content)

    few, many = await size(90), await size(180)
    address = len("&plan=plan-of-00000000000000000000") * 90
    # Chips, columns, pages, exports
    assert many - few < 40 * address
    answer = await web.get("/app/fleet?" + "&".join(f"plan=p{n}" for n in range(60)) + "&status=active")
    assert "60 values" in answer.text
    assert answer.text.count('class="chip"') == 2


UNREADABLE = [
    "/app/fleet?search=%00",
    "/app/fleet?plan=a%00b",
    "/app/requests?kind=%00",
    "/app/start/suspend?line=%00",
    "/app/usage?group=%00",
    "/app/export/lines.csv?plan=%00",
    "/app/export/request-%00.csv",
    "/app/templates/%00.csv",
    "/app/%00",
    "/auth/login?next=%00",
    "/auth/callback?state=%00",
    "/id/authorize?state=%00",
    "/p/successor/%00",
]


@pytest.mark.parametrize("path", UNREADABLE)
async def test_a_nul_is_refused_in_words(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path, headers={"accept-language": "en"})
    assert (answer.status_code, answer.text) == (
        400,
        "Part of what was sent cannot be read. Check it and send it again.",
    )


async def test_a_month_that_does_not_exist_gives_no_file_of_another_month(web: httpx.AsyncClient) -> None:
    for month in ("2026-13", "x", "2026", "202611"):
        assert (await web.get(f"/app/export/usage.csv?month={month}")).status_code == 404, month
    assert (await web.get("/app/export/usage.csv?month=2026-11")).status_code == 200
    assert (await web.get("/app/export/usage.csv")).status_code == 200
    many = "&".join("plan=p" for _ in range(MOST_VALUES + 1))
    assert (await web.get(f"/app/export/lines.csv?{many}")).status_code == 414


async def test_who_has_to_sign_in_comes_back_to_the_page_also_from_a_long_address(
    web: httpx.AsyncClient,
) -> None:
    web.cookies.clear()
    short = await web.get("/app/fleet?plan=a")
    assert short.headers["location"] == "/auth/login?next=%2Fapp%2Ffleet%3Fplan%3Da"
    long = await web.get("/app/fleet?search=" + "x" * 4000)
    assert long.headers["location"] == "/auth/login?next=%2Fapp%2Ffleet"
