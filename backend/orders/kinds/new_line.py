"""What every new line is asked for, whatever its number: user, SIM, plan, options, cap, shared billing (F-054 to F-083). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from backend.catalog.identifiers import sim_number
from backend.catalog.rules import allowed, conflicting
from backend.catalog.schemas import CarrierProfile, Plan
from backend.orders.kinds.change_options import charge
from backend.orders.kinds.change_spend_cap import amount
from backend.orders.kinds.change_user import full_name
from backend.orders.kinds.move_account import Accounts
from backend.orders.kinds.plan import Ground, LineNow, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact

PHYSICAL, ESIM = "physical", "esim"
BILLING = ("billing_street", "billing_postcode", "billing_town")


class NewLine(Asked, frozen=True, kw_only=True):
    """One line to be. Codes are those of the catalogue, cents exclude VAT; what is not needed is left out."""

    account: str = ""  # customer number
    given_name: str = ""
    family_name: str = ""
    cost_centre: str = ""  # its code
    sim_kind: str = PHYSICAL  # physical, esim
    sim_number: str = ""  # of the blank card; the carrier assigns an eSIM's
    email: str = ""  # of the user: needed for an eSIM
    language: str = ""
    qr_copy: bool = False  # the requester gets the eSIM's code too
    product_type: str = ""  # follows from the plan where it is left out
    plan: str = ""
    options: tuple[str, ...] = ()
    copy_options_from: str = ""  # a line's id or its number: those that the plan allows are taken as well
    cap_cents: int | None = None  # data abroad stops at so much a month; 0 is an amount
    no_cap: bool = False
    companion_sim: bool = False
    split_profile: str = ""
    document_id: UUID | None = None  # the signed contract
    billing_street: str = ""  # of the user, where the carrier bills them
    billing_postcode: str = ""
    billing_town: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLineFacts:
    """What the database knows of the things that new lines name."""

    accounts: Accounts = field(default_factory=lambda: Accounts({}))
    centres: Mapping[str, UUID] = field(default_factory=dict)
    sims_taken: frozenset[str] = frozenset()  # here or anywhere
    sims_held: Mapping[str, UUID] = field(default_factory=dict)  # by an order of the tenant, for this line
    reserved: Mapping[str, UUID | None] = field(default_factory=dict)  # number -> the line that took it
    copied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # as typed -> that line's options
    documents: frozenset[UUID] = frozenset()
    twice: frozenset[str] = frozenset()  # SIM and phone numbers that several lines of one request name
    numbers_here: frozenset[str] = frozenset()  # in the fleet, as far as the requester sees it
    numbers_taken: frozenset[str] = frozenset()  # live anywhere on the platform

    def sim_refused(self, number: str, line_id: UUID | None = None) -> str:
        """Why a card cannot be used; "" where it can. What the line's own order holds does not count."""
        if line_id is not None and self.sims_held.get(number) == line_id:
            return ""
        return "sim_in_use" if number in self.sims_taken or number in self.twice else ""

    def number_refused(self, number: str, line_id: UUID | None = None) -> str:
        """Why a reserved number cannot be had; "" where it can."""
        taken_by = self.reserved.get(number, NOBODYS)
        if number in self.twice:
            return "number_not_reserved"
        return (
            "" if taken_by is None or (line_id is not None and taken_by == line_id) else "number_not_reserved"
        )


NOBODYS = UUID(int=0)  # no line has this id


def card_number(ground: Ground, typed: str) -> str:
    """The SIM number as the carrier writes it; "" where it is none of its numbers."""
    return sim_number(typed, ground.profile.sim_number) or ""


def plan_of(ground: Ground, asked: NewLine) -> Plan | None:
    """The plan, where it exists and is of the type that was asked for."""
    plan = ground.profile.plan(asked.plan)
    return plan if plan and asked.product_type in {"", plan.product_type} else None


def as_line(ground: Ground, asked: NewLine, *, msisdn: str) -> LineNow:
    """The line that will be; the carrier says later what it chose itself."""
    plan = plan_of(ground, asked)
    return LineNow(
        id=NOBODYS,
        msisdn=msisdn,
        name=full_name(asked.family_name, asked.given_name),
        product_type=plan.product_type if plan else asked.product_type,
        plan=asked.plan,
        account=asked.account,
        billing_account_id=ground.facts.accounts.found[asked.account][0],
        cost_centre_id=ground.facts.centres.get(asked.cost_centre),
        given_name=asked.given_name,
        family_name=asked.family_name,
        email=asked.email,
        language=asked.language,
        sim_number=card_number(ground, asked.sim_number) if asked.sim_kind == PHYSICAL else "",
        sim_kind=asked.sim_kind,
        roaming_cap_cents=asked.cap_cents,
    )


def copied_onto(
    profile: CarrierProfile, plan: Plan, chosen: Sequence[str], codes: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Options of another line that one of this plan can have beside those chosen; the others with the reason (F-075)."""
    taken, skipped = list[str](), dict[str, str]()
    for code in codes:
        option = profile.option(code)
        if code in chosen:
            continue
        if option is None or not allowed(option, plan.code, plan.product_type):
            skipped[code] = "option_not_on_plan"
        elif option.is_cap:
            skipped[code] = "option_is_cap"
        elif conflicting(profile, option, [*chosen, *taken]):
            skipped[code] = "option_conflict"
        else:
            taken.append(code)
    return taken, skipped


def chosen_options(ground: Ground, asked: NewLine, plan: Plan) -> tuple[list[str], dict[str, str]]:
    """The options of the line to be, and those of the copied line that it cannot have."""
    codes = ground.facts.copied.get(asked.copy_options_from, ())
    taken, skipped = copied_onto(ground.profile, plan, asked.options, codes)
    return [*asked.options, *taken], skipped


def plan_new_line(ground: Ground, asked: NewLine, line: LineNow) -> Planned:
    """What is ordered for the line, and its price: nothing before, plan and options afterwards."""
    planned, plan = Planned(line), plan_of(ground, asked)
    if why := _not_any_more(ground, asked, line, plan):
        return planned.skip(why)
    options, planned.notes = chosen_options(ground, asked, plan) if plan else ([], {})
    esim = asked.sim_kind == ESIM
    planned.change = {
        "account": asked.account,
        "product_type": line.product_type,
        "plan": asked.plan,
        "options": options,
        "sim_kind": asked.sim_kind,
        "sim_number": "" if esim else card_number(ground, asked.sim_number),
        "number": line.msisdn,
        "cap_cents": asked.cap_cents,
        "companion_sim": asked.companion_sim,
        "split_profile": asked.split_profile,
        "given_name": asked.given_name,
        "family_name": asked.family_name,
        "email": asked.email,
        "language": asked.language,
        "qr_copy": esim and asked.qr_copy,
    }
    if asked.split_profile:
        planned.change["document_id"] = str(asked.document_id)
        planned.change["billing"] = {name: getattr(asked, name) for name in BILLING if getattr(asked, name)}
    planned.monthly_after = monthly_cost(ground.profile, asked.plan, options)
    planned.pro_rata = ground.month.part(plan.monthly_cents if plan else 0)
    charge(ground.profile, planned, options, (), ground.month)
    return planned


def _not_any_more(ground: Ground, asked: NewLine, line: LineNow, plan: Plan | None) -> str:
    """Why a line that waited for its day cannot begin on it; what its own order holds does not count."""
    facts: NewLineFacts = ground.facts
    if line.status != "ordered":
        return "line_not_changeable"
    if plan is None:
        return "plan_gone"
    if facts.accounts.why_not(asked.account):
        return "account_gone"
    if asked.sim_kind == PHYSICAL:
        return facts.sim_refused(card_number(ground, asked.sim_number), line.id)
    return ""


def characteristics(change: Mapping[str, Any]) -> dict[str, Any]:
    """A new line as the carrier is asked for it."""
    asked = {
        "productType": change["product_type"],
        "plan": change["plan"],
        "options": change["options"],
        "billingAccount": change["account"],
        "simKind": change["sim_kind"],
        "roamingCapCents": change["cap_cents"],
        "companionSim": change["companion_sim"],
        "splitProfile": change["split_profile"],
    }
    return asked if change["sim_kind"] == ESIM else {**asked, "simNumber": change["sim_number"]}


def confirm(line: Mapping[str, Any], change: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The line is live, as the carrier says it is."""
    columns = {
        "status": "active",
        "msisdn": told.get("msisdn") or line["msisdn"],
        "sim_number": told.get("simNumber") or change["sim_number"],
        "sim_kind": told.get("simKind") or change["sim_kind"],
        "plan": told.get("plan") or change["plan"],
        "options": told.get("options", change["options"]),
        "companion_sim": told.get("companionSim", ""),
    }
    if told.get("activatedOn"):
        columns["activated_on"] = date.fromisoformat(told["activatedOn"])
    return columns


def go_on(
    _ground: Ground, change: Mapping[str, Any], _fields: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """After an eSIM's code expired or its download failed: another try."""
    return dict(change), {"goOn": "true"}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    """The line in a few lines of text: plan, options, cap, what comes with it."""
    lines = [words.plan(change["plan"]), *(f"+ {words.option(code)}" for code in change["options"])]
    lines.append(words.say("cap_is", amount=amount(words, change["cap_cents"])))
    if change["sim_kind"] == ESIM:
        lines.append(words.say("sim_esim"))
    else:
        lines.append(words.say("sim_is", number=words.sim(change["sim_number"])))
    if change["companion_sim"]:
        lines.append(words.say("with_companion"))
    if change["split_profile"]:
        lines.append(words.say("with_split"))
    return lines


def user_facts(words: Words, asked: NewLine, *, number: str) -> list[Fact]:
    """The first part of what is repeated before it is sent (F-082): who, where, which number and card."""
    say, esim = words.say, asked.sim_kind == ESIM
    facts = [
        Fact(name=say("account"), value=[asked.account], field="account"),
        Fact(
            name=say("user"), value=[f"{asked.given_name} {asked.family_name}".strip()], field="family_name"
        ),
        Fact(
            name=say("number"),
            value=[words.number(number) if number else say("number_chosen_by_carrier")],
            field="number",
        ),
    ]
    if asked.cost_centre:
        facts.insert(2, Fact(name=say("cost_centre"), value=[asked.cost_centre], field="cost_centre"))
    if esim:
        facts.append(Fact(name=say("esim_number"), value=[say("assigned")], field="sim_kind"))
    else:
        card = words.sim(asked.sim_number)
        facts.append(Fact(name=say("sim_number"), value=[card], field="sim_number"))
    if asked.email:
        facts.append(Fact(name=say("email"), value=[asked.email], field="email"))
    if asked.language:
        facts.append(Fact(name=say("language"), value=[say(f"in_{asked.language}")], field="language"))
    if esim:
        facts.append(
            Fact(name=say("qr_copy"), value=[say("yes" if asked.qr_copy else "no")], field="qr_copy")
        )
    return facts


def service_facts(words: Words, asked: NewLine) -> list[Fact]:
    """The second part: what the line has."""
    say = words.say
    options = [words.option_price(code) for code in asked.options]
    if asked.copy_options_from:
        options.append(say("copied"))
    cap = amount(words, None if asked.no_cap else asked.cap_cents)
    facts = [
        Fact(name=say("plan"), value=[words.plan(asked.plan)], field="plan"),
        Fact(name=say("options"), value=options or [say("none")], field="options"),
        Fact(name=say("cap"), value=[cap], field="cap_cents"),
        Fact(
            name=say("companion"), value=[say("yes" if asked.companion_sim else "no")], field="companion_sim"
        ),
    ]
    if asked.product_type:
        kind = say(f"type_{asked.product_type}")
        facts.insert(0, Fact(name=say("type"), value=[kind], field="product_type"))
    if asked.split_profile:
        shared = words.split_profile(asked.split_profile)
        facts.append(Fact(name=say("split"), value=[shared], field="split_profile"))
    return facts


def audit_words(change: Mapping[str, Any]) -> dict[str, str]:
    return {"plan": str(change.get("plan", "")), "account": str(change.get("account", ""))}


STEPS: Mapping[str, Sequence[str]] = {
    "account": ("account", "given_name", "family_name", "cost_centre", "number"),
    "sim": ("sim_kind",),
    "card": ("sim_number",),
    "esim": ("email", "language", "qr_copy"),
    "plan": ("plan", "product_type"),
    "options": ("options", "copy_options_from"),
    "cap": ("cap_cents", "companion_sim"),
    "split": ("split_profile",),
    "contract": ("document_id", "given_name", *BILLING),
    "when": ("on",),
}
