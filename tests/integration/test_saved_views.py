"""Saved views: a member's own, shared within the company, bounded, and never showing everything by mistake."""

from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from backend.core.errors import AppError, Conflict, Forbidden, NotFound, ValidationFailed
from backend.core.messaging.jobs import job_scope
from backend.core.permissions import PERMISSIONS, Permission, Role
from backend.lines.schemas import LineFilter, Sort
from backend.members.access import set_member_state
from backend.members.lifecycle import MemberState
from backend.saved_views import service
from backend.saved_views.schemas import MOST_VALUES, FleetQuery, RequestsQuery, SavedViewInfo, ViewPage
from backend.saved_views.service import change_view, delete_view, get_view, list_views, purge_views, save_view
from frontend.components.saved_views import address_of, tab_entries
from frontend.page_address import address_problem
from tenants.scope import Actor
from tests.support.factories import Customer, make_customer, make_member

NAMUR = FleetQuery(
    filter=LineFilter(search="peeters", status=("active", "suspended")), sort=Sort.PLAN, descending=True
)


async def names(actor: Actor, page: ViewPage = ViewPage.FLEET) -> list[str]:
    return [one.name for one in await list_views(actor, page)]


async def owner_of(customer: Customer) -> Actor:
    return await make_member(customer.tenant_id, roles=frozenset({"owner"}))


async def test_a_view_is_saved_opened_renamed_and_deleted() -> None:
    customer = await make_customer(lines=3)
    saved = await save_view(customer.manager, "  Team   Namur ", NAMUR)
    assert (saved.name, saved.own, saved.may_change, saved.shared) == ("Team Namur", True, True, False)
    assert saved.query == NAMUR
    opened = await get_view(customer.manager, saved.id)
    assert opened.view == saved
    assert opened.gone == {"status": ["suspended"]}, "no line is suspended"
    renamed = await change_view(customer.manager, saved.id, name="Namur", shared=True)
    assert (renamed.name, renamed.shared, renamed.query) == ("Namur", True, NAMUR)
    open_ones = RequestsQuery(group="running", kind="suspend", search="0470")
    await save_view(customer.manager, "Namur", open_ones)
    assert await names(customer.manager) == ["Namur"]
    assert await names(customer.manager, ViewPage.REQUESTS) == ["Namur"]
    await delete_view(customer.manager, saved.id)
    assert await names(customer.manager) == []
    with pytest.raises(NotFound):
        await get_view(customer.manager, saved.id)


async def test_others_see_what_is_shared_and_change_nothing_of_it() -> None:
    customer, other = await make_customer(lines=1), await make_customer(lines=1)
    colleague = await make_member(customer.tenant_id)
    own = await save_view(customer.manager, "Own", NAMUR)
    shared = await save_view(customer.manager, "Shared", NAMUR, shared=True)
    await save_view(colleague, "Mine", FleetQuery())
    assert await names(colleague) == ["Mine", "Shared"]
    assert await names(customer.manager) == ["Own", "Shared"]
    assert await names(other.manager) == []
    seen = (await get_view(colleague, shared.id)).view
    assert (seen.owner, seen.own, seen.may_change) == (customer.manager.name, False, False)
    for view_id, error in ((shared.id, Forbidden), (own.id, NotFound)):
        with pytest.raises(error):
            await change_view(colleague, view_id, name="Taken", shared=False)
        with pytest.raises(error):
            await delete_view(colleague, view_id)
    for view_id in (own.id, shared.id):
        with pytest.raises(NotFound):
            await get_view(other.manager, view_id)
    # No longer shared, it is gone for the others
    await change_view(customer.manager, shared.id, name="Shared", shared=False)
    assert await names(colleague) == ["Mine"]


async def test_what_a_removed_member_shared_stays_and_the_rest_goes() -> None:
    customer = await make_customer(lines=1)
    colleague, boss = await make_member(customer.tenant_id), await owner_of(customer)
    await save_view(customer.manager, "Private", NAMUR)
    shared = await save_view(customer.manager, "Shared", NAMUR, shared=True)
    await set_member_state(boss, customer.manager.email, MemberState.REMOVED)
    await purge_views(customer.system)
    async with job_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT count(*) FROM saved_view") == 1
    (left,) = await list_views(colleague, ViewPage.FLEET)
    assert (left.name, left.owner, left.own, left.may_change) == ("Shared", "", False, True)
    # It stays shared: nobody else could see it otherwise
    changed = await change_view(colleague, shared.id, name="Ours", shared=False)
    assert (changed.name, changed.shared) == ("Ours", True)
    await delete_view(boss, shared.id)
    assert await names(colleague) == []


PLANS = tuple(f"plan-{number}" for number in range(MOST_VALUES))
# As an address has them: three signs a sign
LARGE = FleetQuery(filter=LineFilter(plan=tuple(f"{'%' * 50}{number}" for number in range(60))))


async def test_a_view_is_no_larger_than_a_page_has_room_for() -> None:
    customer = await make_customer(lines=1)
    whole = FleetQuery(filter=LineFilter(plan=PLANS))
    saved = await save_view(customer.manager, "Whole", whole, shared=True)
    assert saved.query == whole
    sorted_whole = FleetQuery(filter=whole.filter, sort=Sort.PLAN, descending=True)
    assert address_problem(*f"{address_of(sorted_whole)}&page=3".split("?")) is None
    for large in (
        FleetQuery(filter=LineFilter(plan=PLANS, status=("active",))),
        FleetQuery(filter=LineFilter(plan=("x" * 1900,), option=tuple(f"{n}" * 1900 for n in range(5)))),
        LARGE,
    ):
        for shared in (True, False):
            with pytest.raises(ValidationFailed) as refused:
                await save_view(customer.manager, "Large", large, shared=shared)
            assert refused.value.code == "view_too_large"
    assert await names(customer.manager) == ["Whole"]


async def test_a_larger_one_that_is_there_already_is_not_drawn() -> None:
    customer = await make_customer(lines=1)
    colleague = await make_member(customer.tenant_id)
    for name in ("Large", "Larger"):
        await save_view(customer.manager, name, NAMUR, shared=True)
    await save_view(customer.manager, "Small", NAMUR, shared=True)
    async with job_scope(customer.system) as scope:
        longer = '{"page":"fleet","filter":{"plan":["' + "x" * 1_000_000 + '"]}}'
        for name, body in (("Large", msgspec.json.encode(LARGE).decode()), ("Larger", longer)):
            await scope.execute("UPDATE saved_view SET query = $2 WHERE name = $1", name, body)
    found = {view.name: view.query for view in await list_views(colleague, ViewPage.FLEET)}
    assert found == {"Large": None, "Larger": None, "Small": NAMUR}
    assert tab_entries(await list_views(colleague, ViewPage.FLEET)) == [("Small", address_of(NAMUR))]


async def test_names_and_numbers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await make_customer(lines=1)
    for wrong in ("", "   ", "x" * 61, "a\x00b", "a\u202eb"):
        with pytest.raises(ValidationFailed) as refused:
            await save_view(customer.manager, wrong, FleetQuery())
        assert set(refused.value.fields) == {"name"}
    first = await save_view(customer.manager, "Straße", FleetQuery())
    second = await save_view(customer.manager, "x" * 60, FleetQuery())
    for taken in ("STRASSE", "straße"):
        with pytest.raises(Conflict) as conflict:
            await save_view(customer.manager, taken, FleetQuery())
        assert conflict.value.code == "view_name_taken"
        with pytest.raises(Conflict):
            await change_view(customer.manager, second.id, name=taken, shared=False)
    assert (await change_view(customer.manager, first.id, name="STRASSE", shared=False)).name == "STRASSE"
    monkeypatch.setattr(service, "MOST_OWN", 2)
    with pytest.raises(Conflict) as many:
        await save_view(customer.manager, "Third", FleetQuery())
    assert many.value.code == "too_many_views"
    # Each page counts for itself, and so does each member
    await save_view(customer.manager, "Third", RequestsQuery())
    await save_view(await make_member(customer.tenant_id), "Third", FleetQuery())
    with pytest.raises(ValidationFailed):
        await save_view(customer.manager, "Fourth", RequestsQuery(kind="nope"))


async def test_a_view_that_cannot_be_read_any_more_says_so() -> None:
    customer = await make_customer(lines=1)
    saved = await save_view(customer.manager, "Old", NAMUR)
    kinds = await save_view(customer.manager, "Old kind", RequestsQuery(kind="suspend"))
    async with job_scope(customer.system) as scope:
        await scope.connection.execute(
            """UPDATE saved_view SET query = '{"page": "fleet", "filter": {"colour": ["red"]}}' WHERE id = $1""",
            saved.id,
        )
        await scope.connection.execute(
            """UPDATE saved_view SET query = '{"page": "requests", "kind": "gone_kind"}' WHERE id = $1""",
            kinds.id,
        )
    (found,) = await list_views(customer.manager, ViewPage.FLEET)
    assert found.query is None
    assert (await get_view(customer.manager, saved.id)).gone == {}
    assert (await get_view(customer.manager, kinds.id)).gone == {"kind": ["gone_kind"]}


async def test_the_right_to_see_the_page_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await make_customer(lines=1)
    shared = await save_view(customer.manager, "Shared", NAMUR, shared=True)

    async def refused(actor: Actor, error: type[AppError]) -> None:
        with pytest.raises(error):
            await list_views(actor, ViewPage.REQUESTS)
        with pytest.raises(error):
            await get_view(actor, shared.id)

    await refused(await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"})), Forbidden)
    await refused(replace(customer.manager, member_id=None), Forbidden)
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    assert await names(auditor) == ["Shared"]
    # A role that sees lines and no requests: none has only that today
    requests = await save_view(customer.manager, "Running", RequestsQuery(), shared=True)
    monkeypatch.setitem(PERMISSIONS, Role.AUDITOR, frozenset({Permission.LINES_READ}))
    assert await names(auditor) == ["Shared"]
    for attempt in (list_views(auditor, ViewPage.REQUESTS), get_view(auditor, requests.id)):
        with pytest.raises(Forbidden):
            await attempt


def test_a_view_is_read_as_its_page_writes_it() -> None:
    info = SavedViewInfo(
        id=UUID(int=1),
        page=ViewPage.FLEET,
        name="n",
        shared=False,
        owner="o",
        own=True,
        may_change=True,
        query=NAMUR,
    )
    assert msgspec.json.decode(msgspec.json.encode(info), type=SavedViewInfo) == info
