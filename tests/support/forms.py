"""Every order kind as its form asks it: the pages with what is filled in on each, and the lines that it needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backend.catalog import profiles
from backend.catalog.schemas import CarrierProfile
from backend.core import clock
from backend.core.ids import new_id
from backend.orders.kinds import KINDS
from tenants.transaction import open_scope
from tests.support.factories import (
    Customer,
    make_account,
    make_cost_centre,
    make_customer,
    make_lines,
    next_msisdn,
)
from tests.support.new_lines import line_fields, plan_of, store_contract, unused_sim_number

# Still ahead where midnight passes during the run.
DAY = (clock.today() + timedelta(days=3)).isoformat()
ACCOUNT, COST_CENTRE, DEARER_BY_PERCENT = "60-77", "OPS", 10
Page = dict[str, str]  # the name of a control -> its value, or what is typed

PERSON: Page = {
    "given_name": "Lou",
    "family_name": "Maes",
    "email": "lou@customer.example",
    "language": "nl",
}
PLANS = {"mandarine": ("pro-flex-2", "pro-flex-60"), "lynx": ("trail-s", "trail-l")}


def one_page(**fields: str) -> Callable[[Customer], list[Page]]:
    return lambda _customer: [fields]


@dataclass(frozen=True)
class Form:
    """One kind: what is filled in page by page, and the same as kind_fields of a draft."""

    pages: Callable[[Customer], list[Page]]
    kind_fields: dict[str, Any] = field(default_factory=dict)
    carrier: str = "mandarine"
    status: str = "active"

    async def customer(self) -> Customer:
        """Someone with one line that may have such a request."""
        customer = await make_customer(carrier=self.carrier)
        await make_lines(
            customer,
            1,
            plan=PLANS[self.carrier][0],
            status=self.status,
            account=next(iter(customer.accounts)),
        )
        await make_account(customer, ACCOUNT)
        await make_cost_centre(customer, COST_CENTRE)
        (line,) = await customer.lines()
        await with_esim(customer, line.id)
        return customer


def _new_line(customer: Customer, kind: str, *transfer: Page) -> list[Page]:
    """The pages of a new line; `transfer` is the one of a number that is transferred."""
    account = next(iter(customer.accounts))
    last = {"option": "sms-unlimited", "split": "none", "cap": "other", "cap_other": "37,50"}
    return [
        {"kind": kind, "given_name": "Lou", "account": account, "family_name": "Maes"},
        *transfer,
        {
            "sim_kind": "esim",
            "language": "nl",
            "qr_copy": "yes",
            "plan": plan_of(customer),
            "email": "lou@customer.example",
        },
        {"on": DAY, **last} if kind == "add_line" else last,
    ]


def _port(customer: Customer) -> list[Page]:
    transfer = {
        "operator": "other",
        "card": "professional",
        "number": next_msisdn().replace("+32", "0"),
        "donor_operator": "Proxima",
        "donor_account": "77-1234",
        "vat_number": "BE 0123.456.749",
        "contact_person": "Luc Maes",
        "company_name": "Maes & Co",
        "authorised": "yes",
        "authorised_by": "Luc Maes",
    }
    return _new_line(customer, "port_in", transfer)


PORT = {
    "operator": "other",
    "card": "professional",
    "donor_operator": "Proxima",
    "donor_account": "77-1234",
    "vat_number": "BE 0123.456.749",
    "contact_person": "Luc Maes",
    "authorised": True,
    "authorised_by": "Luc Maes",
}

FORMS: dict[str, Form] = {
    "change_options": Form(one_page(option="sms-unlimited"), {"add": ["sms-unlimited"]}),
    "change_plan": Form(one_page(plan=PLANS["mandarine"][1]), {"plan": PLANS["mandarine"][1]}),
    "change_barrings": Form(one_page(blocked="roaming-data"), {"add": ["roaming-data"]}),
    "suspend": Form(one_page(reason="absence"), {"reason": "absence"}),
    "reactivate": Form(one_page(on=DAY), status="suspended"),
    "change_spend_cap": Form(
        one_page(cap="other", period="standing", on=DAY, cap_other="37,50"),
        {"cap_cents": 3750, "on": DAY},
    ),
    "change_user": Form(one_page(person="another", **PERSON), {**PERSON, "another_person": True}),
    "change_cost_centre": Form(
        one_page(cost_centre=COST_CENTRE, on=DAY), {"cost_centre": COST_CENTRE, "on": DAY}
    ),
    "move_account": Form(one_page(account=ACCOUNT), {"account": ACCOUNT}),
    "replace_sim": Form(
        lambda customer: [{"reason": "defective", "sim_number": unused_sim_number(customer)}],
        {"reason": "defective"},
    ),
    "request_esim": Form(
        one_page(reason="new_device", email="lou@customer.example", language="nl", qr_copy="yes", on=DAY),
        {"reason": "new_device", "email": "lou@customer.example", "language": "nl"},
    ),
    "resend_esim": Form(one_page()),
    "split_billing": Form(
        one_page(
            document_id="signed.pdf",
            profile="direction-20",
            billing_street="Rue du Canal 18",
            billing_postcode="1070",
            billing_town="Anderlecht",
        ),
        {
            "profile": "direction-20",
            "billing_street": "Rue du Canal 18",
            "billing_postcode": "1070",
            "billing_town": "Anderlecht",
        },
        carrier="lynx",
    ),
    "depart": Form(
        one_page(on=DAY, knows_successor="yes", **PERSON),
        {**PERSON, "on": DAY, "knows_successor": True},
    ),
    "convert_to_prepaid": Form(one_page(on=DAY)),
    "terminate": Form(one_page(on=DAY), carrier="lynx"),
    "add_line": Form(lambda customer: _new_line(customer, "add_line")),
    "port_in": Form(_port, PORT),
}
WITHOUT_A_FORM: dict[str, str] = {}  # a kind that nobody fills in -> why not

NEW_LINES = sorted(kind for kind in FORMS if KINDS[kind].creates is not None)


async def kind_fields_of(customer: Customer, kind: str) -> dict[str, Any]:
    """All that the kind asks, as a draft keeps it once every page was filled in."""
    kind_fields = dict(FORMS[kind].kind_fields)
    if kind == "replace_sim":
        kind_fields["sim_number"] = unused_sim_number(customer)
    elif kind == "split_billing":
        kind_fields["document_id"] = str(await store_contract(customer))
    elif kind in NEW_LINES:
        kind_fields |= {**line_fields(customer), "options": ["sms-unlimited"], "product_type": "voice_data"}
    if kind == "port_in":
        kind_fields["number"] = next_msisdn()
    return kind_fields


async def with_esim(customer: Customer, line_id: UUID) -> None:
    """The code of the line's eSIM may be sent: released, and not used."""
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "INSERT INTO esim_profile (id, tenant_id, line_id, email, language, copy_to, iccid, state,"
            " activation_sealed, created_at, changed_at)"
            " VALUES ($1, $2, $3, 'lou@customer.example', 'nl', '', '', 'released', $4, now(), now())",
            new_id(),
            customer.tenant_id,
            line_id,
            b"sealed",
        )


def dearer(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every plan, option and fee costs a tenth more: a deployment has put another catalogue in place."""

    def more(cents: int) -> int:
        return cents + cents * DEARER_BY_PERCENT // 100

    def changed(known: CarrierProfile) -> CarrierProfile:
        return replace(
            known,
            plans=tuple(replace(plan, monthly_cents=more(plan.monthly_cents)) for plan in known.plans),
            options=tuple(replace(one, price_cents=more(one.price_cents)) for one in known.options),
            termination_fee_cents=more(known.termination_fee_cents),
        )

    _catalogue(monkeypatch, changed)


def without(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """From now on nobody offers this plan or option."""

    def changed(known: CarrierProfile) -> CarrierProfile:
        return replace(
            known,
            plans=tuple(plan for plan in known.plans if plan.code != code),
            options=tuple(one for one in known.options if one.code != code),
        )

    _catalogue(monkeypatch, changed)


def _catalogue(monkeypatch: pytest.MonkeyPatch, change: Callable[[CarrierProfile], CarrierProfile]) -> None:
    found = {code: change(known) for code, known in profiles.load_profiles().items()}
    monkeypatch.setattr(profiles, "load_profiles", lambda _folder=None: found)
