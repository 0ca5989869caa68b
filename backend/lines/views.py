"""From database rows to the shapes that pages and the API see."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue
from backend.core import clock
from backend.core.ids import made_at
from backend.lines.lifecycle import IN_FLEET, AgreementState, LineStatus
from backend.lines.queries import FleetRow
from backend.lines.schemas import AgreementView, EsimView, LineDetail, LineRow, PlanName
from backend.lines.sims.esim_lifecycle import SENDABLE, unusable_reason, waits_for_user
from backend.lines.sims.sim_lifecycle import GONE
from backend.lines.unreached import REFUSED_CHANNEL

DETAIL = f"""
SELECT l.id, l.msisdn, l.name, l.status, l.product_type, l.plan, l.options, l.barrings, l.account, l.sim_number,
  l.sim_kind, l.puk_sealed IS NOT NULL AS has_puk, l.roaming_cap_cents, l.companion_sim, l.split_profile,
  l.activated_on,
  a.label AS account_label, o.name AS holder, o.address, c.code AS centre_code, c.name AS centre_name,
  u.given_name, u.family_name, u.email, u.language, s.refreshed_at, l.confirmed_at,
  e.iccid, e.state AS esim_state, e.activation_sealed IS NOT NULL AS esim_sealed, e.valid_until,
  e.email AS esim_email, e.sent_count, e.sent_at, e.confirmed_at AS esim_confirmed_at,
  e.mail_refused,
  g.profile AS agreement_profile, g.state AS agreement_state, g.reason AS agreement_reason,
  (SELECT k.state FROM sim_card k WHERE k.tenant_id = l.tenant_id AND k.line_id = l.id AND k.number = l.sim_number
    AND k.state NOT IN ({", ".join(f"'{state}'" for state in sorted(GONE))})) AS sim_state,
  {REFUSED_CHANNEL} AS refused_channel,
  f.open_orders
FROM line l
JOIN fleet f ON f.id = l.id
JOIN billing_account a ON a.tenant_id = l.tenant_id AND a.id = l.billing_account_id
JOIN organisation o ON o.tenant_id = l.tenant_id AND o.id = a.organisation_id
LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
LEFT JOIN inventory_sync s ON s.tenant_id = l.tenant_id
LEFT JOIN LATERAL (SELECT p.iccid, p.state, p.activation_sealed, p.valid_until, p.email, p.sent_count, p.sent_at,
  p.confirmed_at, p.mail_refused FROM esim_profile p WHERE p.tenant_id = l.tenant_id AND p.line_id = l.id
  ORDER BY p.created_at DESC, p.id DESC LIMIT 1) e ON true
LEFT JOIN LATERAL (SELECT x.profile, x.state, x.reason FROM split_agreement x WHERE x.tenant_id = l.tenant_id
  AND x.line_id = l.id AND x.state <> '{AgreementState.ENDED}' ORDER BY x.created_at DESC LIMIT 1) g ON true
"""


class DetailRow(msgspec.Struct, frozen=True):
    """One line with its account, user, latest eSIM profile, present agreement and open requests."""

    id: UUID
    msisdn: str
    name: str
    status: str
    product_type: str
    plan: str
    options: list[str]
    barrings: list[str]
    account: str
    sim_number: str
    sim_kind: Literal["physical", "esim"]
    has_puk: bool
    roaming_cap_cents: int | None
    companion_sim: str
    split_profile: str
    activated_on: date | None
    account_label: str
    holder: str
    address: str
    centre_code: str | None
    centre_name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    language: str | None
    refreshed_at: datetime | None
    confirmed_at: datetime | None
    iccid: str | None
    esim_state: str | None
    esim_sealed: bool
    valid_until: datetime | None
    esim_email: str | None
    sent_count: int | None
    sent_at: datetime | None
    esim_confirmed_at: datetime | None
    mail_refused: str | None
    agreement_profile: str | None
    agreement_state: str | None
    agreement_reason: str | None
    sim_state: str | None
    refused_channel: str
    open_orders: list[str]


def line_row(row: FleetRow, catalogue: Catalogue) -> LineRow:
    """A line of the list, with the name of its plan."""
    return LineRow(
        id=row.id,
        msisdn=row.msisdn,
        name=row.name,
        status=row.status,
        product_type=row.product_type,
        plan=PlanName(row.plan, catalogue.name("plan", row.plan)),
        options=row.options,
        billing_account=row.account,
        sim_number=row.sim_number,
        sim_kind=row.sim_kind,
        open_order=row.open_order,
    )


def line_detail(row: DetailRow, catalogue: Catalogue) -> LineDetail:
    """Everything that the page of a line shows."""
    plan, newer = catalogue.profile.plan(row.plan), _newer_than_reading(row)
    return LineDetail(
        id=row.id,
        msisdn=row.msisdn,
        name=row.name,
        given_name=row.given_name or "",
        family_name=row.family_name or "",
        email=row.email or "",
        language=row.language or "",
        holder=row.holder,
        address=row.address,
        billing_account=row.account,
        billing_account_label=row.account_label,
        cost_centre=" ".join(part for part in (row.centre_code, row.centre_name) if part),
        status=row.status,
        product_type=row.product_type,
        plan=PlanName(row.plan, catalogue.name("plan", row.plan)),
        plan_monthly_cents=plan.monthly_cents if plan else 0,
        options=row.options,
        barrings=row.barrings,
        sim_number=row.sim_number,
        sim_kind=row.sim_kind,
        has_puk=row.has_puk,
        roaming_cap_cents=row.roaming_cap_cents,
        companion_sim=row.companion_sim,
        split_profile=row.split_profile,
        activated_on=row.activated_on,
        sim_state=row.sim_state or "",
        esim=_esim(row, carrier_asks=catalogue.profile.esim_confirmation),
        agreement=_agreement(row),
        refused_channel=_refused_channel(row),
        open_orders=row.open_orders,
        refreshed_at=None if newer else row.refreshed_at,
        confirmed_at=row.confirmed_at if newer else None,
    )


def _newer_than_reading(row: DetailRow) -> bool:
    """Whether the last reading of the inventory came too early for the line to be in it."""
    if row.status in {LineStatus.ORDERED, LineStatus.PENDING_ACTIVE}:
        return True
    read, confirmed = row.refreshed_at, row.confirmed_at
    if read is None or confirmed is None or confirmed < read:
        return False
    activated = row.activated_on is not None and row.activated_on >= clock.local(read).date()
    return activated or made_at(row.id) > read


def _esim(row: DetailRow, *, carrier_asks: bool) -> EsimView | None:
    if row.esim_state is None:
        return None
    return EsimView(
        sim_number=row.iccid or "",
        state=row.esim_state,
        why_not=unusable_reason(row.esim_state, row.valid_until, clock.now(), sealed=row.esim_sealed),
        email=row.esim_email or "",
        sent_count=row.sent_count or 0,
        sent_at=row.sent_at,
        confirmed_at=row.esim_confirmed_at,
        waits_for_user=waits_for_user(row.esim_state, row.esim_confirmed_at, carrier_asks=carrier_asks),
        mail_refused=row.mail_refused is not None and row.esim_state in SENDABLE,
    )


def _refused_channel(row: DetailRow) -> str:
    """Nobody is written to about a line that has ended, or that has no user."""
    return row.refused_channel if row.email is not None and row.status in IN_FLEET else ""


def _agreement(row: DetailRow) -> AgreementView | None:
    if row.agreement_state is None:
        return None
    return AgreementView(
        profile=row.agreement_profile or "", state=row.agreement_state, reason=row.agreement_reason or ""
    )
