"""The causes of a difference between two documents, from their charges by number, kind and code. Pure.

Every cent of the difference is in exactly one cause: charges excluding VAT by number, then VAT, then what the documents put
on or take off as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from backend.billing.schemas import ChargeKind


class CauseKind(StrEnum):
    """Why an amount is another one than the time before."""

    # There is no invoice before
    FIRST_BILL = "first_bill"
    LINE_ADDED = "line_added"
    LINE_LEFT = "line_left"
    PLAN_CHANGE = "plan_change"
    # The same plan or option for another part of the month, or at another price
    OTHER_DAYS = "other_days"
    OPTION_ADDED = "option_added"
    OPTION_REMOVED = "option_removed"
    MORE_USE = "more_use"
    LESS_USE = "less_use"
    ONE_OFF = "one_off"
    DISCOUNT_ENDED = "discount_ended"
    DISCOUNT_NEW = "discount_new"
    DISCOUNT_CHANGED = "discount_changed"
    CREDIT = "credit"
    OTHER = "other"
    VAT = "vat"
    # Paid in advance, rounding
    WHOLE_DOCUMENT = "whole_document"


class ChargePair(msgspec.Struct, frozen=True):
    """What a number is charged for one kind and code, before and now, in cents excluding VAT.

    `was_there`, `is_there`: whether the number has any charge in the document before, and in this one.
    """

    msisdn: str
    kind: str
    code: str
    name: str
    before_cents: int
    now_cents: int
    had: bool
    has: bool
    was_there: bool
    is_there: bool


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for one number ("": of the customer number as a whole): so many cents more, or fewer.

    `before`, `now`: codes of plans, where those are the reason; `code` and `name`: what it is about.
    """

    kind: CauseKind
    cents: int
    msisdn: str = ""
    code: str = ""
    name: str = ""
    before: str = ""
    now: str = ""


class ComparedTotals(msgspec.Struct, frozen=True):
    """What a document comes to: its charges, its VAT, and what is booked of it."""

    charges_cents: int
    vat_cents: int
    booked_cents: int


K = CauseKind
IsPlan = Callable[[str], bool]


def causes_of(pairs: Iterable[ChargePair], is_plan: IsPlan) -> Iterator[Cause]:
    """The causes among the charges. `pairs` come number by number; those of equal amounts may be left out."""
    number: str | None = None
    together: list[ChargePair] = []
    for pair in pairs:
        if pair.msisdn != number and together:
            yield from _of_number(together, is_plan)
            together = []
        number = pair.msisdn
        together.append(pair)
    if together:
        yield from _of_number(together, is_plan)


def whole_causes(before: ComparedTotals, now: ComparedTotals) -> list[Cause]:
    """What the charges do not explain: VAT, and amounts of the document as a whole."""
    vat = now.vat_cents - before.vat_cents
    rest = (now.booked_cents - before.booked_cents) - (now.charges_cents - before.charges_cents) - vat
    found = [Cause(kind=K.VAT, cents=vat), Cause(kind=K.WHOLE_DOCUMENT, cents=rest)]
    return [one for one in found if one.cents]


def _of_number(pairs: Sequence[ChargePair], is_plan: IsPlan) -> Iterator[Cause]:
    one = pairs[0]
    if one.msisdn and one.was_there != one.is_there:
        kind = K.LINE_ADDED if one.is_there else K.LINE_LEFT
        yield from _some(kind, one.msisdn, sum(_more(pair) for pair in pairs))
        return
    plans = [pair for pair in pairs if pair.kind == ChargeKind.RECURRING and pair.code and is_plan(pair.code)]
    before = next((pair.code for pair in plans if pair.had and not pair.has), "")
    now = next((pair.code for pair in plans if pair.has and not pair.had), "")
    moved = bool(before and now)
    if moved:
        cents = sum(_more(pair) for pair in plans)
        yield from _some(K.PLAN_CHANGE, one.msisdn, cents, before=before, now=now)
    for pair in pairs:
        if not (moved and pair in plans):
            yield from _some(_kind_of(pair), pair.msisdn, _more(pair), code=pair.code, name=pair.name)


def _more(pair: ChargePair) -> int:
    return pair.now_cents - pair.before_cents


def _some(kind: CauseKind, msisdn: str, cents: int, **more: str) -> Iterator[Cause]:
    if cents:
        yield Cause(kind=kind, cents=cents, msisdn=msisdn, **more)


def _kind_of(pair: ChargePair) -> CauseKind:
    both = pair.had and pair.has
    match pair.kind:
        case ChargeKind.RECURRING if pair.code:
            return K.OTHER_DAYS if both else K.OPTION_ADDED if pair.has else K.OPTION_REMOVED
        case ChargeKind.USAGE:
            return K.MORE_USE if _more(pair) > 0 else K.LESS_USE
        case ChargeKind.ONE_OFF:
            return K.ONE_OFF
        case ChargeKind.DISCOUNT:
            return K.DISCOUNT_CHANGED if both else K.DISCOUNT_NEW if pair.has else K.DISCOUNT_ENDED
        case ChargeKind.CREDIT:
            return K.CREDIT
        case _:
            return K.OTHER
