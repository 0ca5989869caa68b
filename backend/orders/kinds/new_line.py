"""What every new line has, with a new or a transferred number: user, SIM, plan, options, cap (F-054 to F-083). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from backend.catalog.identifiers import sim_number
from backend.catalog.pricing import monthly_cost
from backend.catalog.schemas import Plan
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import LineSnapshot, QuoteContext, QuoteItem
from backend.orders.kinds.change_options import charge
from backend.orders.kinds.change_user import full_name
from backend.orders.kinds.move_account import AccountAccess
from backend.orders.kinds.new_line_options import chosen_options, has_companion
from backend.orders.schemas import OrderRequest

PHYSICAL, ESIM = "physical", "esim"
# A line is held for its eSIM: the carrier goes on when it is asked to
ESIM_TROUBLE = frozenset({"esim_*"})
# The code was sent: the next steps are on the user's device, after a confirmation where the carrier asks for it
USER_ACTS_ON = frozenset({"released", "downloaded", "installed"})
BILLING = ("billing_street", "billing_postcode", "billing_town")


class NewLineRequest(OrderRequest, frozen=True, kw_only=True):
    """A new line. Codes are those of the catalogue, cents exclude VAT; fields that are not needed are left out."""

    # Customer number
    account: str = ""
    given_name: str = ""
    family_name: str = ""
    # Its code
    cost_centre: str = ""
    # Physical, esim
    sim_kind: str = PHYSICAL
    # Of the blank card; the carrier assigns an eSIM's
    sim_number: str = ""
    # Of the user: needed for an eSIM
    email: str = ""
    language: str = ""
    # The requester gets the eSIM's code too
    qr_copy: bool = False
    # Follows from the plan where it is left out
    product_type: str = ""
    plan: str = ""
    options: tuple[str, ...] = ()
    # A line's id or its number: those that the plan allows are taken as well
    copy_options_from: str = ""
    # Data abroad stops at so much a month; 0 is an amount
    cap_cents: int | None = None
    no_cap: bool = False
    companion_sim: bool = False
    split_profile: str = ""
    # The signed contract
    document_id: UUID | None = None
    # Of the user, where the carrier bills them
    billing_street: str = ""
    billing_postcode: str = ""
    billing_town: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLineFacts:
    """What was read of the things that new lines name."""

    accounts: AccountAccess = field(default_factory=lambda: AccountAccess({}))
    centres: Mapping[str, UUID] = field(default_factory=dict)
    # Here or anywhere
    sims_taken: frozenset[str] = frozenset()
    # By an order of the tenant, for this line
    sims_held: Mapping[str, UUID] = field(default_factory=dict)
    # Number -> the line that took it
    reserved: Mapping[str, UUID | None] = field(default_factory=dict)
    # As typed -> that line's options
    copied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    documents: frozenset[UUID] = frozenset()
    # SIM and phone numbers that several lines of one request name
    twice: frozenset[str] = frozenset()
    # In the fleet, as far as the requester sees it
    numbers_here: frozenset[str] = frozenset()
    # Live anywhere on the platform
    numbers_taken: frozenset[str] = frozenset()
    # Lines by an eSIM with a number of the carrier's choice, as `same_line` names them: several in this request, or
    # ordered in the last weeks
    again: frozenset[tuple[str, ...]] = frozenset()

    def sim_refused(self, number: str, line_id: UUID | None = None) -> str:
        """Why a card cannot be used; "" where it can. A card that is assigned to the line's own order can."""
        if line_id is not None and self.sims_held.get(number) == line_id:
            return ""
        return "sim_in_use" if number in self.sims_taken or number in self.twice else ""

    def number_refused(self, number: str, line_id: UUID | None = None) -> str:
        """Why a number cannot be used as a reserved one; "" where it can."""
        taken_by = self.reserved.get(number, NOBODYS)
        if number in self.twice:
            return "number_not_reserved"
        return (
            "" if taken_by is None or (line_id is not None and taken_by == line_id) else "number_not_reserved"
        )


# No line has this id
NOBODYS = UUID(int=0)


def same_line(request: NewLineRequest) -> tuple[str, ...]:
    """What makes two new lines look like the same one; empty where a number or a card of its own tells it apart."""
    if request.sim_kind != ESIM or request.kind_fields.get("number"):
        return ()
    names = (request.account, request.family_name, request.given_name, request.email, request.plan)
    return tuple(name.strip().casefold() for name in names)


def card_number(context: QuoteContext, typed: str) -> str:
    """The SIM number as the carrier writes it; "" for a text that is no number of this carrier."""
    return sim_number(typed, context.profile.sim_number) or ""


def plan_of(context: QuoteContext, request: NewLineRequest) -> Plan | None:
    """The plan, where it exists and is of the type that was asked for."""
    plan = context.profile.plan(request.plan)
    return plan if plan and request.product_type in {"", plan.product_type} else None


def as_line(context: QuoteContext, request: NewLineRequest, *, msisdn: str) -> LineSnapshot:
    """The line as ordered; what the carrier chooses itself is empty."""
    plan = plan_of(context, request)
    return LineSnapshot(
        id=NOBODYS,
        msisdn=msisdn,
        name=full_name(request.family_name, request.given_name),
        product_type=plan.product_type if plan else request.product_type,
        plan=request.plan,
        account=request.account,
        billing_account_id=context.loaded.accounts.found[request.account][0],
        cost_centre_id=context.loaded.centres.get(request.cost_centre),
        given_name=request.given_name,
        family_name=request.family_name,
        email=request.email,
        language=request.language,
        sim_number=card_number(context, request.sim_number) if request.sim_kind == PHYSICAL else "",
        sim_kind=request.sim_kind,
        roaming_cap_cents=request.cap_cents,
    )


def plan_new_line(context: QuoteContext, request: NewLineRequest, line: LineSnapshot) -> QuoteItem:
    """What is ordered for the line, and its price: nothing before, plan and options afterwards."""
    item, plan = QuoteItem(line), plan_of(context, request)
    if why := _not_any_more(context, request, line, plan):
        return item.skip(why)
    options: list[str] = []
    if plan:
        codes = context.loaded.copied.get(request.copy_options_from, ())
        options, item.notes = chosen_options(
            context.profile, plan, request.options, codes, companion_sim=request.companion_sim
        )
    esim = request.sim_kind == ESIM
    item.change = {
        "account": request.account,
        "product_type": line.product_type,
        "plan": request.plan,
        "options": options,
        "sim_kind": request.sim_kind,
        "sim_number": "" if esim else card_number(context, request.sim_number),
        "number": line.msisdn,
        "cap_cents": request.cap_cents,
        "companion_sim": request.companion_sim or has_companion(context.profile, options),
        "split_profile": request.split_profile,
        "given_name": request.given_name,
        "family_name": request.family_name,
        "email": request.email,
        "language": request.language,
        "qr_copy": esim and request.qr_copy,
    }
    if request.split_profile:
        item.change["document_id"] = str(request.document_id)
        item.change["billing"] = {name: getattr(request, name) for name in BILLING if getattr(request, name)}
    item.monthly_after = monthly_cost(context.profile, request.plan, options)
    item.pro_rata = context.month.part(plan.monthly_cents if plan else 0)
    charge(context.profile, item, options, (), context.month)
    return item


def _not_any_more(
    context: QuoteContext, request: NewLineRequest, line: LineSnapshot, plan: Plan | None
) -> str:
    """Why a planned line cannot be ordered on its day; "" where it can. Its own order's card does not count."""
    facts: NewLineFacts = context.loaded
    if line.status != "ordered":
        return "line_not_changeable"
    if plan is None:
        return "plan_gone"
    if facts.accounts.why_not(request.account):
        return "account_gone"
    if request.sim_kind == PHYSICAL:
        return facts.sim_refused(card_number(context, request.sim_number), line.id)
    return ""


def characteristics(change: Mapping[str, Any]) -> dict[str, Any]:
    """The characteristics of a new line in the order to the carrier."""
    request = {
        "productType": change["product_type"],
        "plan": change["plan"],
        "options": change["options"],
        "billingAccount": change["account"],
        "simKind": change["sim_kind"],
        "roamingCapCents": change["cap_cents"],
        "companionSim": change["companion_sim"],
        "splitProfile": change["split_profile"],
    }
    return request if change["sim_kind"] == ESIM else {**request, "simNumber": change["sim_number"]}


def confirmed_columns(
    line: LockedLine, change: Mapping[str, Any], reported: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns of the line that is active, as the carrier reported them."""
    columns = {
        "status": "active",
        "msisdn": reported.get("msisdn") or line.msisdn,
        "sim_number": reported.get("simNumber") or change["sim_number"],
        "sim_kind": reported.get("simKind") or change["sim_kind"],
        "plan": reported.get("plan") or change["plan"],
        "options": reported.get("options", change["options"]),
        "companion_sim": reported.get("companionSim", ""),
    }
    if reported.get("activatedOn"):
        columns["activated_on"] = date.fromisoformat(reported["activatedOn"])
    return columns


def amend_new_line(
    _context: QuoteContext, change: Mapping[str, Any], _fields: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let the carrier try again after an eSIM's code expired or its download failed."""
    return dict(change), {"goOn": "true"}


def timeline_params(change: Mapping[str, Any]) -> dict[str, str]:
    """The plan and the customer number, for the timeline."""
    return {"plan": str(change.get("plan", "")), "account": str(change.get("account", ""))}


# Page of the form -> the fields that it asks for; `choice` is a part of a page that is checked at each tick
STEPS: Mapping[str, Sequence[str]] = {
    "": ("account", "given_name", "family_name", "cost_centre", "number"),
    "sim": ("sim_kind", "sim_number", "email", "language", "qr_copy", "plan", "product_type"),
    "options": (
        "options",
        "copy_options_from",
        "cap_cents",
        "companion_sim",
        "split_profile",
        "document_id",
        "given_name",
        *BILLING,
        "on",
    ),
    "choice": ("options", "copy_options_from"),
}
