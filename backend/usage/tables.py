"""Usage as the carrier rated it: single records, sums per line and month, buckets, alerts, caps raised for a month.

`employer_…` columns hold the employer's part and nothing that tells of the rest; pages of the employer read no others.
"""

from piccolo.columns import UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.usage.records import SERVICES, UNITS
from tenants.checks import one_of


class UsageRecord(Table):
    """One call, message or data session. In the database the key is (tenant_id, record_id)."""

    record_id = Text(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    # The first day of its month in Europe/Brussels
    period = Date()
    started_at = Timestamptz()
    service = Text()
    amount = BigInt()
    unit = Text()
    zone = Text(default="")
    roaming = Boolean(default=False)
    bucket = Text(default="")
    # What the employer may know of the amount
    employer_amount = BigInt()
    employer_cents = Integer()
    employee_cents = Integer()
    # Last digits masked before it is stored: the whole number is never here
    counterpart = Text(default="")

    usage_record_service_check = one_of("service", SERVICES)
    usage_record_unit_check = one_of("unit", UNITS)
    usage_record_check = Check("amount >= 0 AND employer_amount BETWEEN 0 AND amount")


class UsageMonth(Table):
    """Sums of one line, month and kind of use, kept by the import in its own transaction."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    service = Text()
    unit = Text()
    roaming = Boolean(default=False)
    # Out of a bucket of the subscription
    bundled = Boolean(default=False)
    employer_amount = BigInt()
    employer_cents = BigInt()
    # The last record with an employer's part
    employer_until = Timestamptz(null=True, default=None)
    amount = BigInt()
    employee_cents = BigInt()
    until = Timestamptz()

    usage_month_tenant_id_line_id_period_service_unit_roaming_b_key = Unique(
        ["tenant_id", "line_id", "period", "service", "unit", "roaming", "bundled"]
    )
    usage_month_service_check = one_of("service", SERVICES)
    usage_month_unit_check = one_of("unit", UNITS)


class UsageBucket(Table):
    """What a bundle holds and how much of it is used, as last measured."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    bucket = Text()
    period = Date()
    # NULL is unlimited.
    allowance = BigInt(null=True, default=None)
    used = BigInt()
    unit = Text()
    measured_at = Timestamptz()

    usage_bucket_tenant_id_line_id_period_bucket_key = Unique(["tenant_id", "line_id", "period", "bucket"])
    usage_bucket_unit_check = one_of("unit", UNITS)
    usage_bucket_check = Check("used >= 0 AND allowance >= 0")


class AlertCheckQueue(Table):
    """Lines whose alerts have to be looked at again."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)

    usage_unchecked_tenant_id_line_id_key = Unique(["tenant_id", "line_id"])


class UsageAlert(Table):
    """80 or 100 per cent of a bucket, of the cap abroad, or the national ceiling passed.

    `audience` is whose part counted: the employer sees alerts of its own part only.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    kind = Text()
    # The bucket's code
    subject = Text(default="")
    # Per cent
    threshold = Integer()
    # What it is a share of: a raised cap warns anew
    ceiling = BigInt()
    audience = Text()
    at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)
    # How much of the ceiling is used, as of the last look
    used = BigInt(default=0)

    usage_alert_tenant_id_id_key = Unique(["tenant_id", "id"])
    usage_alert_tenant_id_line_id_period_kind_subject_threshold_key = Unique(
        ["tenant_id", "line_id", "period", "kind", "subject", "threshold", "ceiling", "audience"]
    )
    usage_alert_kind_check = one_of("kind", ("bucket", "roaming_cap", "national_ceiling"))
    usage_alert_audience_check = one_of("audience", ("employer", "user"))


class UsageCapRaise(Table):
    """A cap abroad that holds for one month only; afterwards the line's standing cap counts again."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    # Null: no cap in this month
    cents = Integer(null=True, default=None)
    at = Timestamptz()

    usage_cap_raise_tenant_id_line_id_period_key = Unique(["tenant_id", "line_id", "period"])
    usage_cap_raise_cents_check = Check("cents >= 0")
