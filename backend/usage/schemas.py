"""What pages and the API see of usage. Amounts of money are integer cents excluding VAT."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.usage.lifecycle import CapState


class ServiceUse(msgspec.Struct, frozen=True):
    """One kind of use in a month. `cents` is what the reader's part of the bill holds for it."""

    service: str
    unit: str
    roaming: bool
    amount: int
    cents: int


class Bucket(msgspec.Struct, frozen=True):
    """A bundle of the month, as last measured. `allowance` None: unlimited."""

    bucket: str
    allowance: int | None
    used: int
    unit: str
    measured_at: datetime


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """Data abroad outside the bundle against the cap. `cap_cents` None: no cap; `raised`: for this month only."""

    cap_cents: int | None
    spent_cents: int
    state: CapState
    raised: bool = False


class MonthUse(msgspec.Struct, frozen=True):
    """One month of the history."""

    period: date
    data_bytes: int
    voice_seconds: int
    messages: int
    cents: int


class LineUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Usage of one line in one month: the employer's part. `until` is the last record's time (F-144)."""

    line_id: UUID
    period: date
    services: list[ServiceUse]
    buckets: list[Bucket]
    cap: Cap
    history: list[MonthUse]
    cents: int
    until: datetime | None
    provisional: bool = True
    split: bool = False


class DetailAccess(msgspec.Struct, frozen=True):
    """Somebody looked at the single records of a line, and why."""

    at: datetime
    name: str
    reason: str
    period: str


class OwnUsage(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own usage: `cents` here is the person's own part."""

    msisdn: str
    usage: LineUsage
    looks: list[DetailAccess]
    alerts: list["Alert"]


class UsageDetailRow(msgspec.Struct, frozen=True):
    """One record, or with a split bill the employer's records of a day together. `counterpart`: own detail only."""

    at: datetime
    service: str
    unit: str
    zone: str
    roaming: bool
    amount: int
    cents: int
    counterpart: str = ""


class UsageDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Single records of a month, the newest first; `more` where there are others still."""

    rows: list[UsageDetailRow]
    by_day: bool
    more: bool = False


class Alert(msgspec.Struct, frozen=True):
    """An alert that is open in the running month."""

    id: UUID
    line_id: UUID
    msisdn: str
    name: str
    kind: str
    subject: str
    threshold: int
    at: datetime
    # How much of the limit is used, in whole per cent
    percent: int


class AlertsPage(msgspec.Struct, frozen=True):
    """Some of the open alerts, those nearest to their limit first, and the number of all."""

    alerts: list[Alert]
    total: int


class Grouping(StrEnum):
    """What the organisation's usage is grouped by."""

    ACCOUNT = "account"
    COST_CENTRE = "cost_centre"
    PLAN = "plan"
    SERVICE = "service"


class Measure(StrEnum):
    """What the organisation's usage is counted in."""

    DATA = "data"
    VOICE = "voice"
    MESSAGES = "messages"
    COST = "cost"


class LineUse(msgspec.Struct, frozen=True):
    """One line in a list of those that use most: the employer's part of a month. `plan` is its name."""

    line_id: UUID
    msisdn: str
    name: str
    plan: str
    data_bytes: int
    voice_seconds: int
    messages: int
    cents: int


class GroupUse(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the organisation's usage: the employer's part of all lines of a group in a month."""

    key: str
    name: str
    lines: int
    data_bytes: int
    voice_seconds: int
    messages: int
    cents: int


class OrganisationUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Usage of everything within reach in a month, by group; `months` are those that have usage."""

    period: date
    grouping: Grouping
    rows: list[GroupUse]
    total: GroupUse
    months: list[date]
    until: datetime | None
    provisional: bool = True
