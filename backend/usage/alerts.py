"""Alerts at 80 and 100 per cent: worked out after every load, told to the line's user by mail and to managers as notices.

The employer's alerts count the employer's part only, so that they tell nothing of the rest; the user's count everything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from backend.catalog.identifiers import format_msisdn
from backend.core import clock
from backend.core.facts import JobName, UsageAlerted
from backend.core.formats import format_month
from backend.core.i18n import FileTexts
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job
from backend.notifications.content import MailContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from backend.usage.lifecycle import (
    FULL,
    NATIONAL_CEILING_CENTS,
    cap_of_period,
    over_national_ceiling,
    period_of,
    reached,
)
from backend.usage.loading import LOCK
from tenants.scope import Actor, Scope

WORDS = Path(__file__).with_name("alert_texts.toml")
AT_ONCE = 2000
EMPLOYER, USER = "employer", "user"

SPENT = """
SELECT l.id, l.roaming_cap_cents, r.id IS NOT NULL AS raised, r.cents AS raised_cents,
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
INSERT INTO usage_alert (id, tenant_id, line_id, period, kind, subject, threshold, ceiling, audience, at)
SELECT t.id, $1, t.line_id, $2, t.kind, t.subject, t.threshold, t.ceiling, t.audience, $3
FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::bigint[], $10::text[])
  AS t (id, line_id, kind, subject, threshold, ceiling, audience)
ON CONFLICT (tenant_id, line_id, period, kind, subject, threshold, ceiling, audience)
  DO UPDATE SET closed_at = NULL
RETURNING id, line_id, kind, subject, threshold, audience, xmax = 0 AS new
"""
CLOSE = (
    "UPDATE usage_alert SET closed_at = $4 WHERE line_id = ANY($1::uuid[]) AND period = $2 AND closed_at IS NULL"
    " AND id <> ALL($3::uuid[])"
)


@dataclass(frozen=True, slots=True)
class PendingAlert:
    """A threshold that is met now."""

    line_id: UUID
    kind: str
    subject: str
    threshold: int
    ceiling: int
    audience: str


@job(JobName.CHECK_ALERTS)
async def check_alerts(scope: Scope, *, load_id: str) -> None:  # noqa: ARG001 - names the load in the outbox
    """Look at every line with new usage; those already looked at are not there any more."""
    await scope.connection.execute(LOCK, scope.tenant_id)
    rows = await scope.connection.fetch("DELETE FROM alert_check_queue RETURNING line_id")
    lines = iter(sorted(row["line_id"] for row in rows))
    while batch := list(islice(lines, AT_ONCE)):
        await check_lines(scope, batch)


async def check_lines(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """Write the alerts that are met in the running month, close those that are not, have new ones mailed."""
    period = period_of(clock.now())
    spent = await scope.connection.fetch(SPENT, list(line_ids), period)
    buckets = await scope.connection.fetch(BUCKETS, list(line_ids), period)
    due = [*_due_of_costs(spent), *_due_of_buckets(buckets)]
    written = await scope.connection.fetch(
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
    )
    await scope.connection.execute(CLOSE, list(line_ids), period, [row["id"] for row in written], clock.now())
    if any(row["new"] for row in written):
        scope.invalidate("usage")
    for row in _to_mail(written):
        scope.emit(UsageAlerted(alert_id=row["id"]))


def _due_of_costs(rows: Sequence[Any]) -> Iterator[PendingAlert]:
    for row in rows:
        cap = cap_of_period(row["roaming_cap_cents"], raised=row["raised"], raised_cents=row["raised_cents"])
        for audience in (EMPLOYER, USER):
            abroad, home = row[f"abroad_{audience}"], row[f"home_{audience}"]
            # Somebody who chose 0 is not told every month that nothing is left
            if cap:
                for threshold in reached(abroad, cap):
                    yield PendingAlert(row["id"], "roaming_cap", "", threshold, cap, audience)
            if over_national_ceiling(home):
                yield PendingAlert(row["id"], "national_ceiling", "", FULL, NATIONAL_CEILING_CENTS, audience)


def _due_of_buckets(rows: Sequence[Any]) -> Iterator[PendingAlert]:
    for row in rows:
        if row["allowance"]:
            for threshold in reached(row["used"], row["allowance"]):
                for audience in (EMPLOYER, USER):
                    yield PendingAlert(
                        row["line_id"], "bucket", row["bucket"], threshold, row["allowance"], audience
                    )


def _to_mail(written: Sequence[Any]) -> list[Any]:
    """One mail a thing: who jumps from nothing to 100 per cent is not told of 80 as well."""
    highest: dict[tuple[Any, ...], Any] = {}
    for row in sorted((row for row in written if row["audience"] == USER), key=lambda one: one["threshold"]):
        highest[row["line_id"], row["kind"], row["subject"]] = row
    return [row for row in highest.values() if row["new"]]


@idempotent_job(JobName.MAIL_ALERT)
async def mail_alert(actor: Actor, *, alert_id: str) -> None:
    """Tell the line's user, in the user's language."""

    async def compose(scope: Scope) -> tuple[str, MailContent] | None:
        row = await scope.connection.fetchrow(
            "SELECT a.kind, a.subject, a.threshold, a.period, a.closed_at, l.msisdn, u.email, u.language, u.given_name"
            " FROM usage_alert a JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id"
            " JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id WHERE a.id = $1",
            UUID(alert_id),
        )
        if row is None or not row["email"] or row["closed_at"]:
            return None
        return row["email"], content(row, clients().settings.public_url)

    await send_once(actor, f"usage_alert/{alert_id}", compose)


def content(row: Any, public_url: str) -> MailContent:
    """The letter of one alert. It holds no amounts: whoever sees it over a shoulder learns none."""
    texts = FileTexts(WORDS, row["language"])
    kind, period = row["kind"], row["period"]
    step = f"{kind}_{row['threshold']}"
    bucket = _bucket_name(texts, row["subject"])
    return MailContent(
        language=texts.language,
        subject=texts.text(f"{step}_title", bucket=bucket),
        title=texts.text(f"{step}_title", bucket=bucket),
        paragraphs=(
            texts.text("greeting", name=row["given_name"])
            if row["given_name"]
            else texts.text("greeting_nobody"),
            texts.text(f"{step}_text", bucket=bucket),
        ),
        facts=(
            (texts.text("number"), format_msisdn(row["msisdn"])),
            (texts.text("month"), format_month(period, texts.language)),
        ),
        button=(texts.text("button"), f"{public_url}/app/my"),
    )


def _bucket_name(texts: FileTexts, code: str) -> str:
    return texts.text(f"bucket_{code}") if code in {"data", "voice", "sms"} else code
