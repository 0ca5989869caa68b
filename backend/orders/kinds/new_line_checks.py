"""The wrong fields of a new line, each with its sentence: a form shows those of its page, REST shows all. Pure."""

from backend.catalog.identifiers import luhn_valid, sim_number
from backend.catalog.rules import option_allowed
from backend.core.addresses import email_valid
from backend.core.errors import ValidationFailed
from backend.core.i18n import LANGUAGES
from backend.orders.kinds.base import QuoteContext
from backend.orders.kinds.change_options import check_together
from backend.orders.kinds.change_spend_cap import HIGHEST
from backend.orders.kinds.change_user import LONGEST, name_valid
from backend.orders.kinds.new_line import BILLING, ESIM, PHYSICAL, NewLineRequest, card_number, plan_of


def wrong_sim(context: QuoteContext, typed: str) -> str:
    """Why the text is no SIM number of this carrier, as a sentence; "" where it is one (F-060 to F-063)."""
    rule, say = context.profile.sim_number, context.texts.text
    if not typed.strip():
        return say("bad_sim_missing", example=rule.example)
    if card_number(context, typed):
        return ""
    unchecked = sim_number(typed, type(rule)(pattern=rule.pattern, luhn=False))
    if unchecked and rule.luhn and not luhn_valid(unchecked):
        return say("bad_sim_check")
    return say("bad_sim_number", carrier=context.profile.name, digits=len(rule.example), example=rule.example)


def wrong_fields(context: QuoteContext, request: NewLineRequest) -> dict[str, str]:
    """Every wrong field with its sentence."""
    wrong = {**_wrong_user(context, request), **_wrong_sim(context, request), **_wrong_plan(context, request)}
    return wrong | _wrong_cap(context, request) | _wrong_split(context, request)


def _wrong_user(context: QuoteContext, request: NewLineRequest) -> dict[str, str]:
    say, wrong = context.texts.text, dict[str, str]()
    if not request.account:
        wrong["account"] = say("bad_account")
    elif why := context.loaded.accounts.why_not(request.account):
        wrong["account"] = say(f"bad_{why}")
    if not name_valid(request.family_name):
        wrong["family_name"] = say("bad_family_name")
    if request.given_name and not name_valid(request.given_name):
        wrong["given_name"] = say("bad_given_name")
    if request.cost_centre and request.cost_centre not in context.loaded.centres:
        wrong["cost_centre"] = say("bad_cost_centre")
    return wrong


def _wrong_sim(context: QuoteContext, request: NewLineRequest) -> dict[str, str]:
    say, wrong = context.texts.text, dict[str, str]()
    esim = request.sim_kind == ESIM
    if request.sim_kind not in {PHYSICAL, ESIM}:
        return {"sim_kind": say("bad_sim_kind")}
    if not esim and (why := wrong_sim(context, request.sim_number)):
        wrong["sim_number"] = why
    elif not esim and context.loaded.sim_refused(card_number(context, request.sim_number)):
        wrong["sim_number"] = say("bad_sim_in_use")
    if (esim or request.email) and not email_valid(request.email):
        wrong["email"] = say("bad_email_needed" if esim else "bad_email")
    known = context.profile.languages if esim else LANGUAGES
    if (esim or request.language) and request.language not in known:
        wrong["language"] = say("bad_language")
    return wrong


def _wrong_plan(context: QuoteContext, request: NewLineRequest) -> dict[str, str]:
    say, plan = context.texts.text, plan_of(context, request)
    if plan is None:
        known = context.profile.plan(request.plan) is not None
        return {"plan": say("bad_plan_type" if known else "bad_plan")}
    wrong = dict[str, str]()
    for code in request.options:
        option = context.profile.option(code)
        if option is None:
            wrong["options"] = say("bad_option", option=code)
        elif not option_allowed(option, plan.code, plan.product_type):
            wrong["options"] = say("bad_option_not_on_plan", option=context.texts.option(code))
        elif option.is_cap:
            wrong["options"] = say("bad_option_is_cap", option=context.texts.option(code))
    if "options" not in wrong:
        try:
            check_together(context, request.options, "options")
        except ValidationFailed as clash:
            wrong |= clash.fields
    if request.copy_options_from and request.copy_options_from not in context.loaded.copied:
        wrong["copy_options_from"] = say("bad_copy")
    if request.companion_sim and not plan.companion_sim:
        wrong["companion_sim"] = say("bad_companion", plan=context.texts.plan(plan.code))
    return wrong


def _wrong_cap(context: QuoteContext, request: NewLineRequest) -> dict[str, str]:
    if request.cap_cents is None and not request.no_cap:
        return {"cap_cents": context.texts.text("bad_cap")}
    if request.cap_cents is not None and (request.no_cap or not 0 <= request.cap_cents <= HIGHEST):
        return {"cap_cents": context.texts.text("bad_cap_amount", most=context.texts.euros(HIGHEST))}
    return {}


def _wrong_split(context: QuoteContext, request: NewLineRequest) -> dict[str, str]:
    say, wrong = context.texts.text, dict[str, str]()
    if not request.split_profile:
        return wrong
    if context.profile.split_profile(request.split_profile) is None:
        wrong["split_profile"] = say("bad_split_profile")
    if request.document_id not in context.loaded.documents:
        wrong["document_id"] = say("bad_document")
    if not request.given_name:
        wrong["given_name"] = say("bad_given_name_split")
    if context.profile.split_billing_data:
        for name in BILLING:
            text = getattr(request, name)
            if not 0 < len(text) <= LONGEST or not text.isprintable():
                wrong[name] = say(f"bad_{name}")
    return wrong
