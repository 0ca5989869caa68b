"""Add a line with a new number (F-054 to F-083): one the carrier chooses, or one that is reserved for the customer. Pure."""

from collections.abc import Mapping
from typing import Any

from backend.catalog.identifiers import msisdn
from backend.core.errors import Invalid
from backend.orders.kinds import new_line
from backend.orders.kinds.new_line import NewLine, as_line, plan_new_line, plan_of
from backend.orders.kinds.new_line_checks import wrong_fields
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words
from backend.orders.schemas import Fact


class AddLine(NewLine, frozen=True, kw_only=True, tag="add_line"):
    """Add a line. `number` is one of the reserved numbers, or empty: then the carrier chooses."""

    number: str = ""


def check(ground: Ground, asked: AddLine) -> None:
    wrong = wrong_fields(ground, asked)
    if asked.number and ground.facts.number_refused(msisdn(asked.number) or ""):
        wrong["number"] = ground.words.say("bad_number_not_reserved")
    if wrong:
        raise Invalid(**wrong)


def creates(ground: Ground, asked: AddLine) -> LineNow:
    return as_line(ground, asked, msisdn=(msisdn(asked.number) or "") if asked.number else "")


def plan_line(ground: Ground, asked: AddLine, line: LineNow) -> Planned:
    planned = plan_new_line(ground, asked, line)
    if planned.change and asked.number and ground.facts.number_refused(line.msisdn, line.id):
        return planned.skip("number_not_reserved")
    return planned


def message(change: Mapping[str, Any]) -> Message:
    return Message("addLine", action="add", characteristics=new_line.characteristics(change))


def promise(ground: Ground, asked: NewLine) -> str:
    """F-092: fast on the main plan family, unless shared billing has to be looked at."""
    plan = plan_of(ground, asked)
    return "new_line_main" if plan and plan.main_family and not asked.split_profile else "new_line_other"


def summary(words: Words, asked: AddLine) -> list[Fact]:
    number = (msisdn(asked.number) or asked.number) if asked.number else ""
    return [*new_line.user_facts(words, asked, number=number), *new_line.service_facts(words, asked)]


KIND = Kind(
    asked=AddLine,
    plan_line=plan_line,
    describe=new_line.describe,
    summary=summary,
    check=check,
    creates=creates,
    message=message,
    confirm=new_line.confirm,
    promise=promise,
    audit_words=new_line.audit_words,
    done="line.added",
    amend=new_line.go_on,
    steps=new_line.STEPS,
    statuses=frozenset({"ordered"}),
)
