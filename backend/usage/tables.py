"""Usage as the carrier rated it: single records, sums per line and month, buckets, alerts, caps raised for a month.

`employer_…` columns hold the employer's part and nothing that tells of the rest; pages of the employer read no others.
"""

from piccolo.columns import UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class UsageRecord(Table):
    """One call, message or data session. In the database the key is (tenant_id, record_id)."""

    record_id = Text(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()  # the first day of its month in Europe/Brussels
    started_at = Timestamptz()
    service = Text()  # data, voice, sms, mms, premium
    amount = BigInt()
    unit = Text()  # bytes, seconds, pieces
    zone = Text(default="")
    roaming = Boolean(default=False)
    bucket = Text(default="")
    employer_amount = BigInt()  # what the employer may know of the amount
    employer_cents = Integer()
    employee_cents = Integer()
    counterpart = Text(default="")  # last digits masked before it is stored: the whole number is never here


class UsageMonth(Table):
    """Sums of one line, month and kind of use, kept by the import in its own transaction."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    service = Text()
    unit = Text()
    roaming = Boolean(default=False)
    bundled = Boolean(default=False)  # out of a bucket of the subscription
    employer_amount = BigInt()
    employer_cents = BigInt()
    employer_until = Timestamptz(null=True, default=None)  # the last record with an employer's part
    amount = BigInt()
    employee_cents = BigInt()
    until = Timestamptz()


class UsageBucket(Table):
    """What a bundle holds and how much of it is used, as last measured."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    bucket = Text()
    period = Date()
    allowance = BigInt(null=True, default=None)  # null: unlimited
    used = BigInt()
    unit = Text()
    measured_at = Timestamptz()


class UsageUnchecked(Table):
    """Lines whose alerts have to be looked at again."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)


class UsageAlert(Table):
    """80 or 100 per cent of a bucket, of the cap abroad, or the national ceiling passed.

    `audience` is whose part counted: the employer sees alerts of its own part only.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    kind = Text()  # bucket, roaming_cap, national_ceiling
    subject = Text(default="")  # the bucket's code
    threshold = Integer()  # per cent
    ceiling = BigInt()  # what it is a share of: a raised cap warns anew
    audience = Text()  # employer, user
    at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)


class UsageCapRaise(Table):
    """A cap abroad that holds for one month only; afterwards the line's standing cap counts again."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    cents = Integer(null=True, default=None)  # null: no cap in this month
    at = Timestamptz()
