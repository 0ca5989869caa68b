"""What of a new line cannot be, field by field, in words: a form shows those of its page, everybody else all at once. Pure."""

from backend.catalog.identifiers import luhn_valid, sim_number
from backend.catalog.rules import allowed
from backend.core.errors import Invalid
from backend.orders.kinds.change_options import check_together
from backend.orders.kinds.change_spend_cap import HIGHEST
from backend.orders.kinds.change_user import LANGUAGES, LONGEST, email_valid, name_valid
from backend.orders.kinds.new_line import BILLING, ESIM, PHYSICAL, NewLine, card_number, plan_of
from backend.orders.kinds.plan import Ground


def wrong_sim(ground: Ground, typed: str) -> str:
    """Why what was typed is no SIM number of this carrier, in words; "" where it is one (F-060 to F-063)."""
    rule, say = ground.profile.sim_number, ground.words.say
    if not typed.strip():
        return say("bad_sim_missing", example=rule.example)
    if card_number(ground, typed):
        return ""
    unchecked = sim_number(typed, type(rule)(pattern=rule.pattern, luhn=False))
    if unchecked and rule.luhn and not luhn_valid(unchecked):
        return say("bad_sim_check")
    return say("bad_sim_number", carrier=ground.profile.name, digits=len(rule.example), example=rule.example)


def wrong_fields(ground: Ground, asked: NewLine) -> dict[str, str]:
    """Every field that cannot be, with its sentence: a page of a form shows those that are its own."""
    wrong = {**_wrong_user(ground, asked), **_wrong_sim(ground, asked), **_wrong_plan(ground, asked)}
    return wrong | _wrong_cap(ground, asked) | _wrong_split(ground, asked)


def _wrong_user(ground: Ground, asked: NewLine) -> dict[str, str]:
    say, wrong = ground.words.say, dict[str, str]()
    if not asked.account:
        wrong["account"] = say("bad_account")
    elif why := ground.facts.accounts.why_not(asked.account):
        wrong["account"] = say(f"bad_{why}")
    if not name_valid(asked.family_name):
        wrong["family_name"] = say("bad_family_name")
    if asked.given_name and not name_valid(asked.given_name):
        wrong["given_name"] = say("bad_given_name")
    if asked.cost_centre and asked.cost_centre not in ground.facts.centres:
        wrong["cost_centre"] = say("bad_cost_centre")
    return wrong


def _wrong_sim(ground: Ground, asked: NewLine) -> dict[str, str]:
    say, wrong = ground.words.say, dict[str, str]()
    esim = asked.sim_kind == ESIM
    if asked.sim_kind not in {PHYSICAL, ESIM}:
        return {"sim_kind": say("bad_sim_kind")}
    if not esim and (why := wrong_sim(ground, asked.sim_number)):
        wrong["sim_number"] = why
    elif not esim and ground.facts.sim_refused(card_number(ground, asked.sim_number)):
        wrong["sim_number"] = say("bad_sim_in_use")
    if (esim or asked.email) and not email_valid(asked.email):
        wrong["email"] = say("bad_email_needed" if esim else "bad_email")
    known = ground.profile.languages if esim else LANGUAGES
    if (esim or asked.language) and asked.language not in known:
        wrong["language"] = say("bad_language")
    return wrong


def _wrong_plan(ground: Ground, asked: NewLine) -> dict[str, str]:
    say, plan = ground.words.say, plan_of(ground, asked)
    if plan is None:
        known = ground.profile.plan(asked.plan) is not None
        return {"plan": say("bad_plan_type" if known else "bad_plan")}
    wrong = dict[str, str]()
    for code in asked.options:
        option = ground.profile.option(code)
        if option is None:
            wrong["options"] = say("bad_option", option=code)
        elif not allowed(option, plan.code, plan.product_type):
            wrong["options"] = say("bad_option_not_on_plan", option=ground.words.option(code))
        elif option.is_cap:
            wrong["options"] = say("bad_option_is_cap", option=ground.words.option(code))
    if "options" not in wrong:
        try:
            check_together(ground, asked.options, "options")
        except Invalid as clash:
            wrong |= clash.fields
    if asked.copy_options_from and asked.copy_options_from not in ground.facts.copied:
        wrong["copy_options_from"] = say("bad_copy")
    if asked.companion_sim and not plan.companion_sim:
        wrong["companion_sim"] = say("bad_companion", plan=ground.words.plan(plan.code))
    return wrong


def _wrong_cap(ground: Ground, asked: NewLine) -> dict[str, str]:
    if asked.cap_cents is None and not asked.no_cap:
        return {"cap_cents": ground.words.say("bad_cap")}
    if asked.cap_cents is not None and (asked.no_cap or not 0 <= asked.cap_cents <= HIGHEST):
        return {"cap_cents": ground.words.say("bad_cap_amount", most=ground.words.euros(HIGHEST))}
    return {}


def _wrong_split(ground: Ground, asked: NewLine) -> dict[str, str]:
    say, wrong = ground.words.say, dict[str, str]()
    if not asked.split_profile:
        return wrong
    if ground.profile.split_profile(asked.split_profile) is None:
        wrong["split_profile"] = say("bad_split_profile")
    if asked.document_id not in ground.facts.documents:
        wrong["document_id"] = say("bad_document")
    if not asked.given_name:
        wrong["given_name"] = say("bad_given_name_split")
    if ground.profile.split_billing_data:
        for name in BILLING:
            text = getattr(asked, name)
            if not 0 < len(text) <= LONGEST or not text.isprintable():
                wrong[name] = say(f"bad_{name}")
    return wrong
