"""Transfer a number from another operator or another holder (F-084 to F-097; domain 3.3, 4.2). Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from backend.catalog.identifiers import enterprise_number, normalise_msisdn
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
from backend.orders.kinds.new_line import NewLineRequest, as_line, plan_new_line
from backend.orders.kinds.new_line_checks import wrong_fields
from backend.orders.kinds.new_line_texts import describe, outcome_texts, service_facts, user_facts
from backend.orders.kinds.port_in_corrections import (
    CARRIER_NAMES,
    CHECKS,
    CORRECTIONS,
    amend,
    donor_sim,
    wrong_date,
    wrong_value,
)
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import SummaryRow

SAME, OTHER = "same", "other"
PREPAID, PRIVATE, PROFESSIONAL = "prepaid", "private", "professional"
# The version of the sentence that the holder agrees to; it changes with the sentence
AUTHORISATION = "2026-11"


class PortIn(NewLineRequest, frozen=True, kw_only=True, tag="port_in"):
    """Transfer a number to this carrier. What its present operator checks depends on operator and card.

    `port_on` is a working day.
    """

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
    """The case of a transfer: form, required data and processing time depend on operator and card (F-086)."""
    return "same_carrier" if request.operator == SAME else f"{request.card}_other"


def _check(context: QuoteContext, request: PortIn) -> None:
    wrong = wrong_fields(context, request) | _wrong_number(context, request) | _wrong_donor(context, request)
    if why := wrong_date(context, request.port_on):
        wrong["port_on"] = why
    if wrong:
        raise ValidationFailed(**wrong)


def _wrong_number(context: QuoteContext, request: PortIn) -> dict[str, str]:
    """Whether another company has the number is not looked at: its operator checks the holder's proof, and answers."""
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
    for name in CHECKS:
        text = getattr(request, name)
        if (text or name in needed) and (why := wrong_value(context, name, text)):
            wrong[name] = why
    if request.operator == SAME and not request.donor_sim_number and not request.donor_account:
        wrong["donor_sim_number"] = say("bad_proof")
    if not request.authorised:
        wrong["authorised"] = say("bad_authorised")
    return wrong


def _needed(request: PortIn) -> frozenset[str]:
    """The required fields of each of the four cases (domain 3.3)."""
    case, always = case_of(request), {"authorised_by"}
    if case == "professional_other":
        return frozenset(always | {"donor_operator", "donor_account", "vat_number", "contact_person"})
    return frozenset(always if case == "same_carrier" else always | {"donor_operator", "donor_sim_number"})


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


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    port = {"portCase": change["port_case"]} | {wire: change[name] for name, wire in CARRIER_NAMES.items()}
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


def too_late(reported: Mapping[str, Any]) -> bool:
    """Whether a transfer can no longer be stopped: only its eligibility phase allows it (4.2, 4)."""
    return reported.get("portState") in {"accepted", "executing", "completed"}


def days_late(agreed_at: datetime, until: datetime, holidays: Sequence[str]) -> int:
    """Working days after the agreed day: 0 on that day and until the next working day."""
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
    return [texts.text(f"case_{change['port_case']}", carrier=texts.carrier), *describe(texts, change)]


def _shown(texts: Texts, request: PortIn, name: str) -> str:
    typed: str = getattr(request, name)
    return texts.sim(donor_sim(typed) or typed) if name == "donor_sim_number" else typed


def _summary(texts: Texts, request: PortIn) -> list[SummaryRow]:
    say = texts.text
    case, card = f"case_{case_of(request)}", f"card_{request.card}"
    facts = [
        SummaryRow(
            name=say("case"),
            value=[say(name, carrier=texts.carrier) for name in (case, card) if texts.has(name)],
            field="card",
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
        *user_facts(texts, request, number=number),
        *service_facts(texts, request),
    ]


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    """The contract with the present operator ends with the transfer, which may cost a fee (4.2, 7)."""
    wanted = [item for item in items if item.state is ItemState.WAITING]
    return (
        [texts.text("fees_may_be_due")] if any(item.change.get("card") != PREPAID for item in wanted) else []
    )


PORT_IN = OrderKind(
    priced=True,
    request=PortIn,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    outcome_texts=outcome_texts,
    check=_check,
    creates=lambda context, request: as_line(context, request, msisdn=normalise_msisdn(request.number) or ""),
    to_carrier=_to_carrier,
    confirmed_columns=new_line.confirmed_columns,
    expected_completion=_expected_completion,
    effective_date=lambda request: request.port_on,
    warnings=_warnings,
    timeline_params=new_line.timeline_params,
    split_after=lambda _before, change: change["split_profile"],
    steps={
        **new_line.STEPS,
        "": ("account", "given_name", "family_name", "cost_centre"),
        "transfer": (
            "operator",
            "card",
            "number",
            "donor_operator",
            "donor_sim_number",
            "donor_account",
            "vat_number",
            "contact_person",
            "company_name",
            "authorised",
            "authorised_by",
            "port_on",
        ),
    },
    texts_from="add_line",
    statuses=frozenset({"ordered"}),
    dated=False,
    cancellable=True,
    too_late=too_late,
    amend=amend,
    corrections=CORRECTIONS,
    correctable=frozenset(CORRECTIONS) | new_line.ESIM_TROUBLE,
)
