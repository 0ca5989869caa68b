"""Members, tokens and companies that are ended: everything of theirs stops at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from backend.app import create_api
from backend.core import clock
from backend.core.errors import Conflict, NotAuthenticated, NotFound, ValidationFailed
from backend.core.messaging.live_topics import TopicHub
from backend.members import access, operators, sessions, tokens
from backend.members import service as members
from backend.members.lifecycle import MemberState
from backend.settings import Settings
from tenants.tenant_state import TenantState
from tests.support.database import TestDatabase
from tests.support.identity import Company, audit_actions, company

Ending = Callable[[Company], Awaitable[Any]]
ENDINGS: dict[str, Ending] = {
    "blocked": lambda one: access.set_member_state(one.actor, "an@delta.example", MemberState.BLOCKED),
    "removed": lambda one: access.set_member_state(one.actor, "an@delta.example", MemberState.REMOVED),
    "suspended": lambda one: access.set_tenant_state(one.actor, TenantState.SUSPENDED),
}


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


def readable(settings: Settings) -> list[str]:
    """Every address of the REST interface that is read without naming anything."""
    paths = create_api(settings).openapi_schema.to_schema()["paths"]
    return [
        path
        for path, methods in paths.items()
        if "get" in methods and "{" not in path and path.startswith("/api/v1")
    ]


@pytest.mark.parametrize("ending", ENDINGS)
async def test_everything_of_an_ended_member_stops_within_a_second(
    http: httpx.AsyncClient, database: TestDatabase, settings: Settings, ending: str
) -> None:
    delta = await company("delta")
    token = await tokens.create_token(delta.actor, delta.member_id)
    headers = {"authorization": f"Bearer {token}"}
    opened = await sessions.open_session(delta.actor, delta.member_id, clock.now())
    actor = await sessions.load_session(opened.token)
    assert actor
    paths = readable(settings)
    assert len(paths) > 4
    for path in paths:
        assert (await http.get(path, headers=headers)).status_code not in {401, 403}, path
    closed, live = asyncio.Event(), TopicHub(database.logins.app)
    await live.start()
    live.subscribe(delta.tenant_id, f"session:{opened.session_id}", closed.set)
    await ENDINGS[ending](delta)
    await asyncio.wait_for(closed.wait(), 1)
    await live.stop()
    assert await sessions.load_session(opened.token) is None
    for path in paths:
        assert (await http.get(path, headers=headers)).status_code == 401, path
    with pytest.raises(NotAuthenticated):
        await tokens.list_own_tokens(actor)


async def test_a_member_who_comes_back_starts_without_tokens(database: TestDatabase) -> None:
    delta = await company("delta")
    await tokens.create_token(delta.actor, delta.member_id)
    await ENDINGS["blocked"](delta)
    await access.set_member_state(delta.actor, "AN@delta.example", MemberState.ACTIVE)
    assert [one.state for one in await access.list_members(delta.actor)] == ["active"]
    assert all(one.revoked_at for one in await tokens.list_tokens(delta.actor))
    actions = await audit_actions(database.superuser_url, delta.tenant_id)
    assert [name for name in actions if name.startswith(("member.", "token."))] == [
        "member.added",
        "token.created",
        "member.blocked",
        "token.all_revoked",
        "member.unblocked",
    ]


async def test_only_moves_that_exist_are_made() -> None:
    delta = await company("delta")
    await ENDINGS["removed"](delta)
    with pytest.raises(Conflict):
        await access.set_member_state(delta.actor, "an@delta.example", MemberState.ACTIVE)
    with pytest.raises(NotFound):
        await access.set_member_state(delta.actor, "nobody@delta.example", MemberState.BLOCKED)


async def test_a_token_ends_by_itself_within_a_year(database: TestDatabase) -> None:
    delta = await company("delta")
    token = await tokens.create_token(delta.actor, delta.member_id, "export")
    actor = await tokens.authenticate_token(token)
    assert actor
    [shown] = await tokens.list_own_tokens(actor)
    assert timedelta(days=364) < shown.expires_at - clock.now() <= timedelta(days=365)
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE api_token SET expires_at = now() - interval '1 second'")
    await connection.close()
    with pytest.raises(NotAuthenticated):
        await tokens.list_own_tokens(actor)
    for days in (0, 366):
        with pytest.raises(ValidationFailed):
            await tokens.create_token(delta.actor, delta.member_id, days=days)
        with pytest.raises(ValidationFailed):
            await operators.create_operator_token("Nadia", days=days)


async def test_a_token_of_the_staff_ends_by_itself_too(database: TestDatabase) -> None:
    token = await operators.create_operator_token("Nadia Operator", days=1)
    assert await operators.authenticate_operator(token) == "Nadia Operator"
    [shown] = await operators.list_operator_tokens()
    assert shown.expires_at - shown.created_at == timedelta(days=1)
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE operator_token SET expires_at = now()")
    await connection.close()
    assert await operators.authenticate_operator(token) is None


async def test_whoever_holds_a_token_revokes_it_and_nobody_elses() -> None:
    delta = await company("delta")
    other = await company("lumen", "nora@lumen.example")
    for one in (delta, other):
        await tokens.create_token(one.actor, one.member_id)
    colleague = await members.add_member(
        delta.actor, email="bo@delta.example", name="Bo", roles=["owner"], password="another good password"
    )
    await tokens.create_token(delta.actor, colleague)
    opened = await sessions.open_session(delta.actor, delta.member_id, clock.now())
    actor = await sessions.load_session(opened.token)
    assert actor
    [own] = await tokens.list_own_tokens(actor)
    [foreign] = await tokens.list_tokens(other.actor)
    [of_colleague] = [one for one in await tokens.list_tokens(delta.actor) if one.member == "Bo"]
    for token in (foreign, of_colleague):
        with pytest.raises(NotFound):
            await tokens.revoke_own_token(actor, token.id)
    await tokens.revoke_own_token(actor, own.id)
    assert await tokens.list_own_tokens(actor) == []
    assert [one.revoked_at for one in await tokens.list_tokens(other.actor)] == [None]
