"""From database rows to the shapes that pages and the API see."""

from typing import Any

import orjson

from backend.catalog.names import Catalogue
from backend.lines.schemas import HistoryEntry, LineDetail, LineRow, PlanName

DETAIL = """
SELECT l.*, a.label AS account_label, o.name AS holder, o.address AS address, c.code AS centre_code,
  c.name AS centre_name, u.given_name, u.family_name, u.email AS user_email, u.language AS user_language,
  s.refreshed_at,
  ARRAY(SELECT r.reference FROM change_order_item i JOIN change_order r ON r.tenant_id = i.tenant_id
    AND r.id = i.order_id WHERE i.tenant_id = l.tenant_id AND i.line_id = l.id
    AND i.state IN ('waiting', 'sent', 'in_progress', 'held') ORDER BY r.reference) AS open_orders
FROM line l
JOIN billing_account a ON a.tenant_id = l.tenant_id AND a.id = l.billing_account_id
JOIN organisation o ON o.tenant_id = l.tenant_id AND o.id = a.organisation_id
LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
LEFT JOIN fleet_snapshot s ON s.tenant_id = l.tenant_id
"""


def row_of(row: Any, catalogue: Catalogue) -> LineRow:
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


def detail_of(row: Any, catalogue: Catalogue) -> LineDetail:
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
        open_orders=row["open_orders"],
        refreshed_at=row["refreshed_at"],
    )


def history_entry(row: Any) -> HistoryEntry:
    detail = {key: str(value) for key, value in orjson.loads(row["detail"]).items()}
    return HistoryEntry(
        at=row["at"],
        actor=row["actor_name"],
        action=row["action"],
        detail=detail,
        reference=detail.get("reference", ""),
    )
