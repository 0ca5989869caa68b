"""Who of the company sees its invoices (F-017, F-155): owners give and take the role of invoice reader.

The role opens invoices of some customer numbers, or of all within the person's reach. Owners and auditors see invoices
by their own role; nothing is given to them here.
"""

from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.billing_facts import InvoiceAccessChanged
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.permissions import Permission
from backend.core.use_case import require_recent_sign_in, use_case
from backend.lines.organisations import NumberedAccount, accounts_of
from backend.members.invoice_readers import (
    MOST_PEOPLE,
    InvoicePerson,
    active_people,
    end_reader,
    make_reader,
    person_with_email,
    person_with_id,
)
from tenants.scope import Scope

TOPIC = "invoice_access"
MOST_ACCOUNTS = 1000


class InvoiceAccess(msgspec.Struct, frozen=True):
    """The people of the company and its customer numbers, as the page of accesses shows them.

    `people` are at most 500; `more` says that there are others, who are found by their e-mail address.
    """

    people: list[InvoicePerson]
    accounts: list[NumberedAccount]
    more: bool


@use_case(Permission.MEMBERS_MANAGE, read_only=True)
async def invoice_access(scope: Scope) -> InvoiceAccess:
    """Who sees invoices and who could, those who do first."""
    people = await active_people(scope)
    return InvoiceAccess(
        people=sorted(people[:MOST_PEOPLE], key=lambda one: not one.reads),
        accounts=await accounts_of(scope, limit=MOST_ACCOUNTS),
        more=len(people) > MOST_PEOPLE,
    )


@use_case(Permission.MEMBERS_MANAGE)
async def give_invoice_access(scope: Scope, email: str, accounts: list[UUID] | None) -> None:
    """Make an active member an invoice reader of these customer numbers, or change them. None: all of the reach.

    Raises ReauthenticationRequired, ValidationFailed for a person or a customer number that does not exist.
    """
    require_recent_sign_in(scope.actor)
    wanted = None if accounts is None else await _known(scope, accounts)
    person = await person_with_email(scope, email)
    if person is None or not person.active:
        raise ValidationFailed(
            code="no_such_member", email="Nobody of your company signs in with this e-mail address."
        )
    if person.is_owner:
        raise ValidationFailed(
            code="sees_all_invoices", email="An owner sees and pays every invoice already."
        )
    if await make_reader(person, wanted):
        accounts_said = "all" if wanted is None else wanted
        await audit.record(scope, "invoices.access_given", "member", person.id, accounts=accounts_said)
        _say(scope, person.id)


@use_case(Permission.MEMBERS_MANAGE)
async def take_invoice_access(scope: Scope, member_id: UUID) -> None:
    """Take the role of invoice reader away. Whoever has no other role leaves the company, and is signed out at once.

    Raises ReauthenticationRequired, NotFound, Conflict (`not_invoice_reader`) where there is nothing to take.
    """
    require_recent_sign_in(scope.actor)
    person = await person_with_id(scope, member_id, lock=True)
    if person is None or not person.active:
        raise NotFound
    if not person.is_reader:
        raise Conflict("This person is no invoice reader any more.", code="not_invoice_reader")
    left = await end_reader(scope, person)
    await audit.record(scope, "invoices.access_taken", "member", person.id, left=left)
    _say(scope, person.id)


async def _known(scope: Scope, accounts: list[UUID]) -> list[UUID]:
    """The customer numbers of the company among these, each once. Raises ValidationFailed for none and for others."""
    wanted = sorted(set(accounts[: MOST_ACCOUNTS + 1]))
    found = await accounts_of(scope, wanted, limit=MOST_ACCOUNTS + 1) if wanted else []
    if not wanted or len(wanted) > MOST_ACCOUNTS or len(found) != len(wanted):
        raise ValidationFailed(
            code="no_customer_number", accounts="Choose at least one of your customer numbers."
        )
    return wanted


def _say(scope: Scope, member_id: UUID) -> None:
    scope.emit(InvoiceAccessChanged(member_id=member_id, at=clock.now()))
    scope.invalidate(TOPIC)
