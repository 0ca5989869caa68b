"""The earlier address of a line's user hears that it was changed: by which company, and never to what."""

import pytest

from backend.core.i18n import FileTexts
from backend.notifications import frame
from backend.orders.changes.cancellation import undo_order
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.placement.place import place_order
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import rows
from tests.support.sandbox import Sandbox

OLD, NEW = "an.peeters@user.example", "lou.maes@elsewhere.example"
TITLES = {
    "en": "The e-mail address for your number was changed",
    "fr": "L’adresse e-mail de votre numéro a été modifiée",
    "nl": "Het e-mailadres bij uw nummer is gewijzigd",
    "de": "Die E-Mail-Adresse zu Ihrer Nummer wurde geändert",
}


async def used_by(language: str = "nl", *, email: str = OLD, lines: int = 1) -> Customer:
    """A customer whose lines all have the same user."""
    customer = await make_customer(lines=lines)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE line SET end_user_id = (SELECT end_user_id FROM line ORDER BY id LIMIT 1)"
        )
        await scope.connection.execute(
            "UPDATE end_user u SET email = $1, language = $2, given_name = 'An', family_name = 'Peeters'"
            " FROM line l WHERE l.end_user_id = u.id",
            email,
            language,
        )
    return customer


async def change(customer: Customer, *, email: str, another: bool = False, language: str = "en") -> str:
    line = (await customer.lines())[0]
    request = ChangeUser(
        line_ids=(line.id,),
        given_name="Lou" if another else "An",
        family_name="Maes" if another else "Peeters",
        email=email,
        language=language,
        another_person=another,
        request_key="k",
    )
    return (await place_order(customer.manager, request)).reference


async def carried_out(database: TestDatabase) -> None:
    await make_jobs_due(database)
    await drain(database, twice=True)


@pytest.mark.parametrize("another", [False, True])
@pytest.mark.parametrize("language", TITLES)
async def test_the_earlier_address_hears_of_it_in_its_own_language(
    database: TestDatabase, sandbox: Sandbox, language: str, *, another: bool
) -> None:
    customer = await used_by(language, lines=2)
    other = "de" if language == "en" else "en"
    await change(customer, email=NEW, another=another, language=other)
    assert sandbox.mails(OLD) == []
    await carried_out(database)
    [mail] = sandbox.mails(OLD)
    assert (mail["subject"], mail["times"]) == (TITLES[language], 1)
    [tenant] = await rows(customer, "SELECT name FROM tenant")
    line = (await customer.lines())[0]
    for part in ("text", "html"):
        assert tenant["name"] in mail[part]
        usual = FileTexts(frame.TEXTS, language).text("footer", support="").partition(".")[0]
        assert usual not in mail[part], "the reader may have left the company"
        assert f"0{line.msisdn[3:6]}" in mail[part]
        for secret in (NEW, "Lou", "Maes", customer.manager.email, customer.manager.name):
            assert secret not in mail[part], secret
    assert NEW not in str(mail)
    assert not [one for one in sandbox.mails(NEW) if one["subject"] in TITLES.values()]
    [letter] = await rows(customer, "SELECT recipient FROM notification WHERE key LIKE 'user_address/%'")
    assert letter["recipient"] == OLD


async def test_an_address_that_is_taken_away_hears_of_it_too(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await used_by()
    await change(customer, email="")
    await carried_out(database)
    assert len(sandbox.mails(OLD)) == 1


@pytest.mark.parametrize(("before", "after"), [(OLD, OLD), (OLD, OLD.upper()), ("", NEW)])
async def test_nobody_is_told_where_no_address_was_left(
    database: TestDatabase, sandbox: Sandbox, before: str, after: str
) -> None:
    customer = await used_by(email=before)
    await change(customer, email=after, language="fr")
    await carried_out(database)
    assert not [mail for mail in sandbox.mails() if mail["subject"] in TITLES.values()]


async def test_undone_nobody_hears_of_it(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await used_by()
    await undo_order(customer.manager, await change(customer, email=NEW))
    await carried_out(database)
    assert sandbox.mails(OLD) == []
