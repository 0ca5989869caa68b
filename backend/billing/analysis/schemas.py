"""What goes in and out of the analysis of spend. Amounts are integer cents excluding VAT; credits count as less."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec


class SpendBy(StrEnum):
    """What spend is grouped by."""

    PLAN = "plan"
    COST_CENTRE = "cost_centre"
    ACCOUNT = "account"


class MonthSpend(msgspec.Struct, frozen=True):
    """What a month's invoices charge, and of what kinds."""

    month: date
    cents: int
    recurring_cents: int
    usage_cents: int
    other_cents: int


class SpendMonths(msgspec.Struct, frozen=True, kw_only=True):
    """The year up to a month; a month without an invoice is not there. `months`: all that have one, the newest first."""

    month: date | None
    items: list[MonthSpend]
    months: list[date]


class GroupSpend(msgspec.Struct, frozen=True):
    """One group in a month, and the month before. `key` "": what has no plan, no cost centre."""

    key: str
    name: str
    numbers: int
    cents: int
    before_cents: int


class SpendGroups(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of a month, the highest first, and their sum. `left_out`: groups beyond those that are listed."""

    month: date
    grouping: SpendBy
    rows: list[GroupSpend]
    cents: int
    before_cents: int
    left_out: int


class NumberSpend(msgspec.Struct, frozen=True):
    """What one number is charged in a month, and in the month before. "" is of the customer number as a whole."""

    msisdn: str
    name: str
    line_id: UUID | None
    account: str
    cost_centre: str
    plan: str
    cents: int
    before_cents: int
    total: int


class IdleLine(msgspec.Struct, frozen=True):
    """An active line without any use for two months. `last_on` None: it was never used as far as is known here."""

    line_id: UUID
    msisdn: str
    name: str
    last_on: date | None
    # Of the month that is shown
    cents: int
    total: int
    total_cents: int
