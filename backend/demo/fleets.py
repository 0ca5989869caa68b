"""Invented fleets: the same at every start, with numbers and SIM numbers that pass their checks."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from backend.catalog.identifiers import with_luhn
from backend.catalog.profiles import profile
from backend.catalog.rules import conflicting_options, option_allowed
from backend.catalog.schemas import CarrierProfile, Plan, ProductType
from backend.demo.people import FAMILY, GIVEN

SEED = 20261121
FIRST_DAY = date(2019, 1, 7)


@dataclass(frozen=True, slots=True)
class DemoOrganisation:
    """A legal entity of an invented customer, with its customer numbers."""

    name: str
    enterprise_number: str
    address: str
    # Number, label, kind; those after the first hang below it
    accounts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A person who signs in, with the password of the demo."""

    email: str
    given_name: str
    family_name: str
    roles: tuple[str, ...]
    language: str
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """An invented customer with its organisations, members and lines."""

    slug: str
    name: str
    carrier: str
    lines: int
    # National significant number of the first line
    first_number: int
    organisations: tuple[DemoOrganisation, ...]
    members: tuple[DemoMember, ...]
    cost_centres: tuple[tuple[str, str], ...] = ()
    weights: Sequence[int] = field(default_factory=tuple)
    # In stock
    blank_sims: int = 0
    reserved_numbers: int = 0


def enterprise_number(first_eight: int) -> str:
    """Ten digits whose last two are 97 minus the first eight modulo 97 (Crossroads Bank for Enterprises)."""
    return f"{first_eight:08d}{97 - first_eight % 97:02d}"


def _atlas_organisations() -> tuple[DemoOrganisation, ...]:
    places = ("Bruxelles", "Gent", "Liège", "Antwerpen", "Namur", "Hasselt", "Mons", "Brugge")
    streets = ("chaussée du Port 4", "Havenlaan 12", "quai des Ateliers 30", "Stationsplein 7")
    names = ("Atlas Transport", "Atlas Bouw", "Atlas Énergie", "Atlas Services")
    organisations = []
    for index, (name, street) in enumerate(zip(names, streets, strict=True)):
        base = 7_400_100 + index * 100
        count = 8 if index < 2 else 7
        accounts = [(f"{base}-00", f"{name}, factures", "invoice_only")]
        accounts += [(f"{base}-{n:02d}", places[n - 1], "line_bearing") for n in range(1, count)]
        number = enterprise_number(4_712_300 + index * 17)
        organisations.append(
            DemoOrganisation(
                f"{name} SA", number, f"{street}, {4000 + index * 100} {places[index]}", tuple(accounts)
            )
        )
    return tuple(organisations)


OWNER_AND_MANAGER = ("owner", "fleet_manager")

TENANTS = (
    DemoTenant(
        slug="delta",
        name="Delta Logistics",
        carrier="mandarine",
        lines=61,
        first_number=470100001,
        blank_sims=12,
        reserved_numbers=4,
        organisations=(
            DemoOrganisation(
                "Delta Logistics SA",
                enterprise_number(4_602_118),
                "rue du Canal 18, 1070 Anderlecht",
                (
                    ("6012480-00", "Delta, factures", "invoice_only"),
                    ("6012480-01", "Bruxelles", "line_bearing"),
                    ("6012480-02", "Namur", "line_bearing"),
                ),
            ),
        ),
        members=(
            DemoMember(
                "sofie@delta.example",
                "Sofie",
                "Lambert",
                (*OWNER_AND_MANAGER, "end_user"),
                "fr",
                "+32470100001",
            ),
            DemoMember("karim@delta.example", "Karim", "Benali", ("end_user",), "nl", "+32470100002"),
        ),
        cost_centres=(
            ("BXL-OPS", "Exploitation Bruxelles"),
            ("NAM-OPS", "Exploitation Namur"),
            ("ADM", "Direction"),
        ),
    ),
    DemoTenant(
        slug="lumen",
        name="Lumen Studio",
        carrier="lynx",
        lines=12,
        first_number=471200001,
        blank_sims=8,
        reserved_numbers=3,
        organisations=(
            DemoOrganisation(
                "Lumen Studio BV",
                enterprise_number(5_533_071),
                "Kloosterstraat 44, 2000 Antwerpen",
                (("L-20417", "Studio", "line_bearing"),),
            ),
        ),
        members=(
            DemoMember("nora@lumen.example", "Nora", "Peeters", OWNER_AND_MANAGER, "nl", "+32471200001"),
        ),
    ),
    DemoTenant(
        slug="atlas",
        name="Atlas Group",
        carrier="mandarine",
        lines=10_000,
        first_number=475000001,
        blank_sims=200,
        reserved_numbers=20,
        organisations=_atlas_organisations(),
        members=(
            DemoMember("amina@atlas.example", "Amina", "El Amrani", OWNER_AND_MANAGER, "fr", "+32475000001"),
        ),
        cost_centres=tuple((f"CC-{n:03d}", f"Équipe {n}") for n in range(1, 41)),
    ),
)


def rows_of(tenant: DemoTenant) -> Iterator[dict[str, str]]:
    """One row a line, in the columns of the fleet import."""
    chance = random.Random(f"{SEED}/{tenant.slug}")  # noqa: S311 - invented data, the same at every start
    carrier = profile(tenant.carrier)
    accounts = [
        number
        for organisation in tenant.organisations
        for number, _, kind in organisation.accounts
        if kind == "line_bearing"
    ]
    plans = {kind: [plan for plan in carrier.plans if plan.product_type is kind] for kind in ProductType}
    for index in range(tenant.lines):
        member = tenant.members[index] if index < len(tenant.members) else None
        data_only = member is None and chance.random() < 0.15
        plan = chance.choice(plans[ProductType.DATA_ONLY if data_only else ProductType.VOICE_DATA])
        given, family = _person(chance, member)
        status = "active" if member or chance.random() < 0.96 else "suspended"
        activated = FIRST_DAY + timedelta(days=chance.randrange(2800))
        yield {
            "msisdn": f"+32{tenant.first_number + index}",
            "customer_number": accounts[0] if member else chance.choice(accounts),
            "plan": plan.code,
            "family_name": family,
            "given_name": given,
            "email": member.email if member else f"{_ascii(given)}.{_ascii(family)}@{tenant.slug}.example",
            "language": member.language if member else chance.choice(("fr", "nl", "nl", "fr", "de", "en")),
            "cost_centre": chance.choice(tenant.cost_centres)[0] if tenant.cost_centres else "",
            "sim_number": _sim(tenant, index),
            "sim_kind": "esim" if chance.random() < 0.2 else "physical",
            "puk": f"{chance.randrange(10**8):08d}",
            "options": "|".join(options := _options(chance, carrier, plan)),
            "status": status,
            "activated_on": activated.isoformat(),
            "roaming_cap": str(_cap(chance, carrier, options)),
        }


def _person(chance: random.Random, member: DemoMember | None) -> tuple[str, str]:
    if member:
        return member.given_name, member.family_name
    return chance.choice(GIVEN), chance.choice(FAMILY)


def _ascii(name: str) -> str:
    from backend.lines.search_keys import normalise

    return normalise(name).replace(" ", "-")


def _sim(tenant: DemoTenant, index: int) -> str:
    offset = tenant.first_number % 10**8 * 100 + index
    return with_luhn(f"91{offset:010d}" if tenant.carrier == "mandarine" else f"893203{offset:012d}")


def blank_sims_of(tenant: DemoTenant) -> list[str]:
    """SIM numbers of cards in stock, far from those in use."""
    return [_sim(tenant, 50_000 + index) for index in range(tenant.blank_sims)]


def reserved_numbers_of(tenant: DemoTenant) -> list[str]:
    return [f"+32{tenant.first_number + 90_000 + index}" for index in range(tenant.reserved_numbers)]


def _options(chance: random.Random, carrier: CarrierProfile, plan: Plan) -> list[str]:
    chosen: list[str] = []
    for option in chance.sample(carrier.options, k=chance.choice((0, 1, 1, 2, 2, 3, 4))):
        monthly = option.charge == "monthly"
        if (
            monthly
            and option_allowed(option, plan.code, plan.product_type)
            and not conflicting_options(carrier, option, chosen)
        ):
            chosen.append(option.code)
    return sorted(chosen)


def _cap(chance: random.Random, carrier: CarrierProfile, options: list[str]) -> int:
    """In cents: what the option that is a cap says, where the line has one."""
    other = chance.choice((0, 2500, 5000, 5000, 5000, 10000))
    return other if (cap := carrier.cap_of(options)) is None else cap


def inventory_of(tenant: DemoTenant) -> list[dict[str, Any]]:
    """The same lines as the carrier's own records."""
    carrier = profile(tenant.carrier)
    lines = []
    for row in rows_of(tenant):
        plan = carrier.plan(row["plan"])
        lines.append(
            {
                "msisdn": row["msisdn"],
                "billing_account": row["customer_number"],
                "status": row["status"],
                "product_type": str(plan.product_type) if plan else "voice_data",
                "plan": row["plan"],
                "options": [code for code in row["options"].split("|") if code],
                "sim_number": row["sim_number"],
                "sim_kind": row["sim_kind"],
                "puk": row["puk"],
                "roaming_cap_cents": int(row["roaming_cap"]),
                "activated_on": row["activated_on"],
            }
        )
    return lines
