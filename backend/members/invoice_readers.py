"""The role of invoice reader of members, and the customer numbers that it opens: read and written in a scope."""

from uuid import UUID

import msgspec

from backend.core.permissions import PERMISSIONS, Permission, Role
from backend.issuer.accounts import normalise_login
from backend.members.access import end_access_of
from backend.members.lifecycle import MemberState
from backend.members.tables import Member
from tenants.scope import Scope

MOST_PEOPLE = 500
# Roles that open invoices by themselves
BY_ROLE = frozenset(role for role, held in PERMISSIONS.items() if Permission.INVOICES_READ in held) - {
    Role.INVOICE_READER
}


class InvoicePerson(msgspec.Struct, frozen=True):
    """A member. `invoice_accounts`: of the role of invoice reader; None: as the reach."""

    id: UUID
    name: str
    email: str
    language: str
    roles: list[str]
    state: str
    invoice_accounts: list[UUID] | None

    @property
    def active(self) -> bool:
        """Whether the person may sign in."""
        return self.state == MemberState.ACTIVE

    @property
    def is_reader(self) -> bool:
        """Whether an owner gave the role."""
        return Role.INVOICE_READER in self.roles

    @property
    def is_owner(self) -> bool:
        """Whether every invoice is open to the person already."""
        return Role.OWNER in self.roles

    @property
    def reads(self) -> bool:
        """Whether the person sees invoices at all."""
        return self.is_reader or bool(BY_ROLE.intersection(self.roles))


async def active_people(scope: Scope) -> list[InvoicePerson]:
    """The active members by e-mail address, one more than 500 at most."""
    return await scope.select_all(
        InvoicePerson,
        Member,
        Member.state == MemberState.ACTIVE,
        order_by=[Member.email],
        limit=MOST_PEOPLE + 1,
    )


async def person_with_id(scope: Scope, member_id: UUID, *, lock: bool = False) -> InvoicePerson | None:
    """A member in whatever state."""
    return await scope.select_one(InvoicePerson, Member, Member.id == member_id, lock=lock)


async def person_with_email(scope: Scope, email: str) -> InvoicePerson | None:
    """The member who signs in with this address, locked."""
    return await scope.select_one(InvoicePerson, Member, Member.email == normalise_login(email), lock=True)


async def make_reader(person: InvoicePerson, accounts: list[UUID] | None) -> bool:
    """Give the role for these customer numbers; None: all of the reach. False where nothing changes."""
    roles = [role.value for role in Role if role in {*person.roles, Role.INVOICE_READER}]
    if roles == person.roles and accounts == person.invoice_accounts:
        return False
    await Member.update({Member.roles: roles, Member.invoice_accounts: accounts}).where(
        Member.id == person.id
    )
    return True


async def end_reader(scope: Scope, person: InvoicePerson) -> bool:
    """Take the role away. Whoever has no other one leaves the company and is signed out: returns whether that is so."""
    roles = [role for role in person.roles if role != Role.INVOICE_READER]
    change = Member.update({Member.invoice_accounts: None}).where(Member.id == person.id)
    if roles:
        await change.values({Member.roles: roles})
        return False
    await change.values({Member.state: MemberState.REMOVED})
    await end_access_of(scope, person.id)
    return True
