"""A member's unfinished requests: listed, taken up where they stopped, deleted, bounded, and nobody else's to see."""

from datetime import timedelta
from uuid import UUID

import pytest

from backend.core import clock
from backend.core.errors import NotFound, ValidationFailed
from backend.core.messaging.jobs import job_scope
from backend.lines.schemas import LineFilter, Selection
from backend.orders.placement import drafts
from backend.orders.placement.drafts import (
    drop_draft_line,
    preview_draft,
    purge_drafts,
    save_draft,
    start_draft,
    submit_draft,
)
from backend.orders.placement.unfinished import (
    UnfinishedRequest,
    count_unfinished,
    delete_unfinished,
    find_draft,
    list_unfinished,
)
from tenants.scope import Actor
from tests.support.factories import Customer, make_customer, make_member

SMS = "sms-unlimited"


async def begun(customer: Customer, actor: Actor, kind: str = "change_options", lines: int = 2) -> UUID:
    found = await customer.lines()
    return await start_draft(actor, kind, Selection(line_ids=tuple(line.id for line in found[:lines])))


async def filled_in(actor: Actor, draft: UUID) -> UUID:
    await save_draft(actor, draft, {"add": (SMS,)})
    return draft


async def listed(actor: Actor) -> list[UnfinishedRequest]:
    found = await list_unfinished(actor)
    assert found.total == len(found.items) == await count_unfinished(actor)
    return found.items


async def age(customer: Customer, by: timedelta) -> None:
    async with job_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE change_order SET touched_at = touched_at - $1::interval, created_at = created_at - $1::interval",
            by,
        )


async def test_a_draft_is_listed_with_what_it_is_and_where_it_stopped() -> None:
    customer = await make_customer(lines=3)
    first = await filled_in(customer.manager, await begun(customer, customer.manager))
    await age(customer, timedelta(hours=1))
    matching = Selection(filter=LineFilter(status=("active",)))
    second = await start_draft(customer.manager, "suspend", matching)
    await save_draft(customer.manager, second, {"reason": "lost"})
    new = await start_draft(customer.manager, "add_line")
    await save_draft(customer.manager, new, {"family_name": "Maes"})
    assert [(one.id, one.lines, one.creates, one.page) for one in await listed(customer.manager)] == [
        (new, 0, True, ""),
        (second, 3, False, ""),
        (first, 2, False, ""),
    ]
    # Changed again, it comes first, and goes on where it stopped
    await save_draft(customer.manager, first, {"add": (SMS,)}, complete=True, next_page="review")
    top = (await listed(customer.manager))[0]
    assert (top.id, top.title, top.page) == (first, "Change options", "review")
    assert top.expires_at - top.touched_at == timedelta(days=7)
    assert clock.now() - top.touched_at < timedelta(minutes=1)
    left = (await customer.lines())[0].id
    await drop_draft_line(customer.manager, first, left)
    assert (await listed(customer.manager))[0].lines == 1
    await save_draft(customer.manager, first, {"add": ()}, next_page="https://evil.example/")
    assert (await listed(customer.manager))[0].page == "review"


async def test_a_draft_that_was_sent_is_not_unfinished_any_more() -> None:
    customer = await make_customer(lines=2)
    draft = await begun(customer, customer.manager)
    await save_draft(customer.manager, draft, {"add": (SMS,)}, complete=True)
    shown = await preview_draft(customer.manager, draft)
    await submit_draft(customer.manager, draft, fingerprint=shown.fingerprint)
    assert await listed(customer.manager) == []
    assert await find_draft(customer.manager, draft) == draft
    with pytest.raises(NotFound):
        await delete_unfinished(customer.manager, draft)


async def test_nobody_else_sees_or_deletes_it() -> None:
    customer, other = await make_customer(lines=2), await make_customer(lines=2)
    draft = await filled_in(customer.manager, await begun(customer, customer.manager))
    colleague = await make_member(customer.tenant_id)
    for stranger in (colleague, other.manager):
        assert await listed(stranger) == []
        for refused in (find_draft, delete_unfinished):
            with pytest.raises(NotFound):
                await refused(stranger, draft)
    assert [one.id for one in await listed(customer.manager)] == [draft]
    await delete_unfinished(customer.manager, draft)
    assert await listed(customer.manager) == []
    with pytest.raises(NotFound):
        await delete_unfinished(customer.manager, draft)


async def test_the_same_request_begun_again_is_one_until_it_is_filled_in() -> None:
    customer = await make_customer(lines=3)
    first = await begun(customer, customer.manager)
    assert await begun(customer, customer.manager) == first
    assert await begun(customer, customer.manager, lines=1) != first
    await save_draft(customer.manager, first, {"add": (SMS,)})
    again = await begun(customer, customer.manager)
    assert again != first
    assert [one.id for one in await listed(customer.manager)] == [first]


async def test_a_form_that_was_only_opened_is_no_unfinished_request() -> None:
    customer = await make_customer(lines=3)
    opened = [await begun(customer, customer.manager), await start_draft(customer.manager, "add_line")]
    assert await listed(customer.manager) == []
    # It is there for who goes back to it
    assert [await find_draft(customer.manager, draft) for draft in opened] == opened
    await filled_in(customer.manager, opened[0])
    assert [one.id for one in await listed(customer.manager)] == opened[:1]
    await delete_unfinished(customer.manager, opened[1])


async def test_forms_that_were_only_opened_take_no_place_of_what_was_filled_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer = await make_customer(lines=3)
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 2)
    kept = await filled_in(customer.manager, await begun(customer, customer.manager))
    for count in (1, 2, 3):
        last = await begun(customer, customer.manager, lines=count)
        await age(customer, timedelta(hours=1))
    assert [one.id for one in await listed(customer.manager)] == [kept]
    assert await find_draft(customer.manager, last) == last
    # Where all were filled in, the one that was just opened stays
    await filled_in(customer.manager, last)
    new = await start_draft(customer.manager, "add_line")
    assert await find_draft(customer.manager, new) == new
    assert [one.id for one in await listed(customer.manager)] == [last]


async def test_the_oldest_go_and_those_of_a_week_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await make_customer(lines=3)
    colleague = await make_member(customer.tenant_id)
    theirs = await filled_in(colleague, await begun(customer, colleague))
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 2)
    ids = []
    for count in (1, 2, 3):
        ids.append(await filled_in(customer.manager, await begun(customer, customer.manager, lines=count)))
        await age(customer, timedelta(hours=1))
    assert [one.id for one in await listed(customer.manager)] == [ids[2], ids[1]]
    assert [one.id for one in await listed(colleague)] == [theirs]
    await age(customer, timedelta(days=6, hours=20))
    await save_draft(customer.manager, ids[2], {"add": (SMS,)})
    await age(customer, timedelta(hours=3))
    await purge_drafts(customer.system)
    # What was changed lately stays, however long ago it was begun
    assert [one.id for one in await listed(customer.manager)] == [ids[2]]
    assert await listed(colleague) == []


async def test_pages_count_from_one() -> None:
    customer = await make_customer(lines=2)
    await begun(customer, customer.manager)
    assert (await list_unfinished(customer.manager, page=2)).items == []
    with pytest.raises(ValidationFailed):
        await list_unfinished(customer.manager, page=0)
