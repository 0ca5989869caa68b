"""A new line in words: what is ordered, and the summary of what was asked. Pure."""

from collections.abc import Mapping
from typing import Any

from backend.core.i18n import LANGUAGE_NAMES
from backend.orders.kinds.base import Texts
from backend.orders.kinds.change_spend_cap import amount
from backend.orders.kinds.new_line import ESIM, NewLineRequest
from backend.orders.schemas import SummaryRow


def describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    """A new line in sentences: plan, options, cap, SIM, and what comes with it."""
    lines = [texts.plan(change["plan"]), *(f"+ {texts.option(code)}" for code in change["options"])]
    lines.append(texts.text("cap_is", amount=amount(texts, change["cap_cents"])))
    if change["sim_kind"] == ESIM:
        lines.append(texts.text("sim_esim"))
    else:
        lines.append(texts.text("sim_is", number=texts.sim(change["sim_number"])))
    if change["companion_sim"]:
        lines.append(texts.text("with_companion"))
    if change["split_profile"]:
        lines.append(texts.text("with_split"))
    return lines


def outcome_texts(texts: Texts, change: Mapping[str, Any], reported: Mapping[str, Any]) -> list[str]:
    """What is known since: the number of the eSIM that the carrier has assigned (F-064)."""
    number = str(reported.get("simNumber") or "") if change.get("sim_kind") == ESIM else ""
    return [texts.text("esim_is", sim=texts.sim(number))] if number else []


def user_facts(texts: Texts, request: NewLineRequest, *, number: str) -> list[SummaryRow]:
    """The first rows of the summary (F-082): customer number, user, phone number and SIM."""
    say, esim = texts.text, request.sim_kind == ESIM
    facts = [
        SummaryRow(name=say("account"), value=[request.account], field="account"),
        SummaryRow(
            name=say("user"),
            value=[f"{request.given_name} {request.family_name}".strip()],
            field="family_name",
        ),
        SummaryRow(
            name=say("number"),
            value=[texts.number(number) if number else say("number_chosen_by_carrier")],
            field="number",
        ),
    ]
    if request.cost_centre:
        facts.insert(2, SummaryRow(name=say("cost_centre"), value=[request.cost_centre], field="cost_centre"))
    if esim:
        facts.append(SummaryRow(name=say("esim_number"), value=[say("assigned")], field="sim_kind"))
    else:
        card = texts.sim(request.sim_number)
        facts.append(SummaryRow(name=say("sim_number"), value=[card], field="sim_number"))
    if request.email:
        facts.append(SummaryRow(name=say("email"), value=[request.email], field="email"))
    # The language is asked for with the address that a mail goes to
    if request.language and (esim or request.email):
        facts.append(
            SummaryRow(
                name=say("language"),
                value=[LANGUAGE_NAMES.get(request.language, request.language)],
                field="language",
            )
        )
    if esim:
        facts.append(
            SummaryRow(name=say("qr_copy"), value=[say("yes" if request.qr_copy else "no")], field="qr_copy")
        )
    return facts


def service_facts(texts: Texts, request: NewLineRequest) -> list[SummaryRow]:
    """The second rows of the summary: plan, options, cap, second SIM, shared billing."""
    say = texts.text
    options = [texts.option_price(code) for code in request.options]
    if request.copy_options_from:
        options.append(say("copied"))
    cap = amount(texts, None if request.no_cap else request.cap_cents)
    facts = [
        SummaryRow(name=say("plan"), value=[texts.plan(request.plan)], field="plan"),
        SummaryRow(name=say("options"), value=options or [say("none")], field="options"),
        SummaryRow(name=say("cap"), value=[cap], field="cap_cents"),
        SummaryRow(
            name=say("companion"),
            value=[say("yes" if request.companion_sim else "no")],
            field="companion_sim",
        ),
    ]
    if request.product_type:
        kind = say(f"type_{request.product_type}")
        facts.insert(0, SummaryRow(name=say("type"), value=[kind], field="product_type"))
    if request.split_profile:
        shared = texts.split_profile(request.split_profile)
        facts.append(SummaryRow(name=say("split"), value=[shared], field="split_profile"))
        if request.document_id:
            facts.append(SummaryRow(name=say("contract"), value=[say("attached")], field="document_id"))
    return facts
