"""To whom messages about a customer number's invoices go: members who see them, and the addresses of its delivery."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from backend.billing.delivery.lifecycle import DeliveryMethod
from backend.billing.delivery.tables import InvoiceDelivery
from backend.billing.queries import invoice_accounts
from backend.core.permissions import Role
from backend.members.lifecycle import MemberState
from tenants.scope import Actor, MemberId, Reach, Scope

MOST = 500
# Auditors look at invoices; nobody writes to them about each one
ADDRESSED = (Role.OWNER, Role.INVOICE_READER)
READERS = f"""
SELECT id, email, language, roles, reach_billing_accounts, reach_cost_centres, invoice_accounts FROM member
WHERE state = '{MemberState.ACTIVE}' AND roles && $1::text[] ORDER BY id LIMIT {MOST}
"""


class ReaderRow(msgspec.Struct, frozen=True):
    """A member who may see invoices, with what narrows them."""

    id: UUID
    email: str
    language: str
    roles: list[str]
    reach_billing_accounts: list[UUID] | None
    reach_cost_centres: list[UUID] | None
    invoice_accounts: list[UUID] | None


class DeliveryAddresses(msgspec.Struct, frozen=True):
    """The addresses of a customer number's delivery."""

    method: str
    emails: list[str]
    mobile: str
    language: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or address. `key` names it in jobs; `member_id` where it is a member, who also sees it in the portal."""

    key: str
    email: str
    language: str
    mobile: str = ""
    member_id: UUID | None = None


async def recipients_of(scope: Scope, billing_account_id: UUID) -> list[Recipient]:
    """Everybody who is written to about this customer number, each address once."""
    members = [
        Recipient(f"member:{one.id}", one.email, one.language, member_id=one.id)
        for one in await scope.fetch_all(ReaderRow, READERS, list(ADDRESSED))
        if _sees(scope, one, billing_account_id)
    ]
    wanted = await addresses_of(scope, billing_account_id)
    if wanted is None or wanted.method != DeliveryMethod.EMAIL:
        return members
    known = {one.email for one in members}
    others = [Recipient(f"mail:{one}", one, wanted.language) for one in wanted.emails if one not in known]
    mobile = [Recipient(f"sms:{wanted.mobile}", "", wanted.language, wanted.mobile)] if wanted.mobile else []
    return [*members, *others, *mobile]


async def find_recipient(scope: Scope, billing_account_id: UUID, key: str) -> Recipient | None:
    """The recipient of this key as of now; None where nobody is written to under it any more."""
    found = await recipients_of(scope, billing_account_id)
    return next((one for one in found if one.key == key), None)


async def addresses_of(scope: Scope, billing_account_id: UUID) -> DeliveryAddresses | None:
    """What the company chose for this customer number; None where it chose nothing."""
    return await scope.select_one(
        DeliveryAddresses, InvoiceDelivery, InvoiceDelivery.billing_account_id == billing_account_id
    )


def _sees(scope: Scope, member: ReaderRow, billing_account_id: UUID) -> bool:
    given = member.invoice_accounts
    within = invoice_accounts(
        Actor(
            scope.tenant_id,
            member_id=MemberId(member.id),
            roles=frozenset(member.roles),
            reach=Reach.of(member.reach_billing_accounts, member.reach_cost_centres),
            invoice_accounts=None if given is None else frozenset(given),
        )
    )
    return within is None or billing_account_id in within
