"""Transfer a number from another operator or another holder (F-084 to F-097; domain 3.3, 4.2). Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from backend.catalog.identifiers import enterprise_number, iccid_valid, normalise_msisdn
from backend.catalog.lead_times import working_day
from backend.core.clock import local
from backend.core.errors import ValidationFailed
from backend.orders.kinds import add_line, new_line
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
)
from backend.orders.kinds.change_user import name_valid
from backend.orders.kinds.new_line import NewLineRequest, as_line, plan_new_line
from backend.orders.kinds.new_line_checks import wrong_fields
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import SummaryRow

SAME, OTHER = "same", "other"
PREPAID, PRIVATE, PROFESSIONAL = "prepaid", "private", "professional"
# The version of the sentence that the holder agrees to: a new one where its words change
AUTHORISATION = "2026-11"
# That a transfer may be asked for ahead
LATEST_DAYS = 180
DONOR_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./-]{0,39}")


class PortIn(NewLineRequest, frozen=True, kw_only=True, tag="port_in"):
    """Bring a number in. What the present operator checks depends on the operator and the card; `port_on` is a working day."""

    number: str = ""
    # Same (this carrier), other
    operator: str = ""
    # Prepaid, private, professional
    card: str = ""
    # The other operator's name
    donor_operator: str = ""
    # Of the present card
    donor_sim_number: str = ""
    # Customer number at the present operator
    donor_account: str = ""
    # Of the company that holds the number
    vat_number: str = ""
    contact_person: str = ""
    company_name: str = ""
    # The holder agrees to the transfer, in the words shown
    authorised: bool = False
    authorised_by: str = ""
    # None: as soon as it can be
    port_on: date | None = None


def case_of(request: PortIn) -> str:
    """The form, the required data and the processing time follow from operator and card (F-086)."""
    return "same_carrier" if request.operator == SAME else f"{request.card}_other"


def donor_sim(typed: str) -> str:
    """The digits of a card of any operator; "" for what cannot be one."""
    digits = re.sub(r"[\s.\-]", "", typed)
    if not re.fullmatch(r"[0-9]{13,20}", digits) or not digits.isascii():
        return ""
    return digits if len(digits) < 19 or iccid_valid(digits) else ""


def _name(typed: str) -> str:
    return typed if name_valid(typed) else ""


def _account(typed: str) -> str:
    return typed if DONOR_ACCOUNT.fullmatch(typed) else ""


# What may be typed, and how it is kept; nothing where it cannot be.
CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "donor_operator": _name,
    "donor_sim_number": donor_sim,
    "donor_account": _account,
    "vat_number": enterprise_number,
    "contact_person": _name,
    "company_name": _name,
    "authorised_by": _name,
}


def _check(context: QuoteContext, request: PortIn) -> None:
    wrong = wrong_fields(context, request) | _wrong_number(context, request) | _wrong_donor(context, request)
    if why := wrong_date(context, request.port_on):
        wrong["port_on"] = why
    if wrong:
        raise ValidationFailed(**wrong)


def _wrong_number(context: QuoteContext, request: PortIn) -> dict[str, str]:
    """A number that is live at another customer gets no other answer than one that is live nowhere would deserve."""
    number, facts = normalise_msisdn(request.number), context.loaded
    if number is None:
        return {"number": context.texts.text("bad_number")}
    if number in facts.numbers_here:
        return {"number": context.texts.text("bad_number_here")}
    if number in facts.numbers_taken or number in facts.twice:
        return {"number": context.texts.text("bad_number_not_possible")}
    return {}


def _wrong_donor(context: QuoteContext, request: PortIn) -> dict[str, str]:
    say, wrong = context.texts.text, dict[str, str]()
    if request.operator not in {SAME, OTHER}:
        wrong["operator"] = say("bad_operator")
    if request.card not in {PREPAID, PRIVATE, PROFESSIONAL}:
        wrong["card"] = say("bad_card")
    if wrong:
        return wrong
    needed = _needed(request)
    for name, valid in CHECKS.items():
        text = getattr(request, name)
        if (text or name in needed) and not valid(text):
            wrong[name] = say(f"bad_{name}")
    if request.operator == SAME and not request.donor_sim_number and not request.donor_account:
        wrong["donor_sim_number"] = say("bad_proof")
    if not request.authorised:
        wrong["authorised"] = say("bad_authorised")
    return wrong


def _needed(request: PortIn) -> frozenset[str]:
    """What each of the four cases cannot do without (domain 3.3)."""
    case, always = case_of(request), {"authorised_by"}
    if case == "professional_other":
        return frozenset(always | {"donor_operator", "donor_account", "vat_number", "contact_person"})
    return frozenset(always if case == "same_carrier" else always | {"donor_operator", "donor_sim_number"})


def wrong_date(context: QuoteContext, day: date | None) -> str:
    """Why a number cannot move on this day, in words; "" where it can."""
    today = local(context.now).date()
    if day is None:
        return ""
    if day < today:
        return context.texts.text("bad_port_on_over")
    if not working_day(day, context.profile.holidays):
        return context.texts.text("bad_port_on_working")
    return context.texts.text("bad_port_on_far") if (day - today).days > LATEST_DAYS else ""


def _quote_line(context: QuoteContext, request: PortIn, line: LineSnapshot) -> QuoteItem:
    item = plan_new_line(context, request, line)
    if item.change:
        item.change |= {
            "port_case": case_of(request),
            "card": request.card,
            "donor_operator": request.donor_operator,
            "donor_sim_number": donor_sim(request.donor_sim_number),
            "donor_account": request.donor_account,
            "vat_number": enterprise_number(request.vat_number) or "",
            "contact_person": request.contact_person,
            "company_name": request.company_name,
            "authorised_by": request.authorised_by,
            # When it is placed
            "authorised_at": "",
            "port_on": request.port_on.isoformat() if request.port_on else "",
        }
    return item


ASKED = {
    "donor_operator": "donorOperator",
    "donor_sim_number": "donorSimNumber",
    "donor_account": "donorAccount",
    "vat_number": "vatNumber",
    "contact_person": "contactPerson",
    "company_name": "companyName",
    "port_on": "requestedDate",
    "authorised_by": "authorisedBy",
    "authorised_at": "authorisedAt",
}


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    port = {"portCase": change["port_case"]} | {wire: change[name] for name, wire in ASKED.items()}
    return ServiceOrderItem("portIn", action="add", characteristics=new_line.characteristics(change) | port)


def _expected_completion(context: QuoteContext, request: PortIn) -> str:
    """F-092 to F-097: by operator, card, plan family and shared billing."""
    if request.operator == SAME:
        return (
            add_line.expected_completion(context, request)
            if request.card == PREPAID
            else "takeover_subscription"
        )
    return "port_professional" if request.card == PROFESSIONAL else "port_private"


# What puts a rejection right: the fields that another value is asked for. The other reasons are final.
CORRECTIONS: Mapping[str, str] = {
    "sim_mismatch": "donor_sim_number",
    "account_mismatch": "donor_account",
    "vat_mismatch": "vat_number",
    "authorisation_missing": "authorised_by",
    "date_not_possible": "port_on",
}


def _amend(
    context: QuoteContext, change: Mapping[str, Any], fields: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Corrected values for the present operator. Raises Invalid for one that cannot be, or none."""
    given = {name: text.strip() for name, text in fields.items() if name in CORRECTIONS.values()}
    if not fields and change["sim_kind"] == new_line.ESIM:
        return new_line.amend_new_line(context, change, fields)
    if not given:
        raise ValidationFailed(fields=context.texts.text("bad_nothing_corrected"))
    new = {name: _corrected(context, name, text) for name, text in given.items()}
    if "authorised_by" in new:
        new["authorised_at"] = context.now.isoformat()
    return {**change, **new}, {ASKED[name]: value for name, value in new.items()}


def _corrected(context: QuoteContext, name: str, text: str) -> str:
    if name == "port_on":
        if why := _wrong_day(context, text):
            raise ValidationFailed(port_on=why)
        return text
    if found := CHECKS[name](text):
        return found
    raise ValidationFailed(**{name: context.texts.text(f"bad_{name}")})


def _wrong_day(context: QuoteContext, text: str) -> str:
    try:
        return wrong_date(context, date.fromisoformat(text) if text else None)
    except ValueError:
        return context.texts.text("bad_port_on_working")


def too_late(reported: Mapping[str, Any]) -> bool:
    """A transfer can be stopped in the eligibility phase only (4.2, 4)."""
    return reported.get("portState") in {"accepted", "executing", "completed"}


def days_late(agreed_at: datetime, until: datetime, holidays: Sequence[str]) -> int:
    """Working days that ended, or began, since the agreed day: 0 on that day and until the next working one."""
    day, last, found = local(agreed_at).date(), local(until).date(), 0
    while day < last:
        day += timedelta(days=1)
        found += working_day(day, holidays)
    return found


def compensation_days(agreed_at: datetime, until: datetime, holidays: Sequence[str]) -> int:
    """Days that are compensated: all of them once a transfer is late by more than one working day (4.2, 6)."""
    late = days_late(agreed_at, until, holidays)
    return late if late > 1 else 0


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text(f"case_{change['port_case']}"), *new_line.describe(texts, change)]


def _shown(texts: Texts, request: PortIn, name: str) -> str:
    typed: str = getattr(request, name)
    return texts.sim(donor_sim(typed) or typed) if name == "donor_sim_number" else typed


def _summary(texts: Texts, request: PortIn) -> list[SummaryRow]:
    say = texts.text
    case, card = f"case_{case_of(request)}", f"card_{request.card}"
    facts = [
        SummaryRow(
            name=say("case"), value=[say(name) for name in (case, card) if texts.has(name)], field="card"
        ),
        *(
            SummaryRow(name=say(name), value=[_shown(texts, request, name)], field=name)
            for name in (
                "donor_operator",
                "donor_sim_number",
                "donor_account",
                "vat_number",
                "contact_person",
                "company_name",
            )
            if getattr(request, name)
        ),
        SummaryRow(
            name=say("port_on"),
            value=[texts.day(request.port_on) if request.port_on else say("soonest")],
            field="port_on",
        ),
        SummaryRow(name=say("authorised_by"), value=[request.authorised_by], field="authorised_by"),
    ]
    number = normalise_msisdn(request.number) or request.number
    return [
        *facts,
        *new_line.user_facts(texts, request, number=number),
        *new_line.service_facts(texts, request),
    ]


def _warnings(texts: Texts, _ground: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    """The old contract ends by the transfer (4.2, 7)."""
    wanted = [item for item in items if item.state is ItemState.WAITING]
    return (
        [texts.text("fees_may_be_due")] if any(item.change.get("card") != PREPAID for item in wanted) else []
    )


PORT_IN = OrderKind(
    request=PortIn,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    creates=lambda context, request: as_line(context, request, msisdn=normalise_msisdn(request.number) or ""),
    to_carrier=_to_carrier,
    confirmed_columns=new_line.confirmed_columns,
    expected_completion=_expected_completion,
    effective_date=lambda request: request.port_on,
    warnings=_warnings,
    audit_detail=new_line.audit_detail,
    audit_action="line.ported_in",
    steps={
        **new_line.STEPS,
        "": ("operator",),
        "transfer": ("operator", "card"),
        "holder": (
            "number",
            "donor_operator",
            "donor_sim_number",
            "donor_account",
            "vat_number",
            "contact_person",
            "company_name",
        ),
        "authorisation": ("authorised", "authorised_by"),
        "date": ("port_on",),
        "account": ("account", "given_name", "family_name", "cost_centre"),
    },
    texts_from="add_line",
    statuses=frozenset({"ordered"}),
    dated=False,
    cancellable=True,
    too_late=too_late,
    amend=_amend,
)
