"""Alerts at 80 and 100 per cent: worked out after every load, mailed to the line's user, shown to managers as notices.

The employer's alerts count the employer's part only, so that nothing follows from them about the rest; the user's
count everything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.catalog.schemas import CarrierProfile, ProductType
from backend.core import clock
from backend.core.facts import JobName, UsageAlerted
from backend.core.formats import format_month
from backend.core.i18n import FileTexts
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job
from backend.core.money import vat_on
from backend.core.permissions import Portal
from backend.notifications.content import MailContent, Message, PortalContent, SmsContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from backend.usage.lifecycle import (
    FULL,
    NATIONAL_CEILING_CENTS,
    cap_of_period,
    over_national_ceiling,
    percent_of,
    period_of,
    reached,
)
from backend.usage.loading import LOCK
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("alert_texts.toml")
AT_ONCE = 2000
# The page of a line's user
OWN_PAGE = "/app/my"
EMPLOYER, USER = "employer", "user"

SPENT = """
SELECT l.id, l.options, l.roaming_cap_cents, r.id IS NOT NULL AS raised, r.cents AS raised_cents,
  coalesce(sum(m.employer_cents) FILTER (WHERE m.roaming), 0)::bigint AS abroad_employer,
  coalesce(sum(m.employer_cents + m.employee_cents) FILTER (WHERE m.roaming), 0)::bigint AS abroad_user,
  coalesce(sum(m.employer_cents) FILTER (WHERE NOT m.roaming), 0)::bigint AS home_employer,
  coalesce(sum(m.employer_cents + m.employee_cents) FILTER (WHERE NOT m.roaming), 0)::bigint AS home_user
FROM line l
LEFT JOIN usage_cap_raise r ON r.tenant_id = l.tenant_id AND r.line_id = l.id AND r.period = $2
LEFT JOIN usage_month m ON m.tenant_id = l.tenant_id AND m.line_id = l.id AND m.period = $2 AND NOT m.bundled
  AND (m.service = 'data' OR NOT m.roaming)
WHERE l.id = ANY($1::uuid[]) GROUP BY l.id, r.id, r.cents ORDER BY l.id
"""
BUCKETS = (
    "SELECT line_id, bucket, allowance, used FROM usage_bucket"
    " WHERE line_id = ANY($1::uuid[]) AND period = $2 AND allowance IS NOT NULL ORDER BY line_id, bucket"
)
WRITE = """
INSERT INTO usage_alert (id, tenant_id, line_id, period, kind, subject, threshold, ceiling, audience, at, used)
SELECT t.id, $1, t.line_id, $2, t.kind, t.subject, t.threshold, t.ceiling, t.audience, $3, t.used
FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::bigint[], $10::text[], $11::bigint[])
  AS t (id, line_id, kind, subject, threshold, ceiling, audience, used)
ON CONFLICT (tenant_id, line_id, period, kind, subject, threshold, ceiling, audience)
  DO UPDATE SET closed_at = NULL, used = EXCLUDED.used
RETURNING id, line_id, kind, subject, threshold, audience, xmax = 0 AS is_new
"""
CLOSE = (
    "UPDATE usage_alert SET closed_at = $4 WHERE line_id = ANY($1::uuid[]) AND period = $2 AND closed_at IS NULL"
    " AND id <> ALL($3::uuid[])"
)


QUEUED = "DELETE FROM alert_check_queue RETURNING line_id"
MAIL = """
SELECT a.kind, a.subject, a.threshold, a.used, a.ceiling, a.period, a.closed_at, l.msisdn, l.product_type, u.email, u.language,
  u.given_name, u.member_id
FROM usage_alert a JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id
JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id WHERE a.id = $1
"""


class SpentRow(msgspec.Struct, frozen=True):
    """What a line spent in the month, in cents excluding VAT, beside its caps."""

    id: UUID
    options: list[str]
    roaming_cap_cents: int | None
    raised: bool
    raised_cents: int | None
    abroad_employer: int
    abroad_user: int
    home_employer: int
    home_user: int


class BucketRow(msgspec.Struct, frozen=True):
    """A bundle that has a limit."""

    line_id: UUID
    bucket: str
    allowance: int
    used: int


class QueuedLine(msgspec.Struct, frozen=True):
    """A line whose alerts have to be looked at."""

    line_id: UUID


class WrittenAlert(msgspec.Struct, frozen=True):
    """An alert that is met now; `is_new` where it was not met before."""

    id: UUID
    line_id: UUID
    kind: str
    subject: str
    threshold: int
    audience: str
    is_new: bool


class AlertMail(msgspec.Struct, frozen=True):
    """What the mail of an alert says, and to whom."""

    kind: str
    subject: str
    threshold: int
    used: int
    ceiling: int
    period: date
    closed_at: datetime | None
    msisdn: str
    product_type: str
    email: str
    language: str
    given_name: str
    member_id: UUID | None


@dataclass(frozen=True, slots=True)
class PendingAlert:
    """A threshold that is met now."""

    line_id: UUID
    kind: str
    subject: str
    threshold: int
    ceiling: int
    audience: str
    used: int


@job(JobName.CHECK_ALERTS)
async def check_alerts(scope: Scope, *, load_id: str) -> None:  # noqa: ARG001 - names the load in the outbox
    """Look at every line with new usage. Lines that another run has looked at are not queued any more."""
    await scope.execute(LOCK, scope.tenant_id)
    lines = iter(sorted(line.line_id for line in await scope.fetch_all(QueuedLine, QUEUED)))
    while batch := list(islice(lines, AT_ONCE)):
        await check_lines(scope, batch)


async def check_lines(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """Write the alerts that are met in the running month, close those that are not, have new ones mailed."""
    period = period_of(clock.now())
    spent = await scope.fetch_all(SpentRow, SPENT, list(line_ids), period)
    buckets = await scope.fetch_all(BucketRow, BUCKETS, list(line_ids), period)
    profile = (await catalogue_of(scope)).profile
    due = [*_due_of_costs(profile, spent), *_due_of_buckets(buckets)]
    written = await scope.fetch_all(
        WrittenAlert,
        WRITE,
        scope.tenant_id,
        period,
        clock.now(),
        [new_id() for _ in due],
        [one.line_id for one in due],
        [one.kind for one in due],
        [one.subject for one in due],
        [one.threshold for one in due],
        [one.ceiling for one in due],
        [one.audience for one in due],
        [one.used for one in due],
    )
    await scope.execute(CLOSE, list(line_ids), period, [alert.id for alert in written], clock.now())
    if any(alert.is_new for alert in written):
        scope.invalidate("usage")
    for alert in _to_mail(written):
        scope.emit(UsageAlerted(alert_id=alert.id))


def _due_of_costs(profile: CarrierProfile, rows: Sequence[SpentRow]) -> Iterator[PendingAlert]:
    for row in rows:
        standing = profile.cap_in_force(row.options, row.roaming_cap_cents)
        cap = cap_of_period(standing, raised=row.raised, raised_cents=row.raised_cents)
        parts = ((EMPLOYER, row.abroad_employer, row.home_employer), (USER, row.abroad_user, row.home_user))
        for audience, abroad, home in parts:
            # Somebody who chose 0 is not told every month that nothing is left
            if cap:
                for threshold in reached(abroad, cap):
                    yield PendingAlert(row.id, "roaming_cap", "", threshold, cap, audience, abroad)
            if over_national_ceiling(home):
                used = home + vat_on(home)
                yield PendingAlert(
                    row.id, "national_ceiling", "", FULL, NATIONAL_CEILING_CENTS, audience, used
                )


def _due_of_buckets(rows: Sequence[BucketRow]) -> Iterator[PendingAlert]:
    for row in rows:
        if row.allowance:
            for threshold in reached(row.used, row.allowance):
                for audience in (EMPLOYER, USER):
                    yield PendingAlert(
                        row.line_id, "bucket", row.bucket, threshold, row.allowance, audience, row.used
                    )


def _to_mail(written: Sequence[WrittenAlert]) -> list[WrittenAlert]:
    """New alerts of users, one of each thing: a jump from nothing to 100 per cent gives no mail about 80."""
    highest: dict[tuple[UUID, str, str], WrittenAlert] = {}
    of_users = (alert for alert in written if alert.audience == USER)
    for alert in sorted(of_users, key=lambda one: one.threshold):
        highest[alert.line_id, alert.kind, alert.subject] = alert
    return [alert for alert in highest.values() if alert.is_new]


@idempotent_job(JobName.MAIL_ALERT)
async def mail_alert(actor: Actor, *, alert_id: str) -> None:
    """Send the alert to the line's user, in the user's language. One that is closed again is not sent.

    It goes by mail; to a user without an address by SMS, where a gateway is set and the line takes SMS. A user who is
    a member sees it in the portal as well.
    """

    async def compose(scope: Scope) -> Message | None:
        alert = await scope.fetch_one(AlertMail, MAIL, UUID(alert_id))
        if alert is None or alert.closed_at:
            return None
        mail, shown = content(alert, clients().settings.public_url), notice(alert)
        if alert.email:
            return Message(alert.email, mail, shown)
        if clients().sms.available and alert.product_type == ProductType.VOICE_DATA:
            return Message(alert.msisdn, SmsContent(mail.language, mail.title), shown)
        return Message("", mail, shown)

    await send_once(actor, f"usage_alert/{alert_id}", compose)


def content(mail: AlertMail, public_url: str) -> MailContent:
    """The mail of one alert. It holds no amounts: whoever sees it over a shoulder learns none."""
    texts = FileTexts(TEXTS, mail.language)
    step = f"{mail.kind}_{mail.threshold}"
    bucket, percent = _bucket_name(texts, mail.subject), percent_of(mail.used, mail.ceiling)
    return MailContent(
        language=texts.language,
        subject=texts.text(f"{step}_title", bucket=bucket, percent=percent),
        title=texts.text(f"{step}_title", bucket=bucket, percent=percent),
        paragraphs=(
            texts.text("greeting", name=mail.given_name)
            if mail.given_name
            else texts.text("greeting_nobody"),
            texts.text(f"{step}_text", bucket=bucket, percent=percent),
        ),
        facts=(
            (texts.text("number"), format_msisdn(mail.msisdn)),
            (texts.text("month"), format_month(mail.period, texts.language)),
        ),
        button=(texts.text("button"), f"{public_url}{OWN_PAGE}"),
    )


def notice(alert: AlertMail) -> PortalContent | None:
    """What the portal shows of one alert, as the mail: without amounts. None where the user is no member."""
    if alert.member_id is None:
        return None
    texts = FileTexts(TEXTS, alert.language)
    step, bucket = f"{alert.kind}_{alert.threshold}", _bucket_name(texts, alert.subject)
    percent = percent_of(alert.used, alert.ceiling)
    return PortalContent(
        member_id=alert.member_id,
        portal=Portal.USER,
        language=texts.language,
        title=texts.text(f"{step}_title", bucket=bucket, percent=percent),
        text=f"{format_msisdn(alert.msisdn)} · {texts.text(f'{step}_text', bucket=bucket, percent=percent)}",
        path=OWN_PAGE,
    )


def _bucket_name(texts: FileTexts, code: str) -> str:
    return texts.text(f"bucket_{code}") if code in {"data", "voice", "sms"} else code
