"""Add a line with a new number (F-054 to F-083): one that the carrier chooses, or a reserved one. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.catalog.identifiers import normalise_msisdn
from backend.core.errors import ValidationFailed
from backend.orders.kinds import new_line
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
)
from backend.orders.kinds.new_line import NewLineRequest, as_line, plan_new_line, plan_of, same_line
from backend.orders.kinds.new_line_checks import wrong_fields
from backend.orders.kinds.new_line_texts import describe, outcome_texts, service_facts, user_facts
from backend.orders.schemas import SummaryRow

# In one sentence
MOST_NAMES = 5


class AddLine(NewLineRequest, frozen=True, kw_only=True, tag="add_line"):
    """Add a line. `number` is one of the reserved numbers, or empty: then the carrier chooses."""

    number: str = ""


def _check(context: QuoteContext, request: AddLine) -> None:
    wrong = wrong_fields(context, request)
    if request.number and context.loaded.number_refused(normalise_msisdn(request.number) or ""):
        wrong["number"] = context.texts.text("bad_number_not_reserved")
    if wrong:
        raise ValidationFailed(**wrong)


def _creates(context: QuoteContext, request: AddLine) -> LineSnapshot:
    return as_line(
        context, request, msisdn=(normalise_msisdn(request.number) or "") if request.number else ""
    )


def _quote_line(context: QuoteContext, request: AddLine, line: LineSnapshot) -> QuoteItem:
    item = plan_new_line(context, request, line)
    if item.change and request.number and context.loaded.number_refused(line.msisdn, line.id):
        return item.skip("number_not_reserved")
    return item


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    return ServiceOrderItem("addLine", action="add", characteristics=new_line.characteristics(change))


def expected_completion(context: QuoteContext, request: NewLineRequest) -> str:
    """The key of the promise (F-092): fast on the main plan family, unless a contract has to be reviewed."""
    plan = plan_of(context, request)
    return "new_line_main" if plan and plan.main_family and not request.split_profile else "new_line_other"


def _summary(texts: Texts, request: AddLine) -> list[SummaryRow]:
    number = (normalise_msisdn(request.number) or request.number) if request.number else ""
    return [*user_facts(texts, request, number=number), *service_facts(texts, request)]


def _must_confirm(texts: Texts, context: QuoteContext, items: Sequence[QuoteItem]) -> str:
    """A line that looks like one that was ordered already, or that stands in the file twice, is wanted on purpose."""
    names = [item.line.name for item in items if _key(item) in context.loaded.again]
    if not names:
        return ""
    shown = list(dict.fromkeys(names))[:MOST_NAMES]
    return texts.counted(
        "ordered_again", len(names), names="; ".join(shown) + ("…" if len(names) > len(shown) else "")
    )


def _key(item: QuoteItem) -> tuple[str, ...]:
    line = item.line
    request = AddLine(
        account=line.account,
        family_name=line.family_name,
        given_name=line.given_name,
        email=line.email,
        plan=line.plan,
        sim_kind=line.sim_kind,
        number=line.msisdn,
    )
    return same_line(request)


ADD_LINE = OrderKind(
    priced=True,
    request=AddLine,
    quote_line=_quote_line,
    describe=describe,
    summary=_summary,
    outcome_texts=outcome_texts,
    check=_check,
    creates=_creates,
    to_carrier=_to_carrier,
    confirmed_columns=new_line.confirmed_columns,
    expected_completion=expected_completion,
    timeline_params=new_line.timeline_params,
    split_after=lambda _before, change: change["split_profile"],
    must_confirm=_must_confirm,
    amend=new_line.amend_new_line,
    correctable=new_line.ESIM_TROUBLE,
    user_acts_on=new_line.USER_ACTS_ON,
    steps=new_line.STEPS,
    statuses=frozenset({"ordered"}),
)
