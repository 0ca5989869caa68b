"""From database rows to the shapes that pages and the API see."""

from typing import Any

import orjson

from backend.catalog.catalogue import Catalogue
from backend.core import clock
from backend.lines.schemas import AgreementView, EsimView, LineDetail, LineRow, PlanName, TimelineEntry
from backend.lines.sims.esim_lifecycle import unusable_reason

DETAIL = """
SELECT l.*, a.label AS account_label, o.name AS holder, o.address AS address, c.code AS centre_code,
  c.name AS centre_name, u.given_name, u.family_name, u.email AS user_email, u.language AS user_language,
  s.refreshed_at, e.iccid, e.state AS esim_state, e.sealed, e.valid_until, e.email AS esim_email, e.sent_count, e.sent_at,
  e.confirmed_at AS esim_confirmed_at, g.profile AS agreement_profile, g.state AS agreement_state,
  g.reason AS agreement_reason,
  (SELECT c.state FROM sim_card c WHERE c.tenant_id = l.tenant_id AND c.line_id = l.id AND c.number = l.sim_number
    AND c.state NOT IN ('replaced', 'retired')) AS sim_state,
  ARRAY(SELECT r.reference FROM change_order_item i JOIN change_order r ON r.tenant_id = i.tenant_id
    AND r.id = i.order_id WHERE i.tenant_id = l.tenant_id AND i.line_id = l.id
    AND i.state IN ('waiting', 'sent', 'in_progress', 'held') ORDER BY r.reference) AS open_orders
FROM line l
JOIN billing_account a ON a.tenant_id = l.tenant_id AND a.id = l.billing_account_id
JOIN organisation o ON o.tenant_id = l.tenant_id AND o.id = a.organisation_id
LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
LEFT JOIN inventory_sync s ON s.tenant_id = l.tenant_id
LEFT JOIN LATERAL (SELECT p.*, p.activation_sealed IS NOT NULL AS sealed FROM esim_profile p
  WHERE p.tenant_id = l.tenant_id AND p.line_id = l.id ORDER BY p.created_at DESC, p.id DESC LIMIT 1) e ON true
LEFT JOIN LATERAL (SELECT a.* FROM split_agreement a WHERE a.tenant_id = l.tenant_id AND a.line_id = l.id
  AND a.state <> 'ended' ORDER BY a.created_at DESC LIMIT 1) g ON true
"""


def line_row(row: Any, catalogue: Catalogue) -> LineRow:
    return LineRow(
        id=row["id"],
        msisdn=row["msisdn"],
        name=row["name"],
        status=row["status"],
        product_type=row["product_type"],
        plan=PlanName(row["plan"], catalogue.name("plan", row["plan"])),
        options=row["options"],
        billing_account=row["account"],
        sim_number=row["sim_number"],
        open_order=row["open_order"],
    )


def line_detail(row: Any, catalogue: Catalogue) -> LineDetail:
    plan = catalogue.profile.plan(row["plan"])
    return LineDetail(
        id=row["id"],
        msisdn=row["msisdn"],
        name=row["name"],
        given_name=row["given_name"] or "",
        family_name=row["family_name"] or "",
        email=row["user_email"] or "",
        language=row["user_language"] or "",
        holder=row["holder"],
        address=row["address"],
        billing_account=row["account"],
        billing_account_label=row["account_label"],
        cost_centre=" ".join(part for part in (row["centre_code"], row["centre_name"]) if part),
        status=row["status"],
        product_type=row["product_type"],
        plan=PlanName(row["plan"], catalogue.name("plan", row["plan"])),
        plan_monthly_cents=plan.monthly_cents if plan else 0,
        options=row["options"],
        barrings=row["barrings"],
        sim_number=row["sim_number"],
        sim_kind=row["sim_kind"],
        has_puk=row["puk_sealed"] is not None,
        roaming_cap_cents=row["roaming_cap_cents"],
        companion_sim=row["companion_sim"],
        split_profile=row["split_profile"],
        activated_on=row["activated_on"],
        sim_state=row["sim_state"] or "",
        esim=_esim(row) if row["esim_state"] else None,
        agreement=AgreementView(
            profile=row["agreement_profile"], state=row["agreement_state"], reason=row["agreement_reason"]
        )
        if row["agreement_state"]
        else None,
        open_orders=row["open_orders"],
        refreshed_at=row["refreshed_at"],
    )


def _esim(row: Any) -> EsimView:
    return EsimView(
        sim_number=row["iccid"],
        state=row["esim_state"],
        why_not=unusable_reason(row["esim_state"], row["valid_until"], clock.now(), sealed=row["sealed"]),
        email=row["esim_email"],
        sent_count=row["sent_count"],
        sent_at=row["sent_at"],
        confirmed_at=row["esim_confirmed_at"],
    )


def history_entry(row: Any) -> TimelineEntry:
    detail = {key: str(value) for key, value in orjson.loads(row["detail"]).items()}
    return TimelineEntry(
        at=row["at"],
        actor=row["actor_name"],
        action=row["action"],
        detail=detail,
        reference=detail.get("reference", ""),
    )
