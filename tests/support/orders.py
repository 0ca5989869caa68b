"""Service orders of every category, for both carriers, as the product sends them."""

from typing import Any
from uuid import uuid4

from backend.catalog.profiles import profile
from backend.integrations.network import ServiceOrder
from backend.sandbox.carrier.order_types import ORDER_TYPES
from tests.support.factories import sim_for

CARRIERS = ("mandarine", "lynx")
LINE = "+32470100001"
PORTED = "+32490700001"


def _plan(carrier: str, product_type: str = "voice_data", *, companion: bool = False) -> str:
    """Every plan by what it is, since the carriers name them as they like."""
    plans = [plan for plan in profile(carrier).plans if plan.product_type == product_type]
    return next(plan.code for plan in reversed(plans) if plan.companion_sim or not companion)


def a_line(carrier: str, **more: Any) -> dict[str, Any]:
    return {
        "msisdn": LINE,
        "billingAccount": "6012480-01",
        "productType": "voice_data",
        "plan": profile(carrier).plans[0].code,
        "options": ["data-5gb"],
        "simNumber": sim_for(carrier, 470100001),
        "puk": "12345678",
        "activatedOn": "2024-03-01",
    } | more


def asking(
    carrier: str, category: str, *, msisdn: str = LINE, customer: str = "delta", **asked: Any
) -> ServiceOrder:
    """An order; PLAN, DATA and CARD stand for a plan, a data plan and a blank card of the carrier."""
    stand_ins = {
        "PLAN": _plan(carrier),
        "DATA": _plan(carrier, "data_only"),
        "CARD": sim_for(carrier, 990002),
    }
    values = {
        name: stand_ins.get(value, value) if isinstance(value, str) else value
        for name, value in asked.items()
    }
    known = ORDER_TYPES.get(category)
    if known and known.new:
        values = {
            "productType": "voice_data",
            "plan": _plan(carrier, companion=True),
            "options": ["sms-unlimited"],
            "billingAccount": "6012480-01",
            "roamingCapCents": 5000,
            "companionSim": False,
            "splitProfile": "",
        } | values
    return ServiceOrder(
        external_id=str(uuid4()),
        customer=customer,
        msisdn=msisdn,
        category=category,
        action=known.action if known else "modify",
        characteristics=values,
    )


def asking_to_port(carrier: str, *, msisdn: str = PORTED, **asked: Any) -> ServiceOrder:
    values = {
        "simKind": "physical",
        "simNumber": sim_for(carrier, 990003),
        "portCase": "professional_other",
        "donorOperator": "Elsewhere",
        "donorSimNumber": "",
        "donorAccount": "77",
        "vatNumber": "0403170701",
        "contactPerson": "An Peeters",
        "requestedDate": "",
        "authorisedBy": "An Peeters",
        "authorisedAt": "2026-11-21T10:00:00Z",
    }
    return asking(carrier, "portIn", msisdn=msisdn, **values | asked)


# category, what is asked, what is told once it is done, how the line then is (nothing: it is gone)
KINDS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "changePlan",
        {"plan": "PLAN", "removeOption": ["data-5gb"]},
        {"plan": "PLAN", "options": []},
        {"options": ()},
    ),
    (
        "changeOptions",
        {"addOption": ["sms-unlimited"], "removeOption": ["data-5gb"]},
        {"options": ["sms-unlimited"]},
        {"options": ("sms-unlimited",)},
    ),
    (
        "changeBarrings",
        {"addBarring": ["premium-sms"], "removeBarring": []},
        {"barrings": ["premium-sms"]},
        {"barrings": ("premium-sms",)},
    ),
    (
        "changeSpendCap",
        {"roamingCapCents": 10000, "period": "standing"},
        {"roamingCapCents": 10000},
        {"roaming_cap_cents": 10000},
    ),
    (
        "changeSpendCap",
        {"roamingCapCents": None, "period": "standing"},
        {"roamingCapCents": None},
        {"roaming_cap_cents": None},
    ),
    (
        "replaceSim",
        {"simNumber": "CARD"},
        {"simNumber": "CARD", "simKind": "physical"},
        {"sim_kind": "physical"},
    ),
    ("suspend", {"reason": "lost"}, {"status": "suspended"}, {"status": "suspended"}),
    ("reactivate", {}, {"status": "active"}, {"status": "active"}),
    ("moveAccount", {"billingAccount": "6-2"}, {"billingAccount": "6-2"}, {"billing_account": "6-2"}),
    ("convertToPrepaid", {}, {"status": "released_prepaid"}, {}),
    ("releaseNumber", {"target": "prepaid"}, {"status": "released_prepaid"}, {}),
    (
        "releaseNumber",
        {
            "target": "private",
            "offer": "any",
            "successorGivenName": "An",
            "successorFamilyName": "Peeters",
            "successorEmail": "an@example.com",
            "successorLanguage": "nl",
        },
        {"status": "released_private"},
        {},
    ),
    ("terminate", {}, {"status": "terminated"}, {}),
]
