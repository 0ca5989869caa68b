"""Transfer a number from another operator or another holder (F-084 to F-097; domain 3.3, 4.2). Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from backend.catalog.identifiers import enterprise_number, iccid_valid, msisdn
from backend.core.clock import local
from backend.core.errors import Invalid
from backend.orders.kinds import add_line, new_line
from backend.orders.kinds.change_user import name_valid
from backend.orders.kinds.new_line import NewLine, as_line, plan_new_line
from backend.orders.kinds.new_line_checks import wrong_fields
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, working_day
from backend.orders.schemas import Fact, ItemState

SAME, OTHER = "same", "other"
PREPAID, PRIVATE, PROFESSIONAL = "prepaid", "private", "professional"
AUTHORISATION = (
    "2026-11"  # the version of the sentence that the holder agrees to: a new one where its words change
)
LATEST_DAYS = 180  # that a transfer may be asked for ahead
DONOR_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./-]{0,39}")


class PortIn(NewLine, frozen=True, kw_only=True, tag="port_in"):
    """Bring a number in. What the present operator checks depends on the operator and the card; `port_on` is a working day."""

    number: str = ""
    operator: str = ""  # same (this carrier), other
    card: str = ""  # prepaid, private, professional
    donor_operator: str = ""  # the other operator's name
    donor_sim_number: str = ""  # of the present card
    donor_account: str = ""  # customer number at the present operator
    vat_number: str = ""  # of the company that holds the number
    contact_person: str = ""
    company_name: str = ""
    authorised: bool = False  # the holder agrees to the transfer, in the words shown
    authorised_by: str = ""
    port_on: date | None = None  # None: as soon as it can be


def case_of(asked: PortIn) -> str:
    """The form, the required data and the processing time follow from operator and card (F-086)."""
    return "same_carrier" if asked.operator == SAME else f"{asked.card}_other"


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


def check(ground: Ground, asked: PortIn) -> None:
    wrong = wrong_fields(ground, asked) | _wrong_number(ground, asked) | _wrong_donor(ground, asked)
    if why := wrong_date(ground, asked.port_on):
        wrong["port_on"] = why
    if wrong:
        raise Invalid(**wrong)


def _wrong_number(ground: Ground, asked: PortIn) -> dict[str, str]:
    """A number that is live at another customer gets no other answer than one that is live nowhere would deserve."""
    number, facts = msisdn(asked.number), ground.facts
    if number is None:
        return {"number": ground.words.say("bad_number")}
    if number in facts.numbers_here:
        return {"number": ground.words.say("bad_number_here")}
    if number in facts.numbers_taken or number in facts.twice:
        return {"number": ground.words.say("bad_number_not_possible")}
    return {}


def _wrong_donor(ground: Ground, asked: PortIn) -> dict[str, str]:
    say, wrong = ground.words.say, dict[str, str]()
    if asked.operator not in {SAME, OTHER}:
        wrong["operator"] = say("bad_operator")
    if asked.card not in {PREPAID, PRIVATE, PROFESSIONAL}:
        wrong["card"] = say("bad_card")
    if wrong:
        return wrong
    needed = _needed(asked)
    for name, valid in CHECKS.items():
        text = getattr(asked, name)
        if (text or name in needed) and not valid(text):
            wrong[name] = say(f"bad_{name}")
    if asked.operator == SAME and not asked.donor_sim_number and not asked.donor_account:
        wrong["donor_sim_number"] = say("bad_proof")
    if not asked.authorised:
        wrong["authorised"] = say("bad_authorised")
    return wrong


def _needed(asked: PortIn) -> frozenset[str]:
    """What each of the four cases cannot do without (domain 3.3)."""
    case, always = case_of(asked), {"authorised_by"}
    if case == "professional_other":
        return frozenset(always | {"donor_operator", "donor_account", "vat_number", "contact_person"})
    return frozenset(always if case == "same_carrier" else always | {"donor_operator", "donor_sim_number"})


def wrong_date(ground: Ground, day: date | None) -> str:
    """Why a number cannot move on this day, in words; "" where it can."""
    today = local(ground.now).date()
    if day is None:
        return ""
    if day < today:
        return ground.words.say("bad_port_on_over")
    if not working_day(day, ground.profile.holidays):
        return ground.words.say("bad_port_on_working")
    return ground.words.say("bad_port_on_far") if (day - today).days > LATEST_DAYS else ""


def plan_line(ground: Ground, asked: PortIn, line: LineNow) -> Planned:
    planned = plan_new_line(ground, asked, line)
    if planned.change:
        planned.change |= {
            "port_case": case_of(asked),
            "card": asked.card,
            "donor_operator": asked.donor_operator,
            "donor_sim_number": donor_sim(asked.donor_sim_number),
            "donor_account": asked.donor_account,
            "vat_number": enterprise_number(asked.vat_number) or "",
            "contact_person": asked.contact_person,
            "company_name": asked.company_name,
            "authorised_by": asked.authorised_by,
            "authorised_at": "",  # when it is placed
            "port_on": asked.port_on.isoformat() if asked.port_on else "",
        }
    return planned


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


def message(change: Mapping[str, Any]) -> Message:
    port = {"portCase": change["port_case"]} | {wire: change[name] for name, wire in ASKED.items()}
    return Message("portIn", action="add", characteristics=new_line.characteristics(change) | port)


def promise(ground: Ground, asked: PortIn) -> str:
    """F-092 to F-097: by operator, card, plan family and shared billing."""
    if asked.operator == SAME:
        return add_line.promise(ground, asked) if asked.card == PREPAID else "takeover_subscription"
    return "port_professional" if asked.card == PROFESSIONAL else "port_private"


# What puts a rejection right: the fields that another value is asked for. The other reasons are final.
CORRECTIONS: Mapping[str, str] = {
    "sim_mismatch": "donor_sim_number",
    "account_mismatch": "donor_account",
    "vat_mismatch": "vat_number",
    "authorisation_missing": "authorised_by",
    "date_not_possible": "port_on",
}


def amend(
    ground: Ground, change: Mapping[str, Any], fields: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Corrected values for the present operator. Raises Invalid for one that cannot be, or none."""
    given = {name: text.strip() for name, text in fields.items() if name in CORRECTIONS.values()}
    if not fields and change["sim_kind"] == new_line.ESIM:
        return new_line.go_on(ground, change, fields)
    if not given:
        raise Invalid(fields=ground.words.say("bad_nothing_corrected"))
    new = {name: _corrected(ground, name, text) for name, text in given.items()}
    if "authorised_by" in new:
        new["authorised_at"] = ground.now.isoformat()
    return {**change, **new}, {ASKED[name]: value for name, value in new.items()}


def _corrected(ground: Ground, name: str, text: str) -> str:
    if name == "port_on":
        if why := _wrong_day(ground, text):
            raise Invalid(port_on=why)
        return text
    if found := CHECKS[name](text):
        return found
    raise Invalid(**{name: ground.words.say(f"bad_{name}")})


def _wrong_day(ground: Ground, text: str) -> str:
    try:
        return wrong_date(ground, date.fromisoformat(text) if text else None)
    except ValueError:
        return ground.words.say("bad_port_on_working")


def too_late(told: Mapping[str, Any]) -> bool:
    """A transfer can be stopped in the eligibility phase only (4.2, 4)."""
    return told.get("portState") in {"accepted", "executing", "completed"}


def late_days(agreed_at: datetime, until: datetime, holidays: Sequence[str]) -> int:
    """Working days that ended, or began, since the agreed day: 0 on that day and until the next working one."""
    day, last, found = local(agreed_at).date(), local(until).date(), 0
    while day < last:
        day += timedelta(days=1)
        found += working_day(day, holidays)
    return found


def compensation_days(agreed_at: datetime, until: datetime, holidays: Sequence[str]) -> int:
    """Days that are compensated: all of them once a transfer is late by more than one working day (4.2, 6)."""
    late = late_days(agreed_at, until, holidays)
    return late if late > 1 else 0


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say(f"case_{change['port_case']}"), *new_line.describe(words, change)]


def _shown(words: Words, asked: PortIn, name: str) -> str:
    typed: str = getattr(asked, name)
    return words.sim(donor_sim(typed) or typed) if name == "donor_sim_number" else typed


def summary(words: Words, asked: PortIn) -> list[Fact]:
    say = words.say
    case, card = f"case_{case_of(asked)}", f"card_{asked.card}"
    facts = [
        Fact(name=say("case"), value=[say(name) for name in (case, card) if words.has(name)], field="card"),
        *(
            Fact(name=say(name), value=[_shown(words, asked, name)], field=name)
            for name in (
                "donor_operator",
                "donor_sim_number",
                "donor_account",
                "vat_number",
                "contact_person",
                "company_name",
            )
            if getattr(asked, name)
        ),
        Fact(
            name=say("port_on"),
            value=[words.day(asked.port_on) if asked.port_on else say("soonest")],
            field="port_on",
        ),
        Fact(name=say("authorised_by"), value=[asked.authorised_by], field="authorised_by"),
    ]
    number = msisdn(asked.number) or asked.number
    return [*facts, *new_line.user_facts(words, asked, number=number), *new_line.service_facts(words, asked)]


def warnings(words: Words, _ground: Ground, items: Sequence[Planned]) -> list[str]:
    """The old contract ends by the transfer (4.2, 7)."""
    wanted = [item for item in items if item.state is ItemState.WAITING]
    return (
        [words.say("fees_may_be_due")] if any(item.change.get("card") != PREPAID for item in wanted) else []
    )


KIND = Kind(
    asked=PortIn,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    creates=lambda ground, asked: as_line(ground, asked, msisdn=msisdn(asked.number) or ""),
    message=message,
    confirm=new_line.confirm,
    promise=promise,
    effective=lambda asked: asked.port_on,
    warnings=warnings,
    audit_words=new_line.audit_words,
    done="line.ported_in",
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
    says_as="add_line",
    statuses=frozenset({"ordered"}),
    dated=False,
    cancellable=True,
    too_late=too_late,
    amend=amend,
)
