"""A message to the user of a line that was refused for good: said on the line, and to who may correct the address."""

from dataclasses import replace

import pytest

from backend import runtime
from backend.core.errors import Forbidden
from backend.integrations.mail import UndeliverableError
from backend.integrations.sms import Sms
from backend.lines.schemas import LineRow
from backend.lines.service import get_line
from backend.lines.unreached import UnreachedLines, unreached_lines
from backend.notifications.content import MailContent, Message, SmsContent
from backend.notifications.sending import send_once
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.placement.place import place_order
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from frontend.components.tasks import tasks_of
from tenants.scope import Reach, Scope
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.jobs import drain
from tests.support.order_steps import carry_out
from tests.support.sandbox import Sandbox
from tests.support.usage import abroad, file_of

# The sandbox's mail server answers 550 to this domain
REFUSED, GOOD = "an@refused.example", "an@customer.example"


async def set_email(customer: Customer, line: LineRow, email: str) -> None:
    async with open_scope(customer.system) as scope:
        await scope.execute(
            "UPDATE end_user u SET email = $2 FROM line l WHERE l.end_user_id = u.id AND l.id = $1",
            line.id,
            email,
        )


async def alerted(customer: Customer, line: LineRow, database: TestDatabase) -> None:
    """An alert about usage was sent to the user, or tried."""
    async with open_scope(customer.system) as scope:
        await scope.execute("UPDATE line SET roaming_cap_cents = 1000 WHERE id = $1", line.id)
    await load_file(customer.system, file_of([abroad("a", line.msisdn, 1000)]), kind=UsageFileKind.RECORDS)
    await drain(database, only="usage.", twice=True)


async def sent(customer: Customer, key: str, recipient: str) -> None:
    async def compose(_scope: Scope) -> Message | None:
        return Message(recipient, MailContent("en", "Subject", "Title", ("Words.",)))

    await send_once(customer.system, key, compose)


async def refused_channel(customer: Customer, line: LineRow) -> str:
    return (await get_line(customer.manager, line.id)).refused_channel


async def test_a_refused_alert_is_said_until_the_address_is_corrected(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer(lines=3)
    line, other, _ = await customer.lines()
    await set_email(customer, line, REFUSED)
    await set_email(customer, other, GOOD)
    assert (await tasks_of(customer.manager)).unreached is None
    await alerted(customer, line, database)
    assert [await refused_channel(customer, one) for one in (line, other)] == ["mail", ""]
    tasks = await tasks_of(customer.manager)
    assert tasks.unreached is not None
    assert (tasks.unreached.total, [one.id for one in tasks.unreached.first]) == (1, [line.id])
    assert (tasks.unreached.first[0].channel, tasks.unreached.first[0].recipient) == ("mail", REFUSED)

    corrected = ChangeUser(
        line_ids=(line.id,),
        given_name="An",
        family_name="Peeters",
        email=GOOD,
        language="fr",
        request_key="u",
    )
    placed = await place_order(customer.manager, corrected)
    await carry_out(customer, database, placed.reference)
    assert await refused_channel(customer, line) == ""
    assert await unreached_lines(customer.manager) == UnreachedLines(first=[], total=0)


async def test_a_later_mail_that_is_taken_ends_it_and_an_earlier_one_does_not(
    sandbox: Sandbox, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer(lines=2)
    stranger = await make_customer(lines=1)
    for one, lines in ((customer, await customer.lines()), (stranger, await stranger.lines())):
        for line in lines:
            await set_email(one, line, REFUSED)
    line = (await customer.lines())[0]
    for key in ("test/1", "test/2"):
        await sent(customer, key, REFUSED)
    # Both users have the address; each line counts once. Another company has its own news of the same address.
    assert (await unreached_lines(customer.manager)).total == 2
    assert (await unreached_lines(stranger.manager)).total == 0

    await sent(customer, "test/3", GOOD)
    assert await refused_channel(customer, line) == "mail"
    monkeypatch.setattr("backend.sandbox.mailbox.ANSWERS", {})
    await sent(customer, "test/4", REFUSED)
    assert await refused_channel(customer, line) == ""
    assert (await unreached_lines(customer.manager)).total == 0
    monkeypatch.undo()
    await sent(customer, "test/5", REFUSED)
    assert await refused_channel(customer, line) == "mail"


async def test_a_refused_sms_counts_while_the_user_has_no_address(sandbox: Sandbox) -> None:
    customer = await make_customer(lines=1)
    (line,) = await customer.lines()
    await set_email(customer, line, "")

    async def compose(_scope: Scope) -> Message | None:
        return Message(line.msisdn, SmsContent("en", "Words."))

    # No gateway is set in tests: it refuses for good
    with pytest.raises(UndeliverableError):
        await runtime.clients().sms.send(Sms("key", line.msisdn, "Words."))
    await send_once(customer.system, "test/sms", compose)
    assert await refused_channel(customer, line) == "sms"
    [found] = (await unreached_lines(customer.manager)).first
    assert (found.channel, found.recipient) == ("sms", line.msisdn)
    await set_email(customer, line, GOOD)
    assert await refused_channel(customer, line) == ""
    assert (await unreached_lines(customer.manager)).total == 0


async def test_it_is_counted_for_who_may_act_within_reach_and_in_the_fleet(sandbox: Sandbox) -> None:
    customer = await make_customer(lines=7)
    lines = await customer.lines()
    for line in lines:
        await set_email(customer, line, REFUSED)
    await sent(customer, "test/1", REFUSED)
    every = await unreached_lines(customer.manager)
    assert (every.total, len(every.first)) == (7, 5)

    account = next(iter(customer.accounts.values()))
    number = next(iter(customer.accounts))
    limited = replace(customer.manager, reach=Reach(billing_accounts=frozenset({account})))
    within = {line.id for line in lines if line.billing_account == number}
    assert 0 < len(within) < 7
    assert {one.id for one in (await unreached_lines(limited)).first} == within

    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    with pytest.raises(Forbidden):
        await unreached_lines(auditor)
    assert (await tasks_of(auditor)).unreached is None

    async with open_scope(customer.system) as scope:
        await scope.execute("UPDATE line SET status = 'terminated' WHERE id = $1", lines[0].id)
    assert (await unreached_lines(customer.manager)).total == 6
    assert await refused_channel(customer, lines[0]) == ""
