"""What goes in and out of the proof of charges. Amounts are integer cents excluding VAT."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec


class Verdict(StrEnum):
    """What the proof says of a charge."""

    # It follows from what is known here
    PROVEN = "proven"
    # It does not: `expected_cents` is what follows
    DIFFERENT = "different"
    # Nothing here can tell; `reason` says why
    UNCHECKED = "unchecked"


class ProofReason(StrEnum):
    """Why a charge is proven, differs or was not checked."""

    # Proven
    WHOLE_PERIOD = "whole_period"
    SOME_DAYS = "some_days"
    CREDIT = "credit"
    USE = "use"
    REQUEST = "request"
    SHARED_BILL = "shared_bill"
    # Different
    NOT_ON_LINE = "not_on_line"
    ENDED = "ended"
    NOT_ACTIVE = "not_active"
    OTHER_DAYS = "other_days"
    OTHER_PRICE = "other_price"
    TWICE = "twice"
    OTHER_ACCOUNT = "other_account"
    OTHER_CREDIT = "other_credit"
    OTHER_USE = "other_use"
    NO_REQUEST = "no_request"
    OTHER_SHARE = "other_share"
    # Not checked
    WHOLE_ACCOUNT = "whole_account"
    UNKNOWN_NUMBER = "unknown_number"
    NO_CODE = "no_code"
    NOT_IN_CATALOGUE = "not_in_catalogue"
    BEFORE_KNOWN = "before_known"
    CHANGED_ELSEWHERE = "changed_elsewhere"
    NO_PERIOD = "no_period"
    NO_USE_KNOWN = "no_use_known"
    USE_TOGETHER = "use_together"
    AGREED_DISCOUNT = "agreed_discount"
    UNKNOWN_CREDIT = "unknown_credit"
    SHARE_CHANGED = "share_changed"
    OTHER_KIND = "other_kind"
    CREDIT_NOTE = "credit_note"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one charge. `expected_cents`: what follows from what is known; None where nothing does.

    `params` are values for words: codes, days, a day, a reference. They hold no amount of an employee.
    """

    verdict: Verdict
    reason: ProofReason
    expected_cents: int | None = None
    params: dict[str, str] = {}


class ChargeFact(msgspec.Struct, frozen=True):
    """One charge, as the proof reads it."""

    id: UUID
    msisdn: str
    kind: str
    code: str
    name: str
    net_cents: int
    period_start: date | None
    period_end: date | None


class ProvenInvoice(msgspec.Struct, frozen=True):
    """The invoice that is proven."""

    id: UUID
    number: str
    billing_account_id: UUID
    account: str
    books_as: str
    issued_on: date
    period_start: date | None
    period_end: date | None
    proved: bool


class LineFact(msgspec.Struct, frozen=True):
    """A line that has or had a number, as it stands. `known_on`: from which day its requests are all known here."""

    id: UUID
    msisdn: str
    plan: str
    options: list[str]
    split_profile: str
    account: str
    status: str
    activated_on: date | None
    gone_on: date | None


class LineChange(msgspec.Struct, frozen=True):
    """One request that is done on a line: asked for a day, carried out on a day. `change` is the kind's own, as JSON."""

    line_id: UUID
    kind: str
    change: str
    one_off: int
    reference: str
    asked_on: date
    done_on: date


class MonthUseFact(msgspec.Struct, frozen=True):
    """What the company pays for one kind of use of a number in a month."""

    msisdn: str
    period: date
    service: str
    roaming: bool
    cents: int


class EarlierCharge(msgspec.Struct, frozen=True):
    """A charge of an earlier document of the same customer number; `sign` is -1 on a credit note."""

    msisdn: str
    kind: str
    code: str
    net_cents: int
    period_start: date | None
    period_end: date | None
    invoice: str
    sign: int
