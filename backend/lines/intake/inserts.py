"""Writes new lines and their users, in two statements whatever their number."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.lines.lifecycle import LineStatus
from backend.lines.search_keys import name_key, search_text
from tenants.scope import Scope

INSERT_USERS = """
INSERT INTO end_user (id, tenant_id, given_name, family_name, email, language)
SELECT id, $1, given, family, email, language
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS t (id, given, family, email, language)
"""
INSERT_LINES = """
INSERT INTO line (id, tenant_id, msisdn, status, product_type, plan, options, barrings, billing_account_id, account,
  cost_centre_id, end_user_id, name, name_key, search, sim_number, sim_kind, puk_sealed, roaming_cap_cents,
  companion_sim, split_profile, debt_block, activated_on, status_requested)
SELECT id, $1, msisdn, status, product_type, plan, string_to_array(options, '|'), '{}', account_id, account, centre,
  end_user_id, name, name_key, search, sim_number, sim_kind, puk, cap, '', '', false, day,
  status = $20
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[],
  $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bytea[], $18::int[],
  $19::date[])
  AS t (id, msisdn, status, product_type, plan, options, account_id, account, centre, end_user_id, name, name_key,
    search, sim_number, sim_kind, puk, cap, day)
"""


class NewLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be written, with the person who will use it. `name` is "Surname, First name"."""

    id: UUID
    end_user_id: UUID
    # "" until the carrier says which
    msisdn: str
    status: str
    product_type: str
    plan: str
    options: Sequence[str]
    billing_account_id: UUID | None
    account: str
    cost_centre_id: UUID | None
    name: str
    given_name: str
    family_name: str
    email: str
    language: str
    sim_number: str
    sim_kind: str
    puk_sealed: bytes | None = None
    roaming_cap_cents: int | None = None
    activated_on: date | None = None


async def insert_lines(scope: Scope, lines: Sequence[NewLine]) -> None:
    """Write lines and their users. Raises asyncpg.UniqueViolationError where a number is live already."""
    await scope.execute(
        INSERT_USERS,
        scope.tenant_id,
        [line.end_user_id for line in lines],
        [line.given_name for line in lines],
        [line.family_name for line in lines],
        [line.email for line in lines],
        [line.language for line in lines],
    )
    await scope.execute(
        INSERT_LINES,
        scope.tenant_id,
        [line.id for line in lines],
        [line.msisdn for line in lines],
        [line.status for line in lines],
        [line.product_type for line in lines],
        [line.plan for line in lines],
        ["|".join(line.options) for line in lines],
        [line.billing_account_id for line in lines],
        [line.account for line in lines],
        [line.cost_centre_id for line in lines],
        [line.end_user_id for line in lines],
        [line.name for line in lines],
        [name_key(line.name) for line in lines],
        [
            search_text(name=line.name, msisdn=line.msisdn, sim_number=line.sim_number, account=line.account)
            for line in lines
        ],
        [line.sim_number for line in lines],
        [line.sim_kind for line in lines],
        [line.puk_sealed for line in lines],
        [line.roaming_cap_cents for line in lines],
        [line.activated_on for line in lines],
        LineStatus.ORDERED,
    )
