"""New lines as tests ask for them: complete requests for either carrier, and what they leave in the database."""

from typing import Any
from uuid import UUID

from backend.catalog.profiles import profile
from backend.core.ids import new_id
from backend.documents.service import store_document
from backend.orders.kinds.add_line import AddLine
from backend.orders.kinds.port_in import PortIn
from tenants.transaction import open_scope
from tests.support.factories import Customer, next_msisdn, sim_for
from tests.support.files import PDF

CARRIERS = ("mandarine", "lynx")
_cards = iter(range(500_000, 900_000))


def unused_sim_number(customer: Customer) -> str:
    """A blank SIM card that nobody has used."""
    return sim_for(customer.carrier, next(_cards))


def plan_of(
    customer: Customer, *, product_type: str = "voice_data", main: bool = True, companion: bool = False
) -> str:
    return next(
        plan.code
        for plan in profile(customer.carrier).plans
        if plan.product_type == product_type and plan.main_family is main and plan.companion_sim is companion
    )


def line_fields(customer: Customer, **more: Any) -> dict[str, Any]:
    """What a plain new line is asked for."""
    return {
        "account": next(iter(customer.accounts)),
        "given_name": "An",
        "family_name": "Peeters",
        "sim_number": "" if more.get("sim_kind") == "esim" else unused_sim_number(customer),
        "plan": plan_of(customer),
        "cap_cents": 5000,
        **more,
    }


def add_line_request(customer: Customer, *, key: str = "k", **more: Any) -> AddLine:
    return AddLine(**line_fields(customer, request_key=key, **more))


def add_esim_line_request(customer: Customer, **more: Any) -> AddLine:
    return add_line_request(
        customer, **{"sim_kind": "esim", "email": "an@user.example", "language": "nl", **more}
    )


async def store_contract(customer: Customer) -> UUID:
    """A signed scan, stored."""
    return (
        await store_document(
            customer.manager, purpose="split_contract", file_name="contract.pdf", content=PDF
        )
    ).id


async def reserve(customer: Customer, count: int = 1) -> list[str]:
    """Numbers kept for the tenant."""
    numbers = [next_msisdn() for _ in range(count)]
    async with open_scope(customer.system) as scope:
        await scope.connection.executemany(
            "INSERT INTO reserved_number (id, tenant_id, msisdn) VALUES ($1, $2, $3)",
            [(new_id(), customer.tenant_id, number) for number in numbers],
        )
    return numbers


async def rows(customer: Customer, sql: str, *values: Any) -> list[dict[str, Any]]:
    """What the tenant's tables hold."""
    async with open_scope(customer.system, read_only=True) as scope:
        return [dict(row) for row in await scope.connection.fetch(sql, *values)]


DONOR: dict[str, dict[str, str]] = {
    "prepaid_other": {
        "operator": "other",
        "card": "prepaid",
        "donor_operator": "Proxima",
        "donor_sim_number": "8932010000000000004",
    },
    "private_other": {
        "operator": "other",
        "card": "private",
        "donor_operator": "Proxima",
        "donor_sim_number": "8932010000000000004",
    },
    "professional_other": {
        "operator": "other",
        "card": "professional",
        "donor_operator": "Proxima",
        "donor_account": "77-1234",
        "vat_number": "BE 0123.456.749",
        "contact_person": "Luc Maes",
    },
    "same_carrier": {"operator": "same", "card": "private", "donor_account": "77-1234"},
}


def port_in_request(
    customer: Customer, case: str = "professional_other", *, key: str = "k", **more: Any
) -> PortIn:
    fields = {
        "number": next_msisdn(),
        **DONOR[case],
        "authorised": True,
        "authorised_by": "Luc Maes",
        **more,
    }
    return PortIn(**line_fields(customer, request_key=key, **fields))
