"""What the form of a new line offers: customer numbers, cards, plans, options, ways to share the bill."""

from collections.abc import Sequence

import msgspec

from backend.catalog.catalogue import Catalogue
from backend.catalog.rules import option_allowed
from backend.catalog.schemas import CarrierProfile
from backend.lines.sims.cards import stock_of
from backend.orders.effects.change_cost_centre import centre_choices
from backend.orders.effects.move_account import account_choices
from backend.orders.effects.new_line_facts import contracts_among, copied_options
from backend.orders.effects.split_billing import split_choices
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_cost_centre import CostCentreChoice
from backend.orders.kinds.change_plan import PlanChoice
from backend.orders.kinds.move_account import AccountChoice
from backend.orders.kinds.new_line import NewLineRequest
from backend.orders.kinds.new_line_options import copied_onto
from backend.orders.kinds.split_billing import SplitChoice
from backend.orders.texts import KindTexts
from tenants.scope import Scope


class OptionOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One option that the chosen plan may have."""

    code: str
    name: str
    description: str
    zone: str
    family: str
    charge: str
    price_cents: int


class SkippedOption(msgspec.Struct, frozen=True, kw_only=True):
    """An option of the copied line that this one cannot have."""

    code: str
    # Why, in the reader's language
    words: str


class NewLineChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form of a new line offers."""

    accounts: list[AccountChoice]
    cost_centres: list[CostCentreChoice]
    reserved: list[str]
    stock: list[str]
    sim_example: str
    languages: list[str]
    # By product type
    plans: dict[str, list[PlanChoice]]
    # Whether the chosen plan may have a second SIM, and what it costs a month
    companion: bool
    companion_cents: int
    options: list[OptionOffer]
    # Codes of the copied line that this one can have
    copied: list[str]
    skipped: list[SkippedOption]
    split_profiles: list[SplitChoice]
    split_billing_data: bool
    esim_confirmation: bool
    document_name: str
    # The sentence that the holder of a number to be moved agrees to
    authorisation: str


async def form_choices(
    scope: Scope, catalogue: Catalogue, request: NewLineRequest, _lines: Sequence[LineSnapshot]
) -> NewLineChoices:
    """What the form offers for what is filled in so far."""
    profile, plan = catalogue.profile, catalogue.profile.plan(request.plan)
    texts = KindTexts(catalogue, request.kind)
    copied = (await copied_options(scope, {request.copy_options_from})).get(request.copy_options_from, ())
    able, unable = _copy(profile, copied, request)
    reserved = await scope.fetch_all(
        str, "SELECT msisdn FROM reserved_number WHERE line_id IS NULL ORDER BY msisdn LIMIT 200"
    )
    held = await contracts_among(scope, {request.document_id} if request.document_id else set())
    document = (
        await scope.fetch_value(str, "SELECT file_name FROM document WHERE id = $1", request.document_id)
        if held
        else ""
    )
    return NewLineChoices(
        accounts=await account_choices(scope),
        cost_centres=await centre_choices(scope),
        reserved=reserved,
        stock=await stock_of(scope),
        sim_example=profile.sim_number.example,
        languages=list(profile.languages),
        plans=_plans(catalogue),
        companion=bool(plan and plan.companion_sim),
        companion_cents=profile.companion_option.price_cents if profile.companion_option else 0,
        options=_options(catalogue, request.plan),
        copied=able,
        skipped=[SkippedOption(code=code, words=texts.note(code, why)) for code, why in unable.items()],
        split_profiles=split_choices(catalogue),
        split_billing_data=profile.split_billing_data,
        esim_confirmation=profile.esim_confirmation,
        document_name=document or "",
        authorisation=KindTexts(catalogue, "port_in").text("authorisation"),
    )


def _copy(
    profile: CarrierProfile, codes: Sequence[str], request: NewLineRequest
) -> tuple[list[str], dict[str, str]]:
    """Options of another line that this one can have beside those chosen, and why it cannot have the others."""
    plan = profile.plan(request.plan)
    return copied_onto(profile, plan, request.options, codes) if plan else ([], {})


def _plans(catalogue: Catalogue) -> dict[str, list[PlanChoice]]:
    found: dict[str, list[PlanChoice]] = {}
    for plan in catalogue.profile.plans:
        found.setdefault(plan.product_type.value, []).append(
            PlanChoice(
                code=plan.code,
                name=catalogue.text(plan.name),
                allowance=catalogue.text(plan.allowance),
                monthly_cents=plan.monthly_cents,
                current_on=0,
                lost_options=[],
            )
        )
    return found


def _options(catalogue: Catalogue, plan_code: str) -> list[OptionOffer]:
    plan = catalogue.profile.plan(plan_code)
    if plan is None:
        return []
    return [
        OptionOffer(
            code=option.code,
            name=catalogue.text(option.name),
            description=catalogue.text(option.description),
            zone=catalogue.text(option.zone),
            family=option.family,
            charge=option.charge,
            price_cents=option.price_cents,
        )
        for option in catalogue.profile.options
        if option_allowed(option, plan.code, plan.product_type)
        and not (option.is_cap or option.companion_sim)
    ]
