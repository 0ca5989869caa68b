"""SMS: handed to a gateway over TMF681, once by its key, refused or put off as the gateway says."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from backend import runtime
from backend.core.errors import Unavailable
from backend.integrations.mail import UndeliverableError
from backend.integrations.sms import NoSmsGateway, Sms, TmfSmsGateway
from backend.notifications.content import Message, SmsContent
from backend.notifications.sending import send_once
from backend.settings import Settings
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Actor, Scope
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import make_customer, make_lines
from tests.support.jobs import drain
from tests.support.new_lines import rows
from tests.support.sandbox import Sandbox
from tests.support.serving import free_port
from tests.support.usage import abroad, file_of

NUMBER = "+32470123456"


@pytest.fixture
async def gateway(sandbox: Sandbox) -> AsyncIterator[TmfSmsGateway]:
    found = TmfSmsGateway(sandbox.url, "token", "Fleetline")
    yield found
    await found.close()


async def test_an_sms_arrives_once_however_often_it_is_sent(gateway: TmfSmsGateway, sandbox: Sandbox) -> None:
    for _ in range(2):
        await gateway.send(Sms("key-1", NUMBER, "Bonjour, à 80 %"))
    (found,) = sandbox.mails(NUMBER)
    assert (found["text"].strip(), found["times"], found["subject"]) == ("Bonjour, à 80 %", 2, "SMS")


@pytest.mark.parametrize(("number", "text"), [("0470 12 34 56", "x"), (NUMBER, "")])
async def test_what_the_gateway_refuses_is_not_sent_again(
    gateway: TmfSmsGateway, number: str, text: str
) -> None:
    with pytest.raises(UndeliverableError):
        await gateway.send(Sms("key-2", number, text))


async def test_a_gateway_that_is_away_is_tried_later() -> None:
    away = TmfSmsGateway(f"http://127.0.0.1:{free_port()}", "", "Fleetline")
    with pytest.raises(Unavailable):
        await away.send(Sms("key-3", NUMBER, "x"))
    await away.close()


async def test_without_a_gateway_nothing_is_said_to_be_sent() -> None:
    assert not NoSmsGateway().available
    with pytest.raises(UndeliverableError):
        await NoSmsGateway().send(Sms("key-4", NUMBER, "x"))


async def test_a_message_is_sent_once_by_its_key(settings: Settings, sandbox: Sandbox) -> None:
    customer = await make_customer()
    runtime.open_clients(replace(settings, sms_url=sandbox.url))

    async def compose(scope: Scope) -> Message:
        return Message(NUMBER, SmsContent("fr", "Votre code est prêt"))

    for _ in range(2):
        await send_once(Actor(customer.tenant_id), "test/1", compose)
    await runtime.close_clients()
    assert [one["times"] for one in sandbox.mails(NUMBER)] == [1]
    [found] = await rows(customer, "SELECT channel, recipient, sent_at, refused FROM notification")
    assert (found["channel"], found["recipient"], found["refused"]) == ("sms", NUMBER, None)
    assert found["sent_at"] is not None


@pytest.mark.parametrize(("product_type", "sent"), [("voice_data", 1), ("data_only", 0)])
async def test_a_user_without_an_address_gets_an_alert_by_sms_where_the_line_takes_it(
    settings: Settings, database: TestDatabase, sandbox: Sandbox, product_type: str, sent: int
) -> None:
    customer = await make_customer()
    await make_lines(customer, 1)
    (line,) = await customer.lines()
    runtime.open_clients(replace(settings, sms_url=sandbox.url, smtp_url=sandbox.smtp_url))
    async with open_scope(customer.system) as scope:
        await scope.execute("UPDATE end_user SET email = '', language = 'fr'")
        await scope.execute("UPDATE line SET roaming_cap_cents = 1000, product_type = $1", product_type)
    await load_file(customer.system, file_of([abroad("a", line.msisdn, 1000)]), kind=UsageFileKind.RECORDS)
    await drain(database, only="usage.", twice=True)
    await runtime.close_clients()
    found = sandbox.mails(line.msisdn)
    assert [one["times"] for one in found] == [1] * sent
    assert all("100" in one["text"] or "plafond" in one["text"].lower() for one in found)
