"""Messages in the portal: written once beside the mail, whatever the mail server says, and seen by their member alone."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend import runtime
from backend.core import clock
from backend.core.errors import Forbidden, NotFound, Unavailable, ValidationFailed
from backend.core.permissions import Portal
from backend.lines.organisations import link_end_user
from backend.notifications.content import MailContent, Message, PortalContent
from backend.notifications.sending import pin_recipient, pinned_recipient, send_once
from backend.notifications.service import (
    KEPT_FOR_MEMBER,
    count_unread,
    list_notifications,
    mark_all_read,
    mark_read,
    purge_notifications,
)
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.placement.place import place_order
from backend.settings import Settings
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Actor, Scope
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import rows, unused_sim_number
from tests.support.sandbox import Sandbox
from tests.support.serving import free_port
from tests.support.usage import abroad, file_of

ADDRESS = "sofie@user.example"


def shown(member: Actor, title: str = "Done", *, portal: Portal = Portal.MANAGER) -> PortalContent:
    assert member.member_id
    return PortalContent(member.member_id, portal, "en", title, "All of it", "/app/requests")


async def send(
    member: Actor,
    key: str,
    *,
    to: str = ADDRESS,
    title: str = "Done",
    portal: Portal = Portal.MANAGER,
    refusals: list[str | None] | None = None,
) -> None:
    async def compose(_scope: Scope) -> Message:
        mail = MailContent(language="en", subject=title, title=title, paragraphs=())
        return Message(to, mail, shown(member, title, portal=portal))

    async def record(_scope: Scope, refused: str | None) -> None:
        if refusals is not None:
            refusals.append(refused)

    await send_once(Actor(member.tenant_id), key, compose, record=record)


async def fill(member: Actor, count: int, *, days_ago: int = 0, first: int = 0) -> None:
    """So many messages, a second apart, the last one the newest."""
    async with open_scope(Actor(member.tenant_id)) as scope:
        await scope.execute_many(
            "INSERT INTO notification (id, tenant_id, key, channel, member_id, portal, title, text, path, language,"
            " created_at) VALUES ($1, $2, $3, 'portal', $4, 'manager', $5, '', '/app', 'en', $6)",
            [
                (
                    uuid4(),
                    member.tenant_id,
                    f"fill/{number}",
                    member.member_id,
                    str(number),
                    clock.now() - timedelta(days=days_ago, seconds=count - number),
                )
                for number in range(first, first + count)
            ],
        )


async def titles(member: Actor, **asked: object) -> list[str]:
    return [one.title for one in (await list_notifications(member, **asked)).items]


async def test_a_member_is_told_by_mail_and_in_the_portal_once(sandbox: Sandbox) -> None:
    customer = await make_customer()
    for _ in range(2):
        await send(customer.manager, "test/1")
    assert [mail["times"] for mail in sandbox.mails(ADDRESS)] == [1]
    page = await list_notifications(customer.manager)
    assert [(one.title, one.text, one.path, one.language) for one in page.items] == [
        ("Done", "All of it", "/app/requests", "en")
    ]
    assert (page.total, page.unread, page.items[0].read_at) == (1, 1, None)
    found = await rows(
        customer, "SELECT channel, sent_at IS NOT NULL AS sent FROM notification ORDER BY channel"
    )
    assert found == [{"channel": "mail", "sent": True}, {"channel": "portal", "sent": False}]


async def test_a_refused_mail_leaves_the_message_in_the_portal(sandbox: Sandbox) -> None:
    customer = await make_customer()
    refusals: list[str | None] = []
    for _ in range(2):
        await send(customer.manager, "test/1", to="not an address", refusals=refusals)
    assert await titles(customer.manager) == ["Done"]
    assert len(refusals) == 1
    assert refusals[0]


async def test_while_the_mail_server_is_away_the_portal_shows_it_once(settings: Settings) -> None:
    customer = await make_customer()
    runtime.open_clients(replace(settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await send(customer.manager, "test/1")
    await runtime.close_clients()
    assert await titles(customer.manager) == ["Done"]


async def test_without_an_address_the_portal_alone_shows_it(sandbox: Sandbox) -> None:
    customer = await make_customer()
    refusals: list[str | None] = []
    for _ in range(2):
        await send(customer.manager, "test/1", to="", refusals=refusals)
    assert (await titles(customer.manager), refusals, sandbox.mails()) == (["Done"], [], [])
    assert [one["channel"] for one in await rows(customer, "SELECT channel FROM notification")] == ["portal"]


async def test_nobody_sees_the_messages_of_somebody_else(sandbox: Sandbox) -> None:
    customer, other = await make_customer(), await make_customer()
    colleague = await make_member(customer.tenant_id)
    await send(customer.manager, "test/1")
    (message,) = (await list_notifications(customer.manager)).items
    as_user = replace(customer.manager, end_user_id=uuid4(), roles=frozenset({"end_user"}))
    for stranger in (colleague, other.manager, as_user):
        assert await titles(stranger) == []
        assert await count_unread(stranger) == 0
        with pytest.raises(NotFound):
            await mark_read(stranger, message.id)
        await mark_all_read(stranger)
    assert await count_unread(customer.manager) == 1
    for nobody in (customer.system, Actor(customer.tenant_id, operator="Nadia")):
        with pytest.raises(Forbidden):
            await list_notifications(nobody)


async def test_each_portal_lists_its_own_messages(sandbox: Sandbox) -> None:
    customer = await make_customer()
    await send(customer.manager, "test/1", title="As manager")
    await send(customer.manager, "test/2", title="As user", portal=Portal.USER)
    as_user = replace(customer.manager, end_user_id=uuid4(), roles=frozenset({"end_user"}))
    assert (await titles(customer.manager), await titles(as_user)) == (["As manager"], ["As user"])


async def test_messages_are_read_one_or_all_and_the_first_reading_counts() -> None:
    customer = await make_customer()
    member = customer.manager
    await fill(member, 3)
    newest, *_ = (await list_notifications(member)).items
    first = await mark_read(member, newest.id)
    assert first.read_at is not None
    assert (await mark_read(member, newest.id)).read_at == first.read_at
    assert await titles(member, unread_only=True) == ["1", "0"]
    assert (await list_notifications(member, unread_only=True)).total == 2
    assert await count_unread(member) == 2
    await mark_all_read(member)
    assert await count_unread(member) == 0
    assert (await list_notifications(member)).items[0].read_at == first.read_at
    with pytest.raises(NotFound):
        await mark_read(member, uuid4())


async def test_the_list_has_pages() -> None:
    customer = await make_customer()
    await fill(customer.manager, 60)
    first, second = [await list_notifications(customer.manager, page=number) for number in (1, 2)]
    assert [one.title for one in (*first.items, *second.items)] == [str(n) for n in reversed(range(60))]
    assert (len(first.items), first.total, second.total) == (50, 60, 60)
    assert await titles(customer.manager, page=3) == []
    with pytest.raises(ValidationFailed):
        await list_notifications(customer.manager, page=0)


async def test_old_messages_and_those_beyond_the_newest_are_deleted(sandbox: Sandbox) -> None:
    customer = await make_customer()
    colleague = await make_member(customer.tenant_id)
    await fill(customer.manager, KEPT_FOR_MEMBER + 5)
    await fill(colleague, 2, days_ago=91, first=1000)
    await send(colleague, "test/1", title="Today's")
    await purge_notifications(customer.system)
    kept = await list_notifications(customer.manager, limit=200)
    assert (kept.total, kept.items[-1].title) == (KEPT_FOR_MEMBER, "5")
    assert await titles(colleague) == ["Today's"]
    # That the mail was sent is still known: a repeated job neither sends nor shows it again
    async with open_scope(customer.system) as scope:
        await scope.execute("UPDATE notification SET created_at = now() - interval '91 days'")
    await purge_notifications(customer.system)
    await send(colleague, "test/1", title="Today's")
    assert await titles(colleague) == []


async def test_a_pinned_recipient_is_kept_with_the_member() -> None:
    customer = await make_customer()
    member_id = customer.manager.member_id
    async with open_scope(customer.system) as scope:
        await pin_recipient(scope, "swap/1", "an@old.example", member_id=member_id)
        await pin_recipient(scope, "swap/1", "an@new.example")
        found = await pinned_recipient(scope, "swap/1")
        assert found is not None
        assert (found.recipient, found.member_id) == ("an@old.example", member_id)
        assert await pinned_recipient(scope, "swap/2") is None


async def test_a_requester_finds_each_phase_of_a_request(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=1, grace_seconds=0)
    line = (await customer.lines())[0]
    request = ChangeOptions(line_ids=(line.id,), add=("sms-unlimited",), request_key="k")
    reference = (await place_order(customer.manager, request)).reference
    await drain(database, only="orders.mail", twice=True)
    page = await list_notifications(customer.manager)
    assert [(one.title, one.path) for one in page.items] == [
        ("We have received your request", f"/app/requests/{reference}")
    ]
    assert reference in page.items[0].text
    assert len(sandbox.mails(customer.manager.email)) == 1


async def user_of(customer: Customer, *, email: str = "") -> tuple[Actor, UUID]:
    """A member who uses the customer's only line, in the user portal; and the line."""
    (line,) = await customer.lines()
    person = await make_member(customer.tenant_id, roles=frozenset({"end_user"}), name="Karim Benali")
    assert person.member_id
    await link_end_user(customer.system, member_id=person.member_id, msisdn=line.msisdn)
    async with open_scope(customer.system) as scope:
        await scope.execute("UPDATE line SET roaming_cap_cents = 1000")
        await scope.execute("UPDATE end_user SET email = $1, language = 'fr'", email)
        user_id = await scope.fetch_value(UUID, "SELECT id FROM end_user")
    return replace(person, end_user_id=user_id), line.id


@pytest.mark.parametrize(("email", "mails"), [("karim@user.example", 1), ("", 0)])
async def test_an_alert_stands_in_my_mobile_with_and_without_an_address(
    database: TestDatabase, sandbox: Sandbox, email: str, mails: int
) -> None:
    customer = await make_customer(lines=1)
    person, _ = await user_of(customer, email=email)
    line = (await customer.lines())[0]
    await load_file(customer.system, file_of([abroad("a", line.msisdn, 1000)]), kind=UsageFileKind.RECORDS)
    await drain(database, only="usage.", twice=True)
    (message,) = (await list_notifications(person)).items
    assert (message.path, message.language) == ("/app/my", "fr")
    assert "plafond" in message.title
    assert "1000" not in message.text
    assert len(sandbox.mails("karim@user.example")) == mails
    assert await titles(customer.manager) == []


async def test_a_swap_is_told_to_the_member_who_used_the_line_when_it_was_asked_for(
    database: TestDatabase,
    sandbox: Sandbox,
) -> None:
    customer = await make_customer(grace_seconds=0)
    await make_lines(customer, 1)
    person, line_id = await user_of(customer, email="karim@user.example")
    request = ReplaceSim(
        line_ids=(line_id,), sim_number=unused_sim_number(customer), reason="defective", request_key="k"
    )
    await place_order(customer.manager, request)
    await make_jobs_due(database)
    await drain(database, only="sims.", twice=True)
    (message,) = (await list_notifications(person)).items
    assert (message.title, message.path) == ("Une autre SIM a été demandée pour votre numéro", "/app/my")
