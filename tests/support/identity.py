"""Signs people in as a browser would, and makes the companies and people that identity tests need."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID

import asyncpg
import httpx
from litestar import Litestar
from litestar.middleware import DefineMiddleware

from backend.api.auth import identity_routers
from backend.members import service as members
from backend.members import sessions
from backend.members.tenants import create_tenant
from backend.settings import Settings
from backend.web.origin import OriginCheck
from tenants.scope import Actor, MemberId, TenantId

PASSWORD = "correct horse battery"
ORIGIN = "http://localhost:8000"


@dataclass
class Company:
    tenant_id: TenantId
    member_id: MemberId

    @property
    def actor(self) -> Actor:
        """The product itself, in this company."""
        return Actor(self.tenant_id)


async def company(
    slug: str,
    email: str = "an@delta.example",
    *,
    roles: tuple[str, ...] = ("fleet_manager", "owner"),
    mobile: str | None = None,
    password: str | None = PASSWORD,
) -> Company:
    """A company with one member."""
    tenant_id = await create_tenant(slug, slug.title(), "mandarine")
    member_id = await members.add_member(
        Actor(tenant_id), email=email, name="An Peeters", roles=roles, password=password, mobile=mobile
    )
    return Company(tenant_id, member_id)


def identity_app(settings: Settings, stylesheets: Sequence[str] = ()) -> Litestar:
    """The sign-in routes behind the check of origins, as the product puts them together."""
    return Litestar(
        identity_routers(settings, stylesheets),
        middleware=[DefineMiddleware(OriginCheck, public_url=settings.public_url)],
        openapi_config=None,
        logging_config=None,
    )


class Browser:
    """Follows redirects by hand, keeps cookies, and sends the headers that browsers send."""

    def __init__(self, app: Litestar, origin: str = ORIGIN) -> None:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url=origin)
        self.origin = origin
        self.visited: list[str] = []

    async def get(self, address: str, **more: Any) -> httpx.Response:
        self.visited.append(address)
        return await self.client.get(address, **more)

    async def post(self, address: str, data: dict[str, str], **more: Any) -> httpx.Response:
        self.visited.append(address)
        return await self.client.post(address, data=data, headers={"origin": self.origin}, **more)

    async def follow(self, response: httpx.Response) -> httpx.Response:
        """Until an answer that is no redirect, or one that leads into the portal's own pages."""
        while response.is_redirect:
            address = urljoin(str(response.url), response.headers["location"])
            if not urlsplit(address).path.startswith(("/auth/", "/id/")):
                return response
            response = await self.get(address)
        return response

    async def open_sign_in(self, **query: str) -> httpx.Response:
        return await self.follow(await self.get("/auth/login?" + urlencode(query)))

    async def sign_in(self, login: str, password: str = PASSWORD, **query: str) -> httpx.Response:
        """The whole way; the last answer leads into the portal, or shows what is wrong."""
        page = await self.open_sign_in(**query)
        return await self.submit(page, login, password)

    async def submit(self, page: httpx.Response, login: str, password: str = PASSWORD) -> httpx.Response:
        return await self.follow(await self.post(form_action(page), {"login": login, "password": password}))

    @property
    def session(self) -> str:
        return next(
            (c.value or "" for c in self.client.cookies.jar if c.name.endswith("fleetline_session")), ""
        )

    @property
    def actor(self) -> Any:
        return sessions.load_session(self.session)


def form_action(page: httpx.Response) -> str:
    found = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert found, page.text[:400]
    return urljoin(str(page.url), unescape(found[1]))


async def audit_actions(database_url: str, tenant_id: UUID) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT action FROM audit_event WHERE tenant_id = $1 ORDER BY at, id", tenant_id
        )
        return [row["action"] for row in rows]
    finally:
        await connection.close()
