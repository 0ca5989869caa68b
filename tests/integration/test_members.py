"""Members, sessions and tokens on a real database as the real role."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotAuthenticated, NotFound, ValidationFailed
from backend.core.messaging.live_topics import TopicHub
from backend.core.permissions import Permission, Portal
from backend.core.secrets import token_hash
from backend.core.use_case import use_case
from backend.issuer.accounts import check_password
from backend.lines.service import fleet_frame
from backend.members import access, actors, sessions, tokens
from backend.members import service as members
from backend.members.lifecycle import ABSOLUTE
from backend.members.schemas import OpenedSession
from backend.members.tenants import create_tenant
from tenants.scope import Actor, Reach, Scope
from tenants.tenant_state import TenantState
from tenants.transaction import OutsideScope, open_global, open_scope
from tests.support.database import TestDatabase
from tests.support.identity import PASSWORD, Company, audit_actions, company


@pytest.fixture
async def sql(database: TestDatabase) -> AsyncIterator[Any]:
    """The superuser's view, to turn the clock and to look behind the policies."""
    connection = await asyncpg.connect(database.superuser_url)
    yield connection
    await connection.close()


async def open_for(one: Company) -> OpenedSession:
    return await sessions.open_session(one.actor, one.member_id, clock.now())


@use_case(Permission.SELF)
async def who_am_i(scope: Scope) -> Actor:
    """A use case of this test: the actor as its scope sees it."""
    await scope.connection.fetchval("SELECT 1")
    return scope.actor


async def test_a_session_gives_its_actor_and_is_stored_hashed(sql: Any) -> None:
    delta = await company("delta")
    opened = await open_for(delta)
    actor = await sessions.load_session(opened.token)
    assert actor is not None
    assert (actor.tenant_id, actor.member_id) == (delta.tenant_id, delta.member_id)
    assert actor.session_id == opened.session_id
    assert actor.signed_in_at is not None
    assert await sql.fetchval("SELECT token_hash FROM portal_session") == token_hash(opened.token)
    for unknown in ("", "x", opened.token + "x", opened.token.swapcase()):
        assert await sessions.load_session(unknown) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE portal_session SET ended_at = now()",
        "UPDATE portal_session SET expires_at = now() - interval '1 second'",
        "UPDATE portal_session SET seen_at = now() - interval '8 hours 1 second'",
        "UPDATE member SET state = 'blocked'",
        "UPDATE tenant SET state = 'suspended'",
    ],
)
async def test_a_session_ends_with_time_and_with_its_member(sql: Any, change: str) -> None:
    opened = await open_for(await company("delta"))
    actor = await sessions.load_session(opened.token)
    assert actor
    assert await actors.recheck(actor)
    assert await who_am_i(actor)
    await sql.execute(change)
    assert await sessions.load_session(opened.token) is None
    assert await actors.recheck(actor) is None
    with pytest.raises(NotAuthenticated):
        await who_am_i(actor)


async def test_a_session_in_use_stays_open_and_lasts_a_day_at_most(sql: Any) -> None:
    opened = await open_for(await company("delta"))
    await sql.execute("UPDATE portal_session SET seen_at = now() - interval '7 hours'")
    assert await sessions.load_session(opened.token)
    assert await sql.fetchval("SELECT now() - seen_at < interval '5 seconds' FROM portal_session")
    lasts = await sql.fetchval("SELECT expires_at - created_at FROM portal_session")
    assert abs(lasts - ABSOLUTE).total_seconds() < 5


async def test_changed_rights_hold_in_the_very_next_use_case(sql: Any) -> None:
    actor = await sessions.load_session((await open_for(await company("delta"))).token)
    assert actor
    assert (await who_am_i(actor)).roles == {"owner", "fleet_manager"}
    await sql.execute("UPDATE member SET roles = '{auditor}'")
    assert (await who_am_i(actor)).roles == {"auditor"}
    with pytest.raises(Forbidden):
        await tokens.list_tokens(actor)
    await sql.execute("UPDATE member SET roles = '{end_user}'")
    with pytest.raises(Forbidden):  # the manager portal has no roles left for this member
        await who_am_i(actor)


async def test_reach_is_loaded_and_follows_changes(sql: Any) -> None:
    account, centre = uuid4(), uuid4()
    actor = await sessions.load_session((await open_for(await company("delta"))).token)
    assert actor
    assert actor.reach.everything
    await sql.execute(
        "UPDATE member SET reach_billing_accounts = $1, reach_cost_centres = $2", [account], [centre]
    )
    assert (await who_am_i(actor)).reach == Reach(frozenset({account}), frozenset({centre}))
    await sql.execute("UPDATE member SET reach_billing_accounts = '{}', reach_cost_centres = NULL")
    assert not (await who_am_i(actor)).reach.everything


async def test_the_user_portal_shows_own_lines_only(sql: Any) -> None:
    delta = await company("delta", roles=("fleet_manager", "end_user"))
    manager = await sessions.load_session((await open_for(delta)).token)
    assert manager
    assert manager.end_user_id is None
    user = await sessions.load_session((await sessions.switch_portal(manager, Portal.USER)).token)
    assert user
    assert user.roles == {"end_user"}
    assert user.end_user_id == UUID(int=0)  # nobody yet: no line, not every line
    end_user = uuid4()
    await sql.execute(
        "INSERT INTO end_user (id, tenant_id, member_id, given_name, family_name, email, language) VALUES ($1, $2, $3, '', '', '', 'fr')",
        end_user,
        delta.tenant_id,
        delta.member_id,
    )
    assert (await who_am_i(user)).end_user_id == end_user


async def test_switching_rotates_keeps_the_sign_in_time_and_the_absolute_end(sql: Any) -> None:
    delta = await company("delta", roles=("fleet_manager", "end_user"))
    opened = await open_for(delta)
    before = await sessions.load_session(opened.token)
    assert before
    await sessions.set_language(before, "nl")
    switched = await sessions.switch_portal(before, Portal.USER)
    assert switched.token != opened.token
    assert await sessions.load_session(opened.token) is None
    after = await sessions.load_session(switched.token)
    assert after
    assert (after.signed_in_at, after.language) == (before.signed_in_at, "nl")
    assert await sql.fetchval("SELECT count(DISTINCT expires_at) FROM portal_session") == 1
    with pytest.raises(NotAuthenticated):
        await sessions.switch_portal(before, Portal.USER)


async def test_another_company_of_the_same_person_and_no_other(sql: Any) -> None:
    delta, lumen = await company("delta"), await company("lumen", password=None)
    atlas = await company("atlas", "amina@atlas.example")
    actor = await sessions.load_session((await open_for(delta)).token)
    assert actor
    for foreign in (atlas.tenant_id, uuid4()):
        with pytest.raises(NotFound):
            await sessions.switch_tenant(actor, foreign)
    moved = await sessions.load_session((await sessions.switch_tenant(actor, lumen.tenant_id)).token)
    assert moved
    assert moved.tenant_id == lumen.tenant_id
    assert await actors.recheck(actor) is None
    assert await sql.fetchval("SELECT count(DISTINCT expires_at) FROM portal_session") == 1


async def test_a_member_of_another_company_cannot_be_signed_in_here() -> None:
    delta, lumen = await company("delta"), await company("lumen", "nora@lumen.example")
    with pytest.raises(NotFound):
        await sessions.open_session(delta.actor, lumen.member_id, clock.now())
    with pytest.raises(NotFound):
        await tokens.create_token(delta.actor, lumen.member_id)
    actor = await sessions.load_session((await open_for(delta)).token)
    assert actor
    token = await tokens.create_token(lumen.actor, lumen.member_id)
    foreign = (await tokens.list_tokens(lumen.actor))[0]
    with pytest.raises(NotFound):
        await tokens.revoke_token(actor, foreign.id)
    assert await tokens.authenticate_token(token)
    assert await tokens.list_tokens(actor) == []


async def test_ending_a_session_is_heard_in_every_process(database: TestDatabase) -> None:
    delta = await company("delta")
    actor = await sessions.load_session((await open_for(delta)).token)
    assert actor
    heard = asyncio.Event()
    live = TopicHub(database.logins.app)
    await live.start()
    live.subscribe(delta.tenant_id, f"session:{actor.session_id}", heard.set)
    await sessions.end_session(actor)
    await asyncio.wait_for(heard.wait(), 10)
    await live.stop()
    with pytest.raises(NotAuthenticated):
        await sessions.end_session(actor)


async def test_all_sessions_of_a_member_can_be_ended_and_only_theirs() -> None:
    delta, lumen = await company("delta"), await company("lumen", "nora@lumen.example")
    other = await members.add_member(
        delta.actor, email="bo@delta.example", name="Bo", roles=["auditor"], password=PASSWORD
    )
    tokens = [(await open_for(delta)).token for _ in range(2)]
    kept = [
        (await open_for(lumen)).token,
        (await sessions.open_session(delta.actor, other, clock.now())).token,
    ]
    assert await sessions.end_sessions_of(delta.actor, delta.member_id) == 2
    assert [await sessions.load_session(token) for token in tokens] == [None, None]
    assert all([await sessions.load_session(token) for token in kept])
    assert await sessions.end_sessions_of(delta.actor, lumen.member_id) == 0


async def test_a_token_acts_as_its_member(sql: Any, database: TestDatabase) -> None:
    delta = await company("delta")
    token = await tokens.create_token(delta.actor, delta.member_id, "export job")
    assert token.startswith("flt_")
    actor = await tokens.authenticate_token(token)
    assert actor
    assert (actor.member_id, actor.session_id, actor.roles) == (
        delta.member_id,
        None,
        {"owner", "fleet_manager"},
    )
    assert await sql.fetchval("SELECT token_hash FROM api_token") == token_hash(token)
    shown = (await tokens.list_tokens(actor))[0]
    assert (shown.label, shown.member) == ("export job", "An Peeters")
    assert shown.last_used_at is not None
    assert await tokens.authenticate_token(token[:-1]) is None
    assert await tokens.authenticate_token("") is None
    assert "token.created" in await audit_actions(database.superuser_url, delta.tenant_id)


async def test_a_revoked_token_does_nothing_from_that_moment_on(database: TestDatabase) -> None:
    delta = await company("delta")
    token = await tokens.create_token(delta.actor, delta.member_id)
    actor = await tokens.authenticate_token(token)
    assert actor
    assert await who_am_i(actor)
    assert actor.token_id
    await tokens.revoke_token(delta.actor, actor.token_id)
    remembered = await tokens.authenticate_token(token)  # as another process would still remember it
    with pytest.raises(NotAuthenticated):
        await who_am_i(remembered or actor)
    await tokens.revoke_token(delta.actor, actor.token_id)
    actions = await audit_actions(database.superuser_url, delta.tenant_id)
    assert actions.count("token.revoked") == 1
    with pytest.raises(NotFound):
        await tokens.revoke_token(delta.actor, uuid4())


async def test_a_token_in_use_costs_no_query_and_notes_its_use_once_a_minute(
    sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    delta = await company("delta")
    token = await tokens.create_token(delta.actor, delta.member_id)
    first = await tokens.authenticate_token(token)
    await sql.execute("UPDATE api_token SET last_used_at = now() - interval '2 minutes'")
    assert await tokens.authenticate_token(token) is first
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert await tokens.authenticate_token(token)
    assert await sql.fetchval("SELECT now() - last_used_at < interval '5 seconds' FROM api_token")


async def test_people_make_tokens_for_themselves_only() -> None:
    delta = await company("delta")
    other = await members.add_member(
        delta.actor, email="bo@delta.example", name="Bo", roles=["fleet_manager"], password=PASSWORD
    )
    actor = await sessions.load_session((await open_for(delta)).token)
    assert actor
    assert await tokens.create_token(actor, delta.member_id)
    with pytest.raises(Forbidden):
        await tokens.create_token(actor, other)


async def test_the_profile_says_what_the_account_menu_shows(sql: Any) -> None:
    delta = await company("delta", roles=("fleet_manager", "end_user"))
    await company("lumen", password=None)
    actor = await sessions.load_session((await open_for(delta)).token)
    assert actor
    shown = await members.profile(actor)
    assert (shown.name, shown.given_name, shown.tenant, shown.carrier) == (
        "An Peeters",
        "An",
        "Delta",
        "mandarine",
    )
    assert shown.portals == (Portal.MANAGER, Portal.USER)
    assert [(one.tenant, one.current) for one in shown.memberships] == [("Delta", True), ("Lumen", False)]
    assert (await fleet_frame(actor)).customer_number == ""
    organisation = uuid4()
    await sql.execute(
        "INSERT INTO organisation (id, tenant_id, name, enterprise_number, vat_number, address) VALUES ($1, $2, 'D', '', '', '')",
        organisation,
        delta.tenant_id,
    )
    for number, kind in (("6000001-00", "invoice_only"), ("6000002-00", "line_bearing")):
        await sql.execute(
            "INSERT INTO billing_account (id, tenant_id, organisation_id, number, label, kind) VALUES ($1, $2, $3, $4, '', $5)",
            uuid4(),
            delta.tenant_id,
            organisation,
            number,
            kind,
        )
    assert (await fleet_frame(actor)).customer_number == "6000002-00"
    await sql.execute("UPDATE member SET reach_billing_accounts = '{}'")
    renewed = await actors.recheck(actor)
    assert renewed
    assert (await fleet_frame(renewed)).customer_number == ""
    with pytest.raises(Forbidden):
        await members.profile(delta.actor)


async def test_adding_a_member_checks_what_was_given() -> None:
    delta = await company("delta", mobile="+32470100001")
    good = {"email": "bo@delta.example", "name": "Bo", "roles": ["auditor"], "password": PASSWORD}
    for wrong in (
        {"roles": ["king"]},
        {"password": "short"},
        {"password": None},
        {"email": "no address"},
        {"mobile": "12"},
        {"mobile": "0470 10 00 01"},
        {"language": "xx"},
    ):
        with pytest.raises(ValidationFailed):
            await members.add_member(delta.actor, **{**good, **wrong})  # type: ignore[arg-type]
    assert await members.add_member(delta.actor, **good)  # type: ignore[arg-type]
    assert await members.find_member(delta.actor, "BO@delta.example")
    with pytest.raises(NotFound):
        await members.find_member(delta.actor, "nobody@delta.example")


async def test_only_the_operator_adds_members_for_now() -> None:
    delta = await company("delta")
    actor = await sessions.load_session((await open_for(delta)).token)
    assert actor
    with pytest.raises(Forbidden):
        await members.add_member(
            actor, email="bo@delta.example", name="Bo", roles=["owner"], password=PASSWORD
        )


async def test_a_new_password_ends_every_token_of_the_person_even_where_the_company_is_suspended() -> None:
    delta, lumen = await company("delta"), await company("lumen", password=None)
    made = [await tokens.create_token(one.actor, one.member_id) for one in (delta, lumen)]
    actors = [await tokens.authenticate_token(token) for token in made]
    await access.set_tenant_state(lumen.actor, TenantState.SUSPENDED)
    await company("atlas", password="another good password")
    await access.set_tenant_state(lumen.actor, TenantState.ACTIVE)
    for actor in actors:
        assert actor
        with pytest.raises(NotAuthenticated):
            await who_am_i(actor)


async def test_a_new_password_ends_every_session_of_the_person() -> None:
    delta, lumen = await company("delta"), await company("lumen", password=None)
    tokens = [(await open_for(one)).token for one in (delta, lumen)]
    await company("atlas", password="another good password")
    assert [await sessions.load_session(token) for token in tokens] == [None, None]
    assert (await check_password("an@delta.example", PASSWORD, "192.0.2.1")).person is None
    assert (await check_password("an@delta.example", "another good password", "192.0.2.1")).person


async def test_a_tenant_has_a_good_slug_of_its_own() -> None:
    await create_tenant("delta", "Delta Logistics", "mandarine")
    with pytest.raises(Conflict):
        await create_tenant("delta", "Another", "mandarine")
    for slug in ("", "Delta", "-x", "x-", "a b", "x" * 41):
        with pytest.raises(ValidationFailed):
            await create_tenant(slug, "Name", "mandarine")
    with pytest.raises(ValidationFailed):
        await create_tenant("named", " ", "mandarine")


async def test_old_sessions_are_forgotten(sql: Any) -> None:
    delta = await company("delta")
    await open_for(delta)
    kept = await open_for(delta)
    await sql.execute(
        "UPDATE portal_session SET expires_at = now() - interval '2 days' WHERE id <> $1", kept.session_id
    )
    await sessions.purge_sessions(delta.actor)
    assert await sql.fetchval("SELECT array_agg(id) FROM portal_session") == [kept.session_id]


async def test_without_a_tenant_no_customer_s_row_is_reached(sql: Any) -> None:
    delta = await company("delta")
    async with open_global() as connection:
        assert await connection.fetchval("SELECT count(*) FROM account") == 1
    with pytest.raises(asyncpg.PostgresError):
        async with open_global() as connection:
            await connection.fetch("SELECT * FROM member")
    async with open_scope(delta.actor):
        with pytest.raises(OutsideScope):
            async with open_global():
                pass


async def test_the_product_itself_is_nobody_s_session() -> None:
    delta = await company("delta")
    assert await actors.recheck(delta.actor) == delta.actor
    with pytest.raises(Forbidden):
        await sessions.switch_portal(delta.actor, Portal.USER)
    with pytest.raises(NotAuthenticated):
        await sessions.switch_tenant(delta.actor, delta.tenant_id)
    await sessions.end_session(delta.actor)
    token_actor = await tokens.authenticate_token(await tokens.create_token(delta.actor, delta.member_id))
    assert token_actor
    assert await actors.recheck(token_actor)
