"""Split billing: who pays what of one billing period's charges, and the rule in words. Pure.

Nothing is carried over: what the employer's contribution leaves unused at the end of a period is gone (domain 4.6).
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from backend.catalog.schemas import ChargeCategory, SplitKind, SplitProfile, SplitRule, UsageType
from backend.core.formats import format_money
from backend.core.i18n import FileTexts
from backend.core.money import round_half_away

TEXTS = Path(__file__).with_name("split_texts.toml")
# Narrow contributions are used up before wide ones.
ORDER = tuple(SplitKind)


class SplitCharge(msgspec.Struct, frozen=True, kw_only=True):
    """One charge of a period, excluding VAT. A fee has no usage type."""

    cents: int
    category: ChargeCategory
    usage_type: UsageType | None = None


class Parts(msgspec.Struct, frozen=True):
    """One charge in two: together they are the charge."""

    employer_cents: int
    employee_cents: int


def split(profile: SplitProfile, charges: Sequence[SplitCharge]) -> list[Parts]:
    """Share out one period's charges, in their order. Raises ValueError for a charge below zero."""
    if any(charge.cents < 0 for charge in charges):
        raise ValueError("a credit is shared out as the charge that it takes back")
    left = [0 if _employee_only(profile, charge) else charge.cents for charge in charges]
    employer = [0] * len(charges)
    for rule in sorted(profile.rules, key=lambda rule: ORDER.index(rule.kind)):
        taken = _taken(rule, charges, left)
        for index, cents in enumerate(taken):
            employer[index] += cents
            left[index] -= cents
    return [Parts(paid, charge.cents - paid) for paid, charge in zip(employer, charges, strict=True)]


def split_amount(profile: SplitProfile, cents: int, category: ChargeCategory = ChargeCategory.FEES) -> Parts:
    """One amount alone in its period."""
    return split(profile, [SplitCharge(cents=cents, category=category)])[0]


def _employee_only(profile: SplitProfile, charge: SplitCharge) -> bool:
    return charge.category in profile.employee_pays or charge.usage_type in profile.exceptions


def _taken(rule: SplitRule, charges: Sequence[SplitCharge], left: Sequence[int]) -> list[int]:
    """What one rule pays of each charge."""
    meant = [cents if _covers(rule, charge) else 0 for charge, cents in zip(charges, left, strict=True)]
    if rule.kind is SplitKind.PERCENTAGE:
        return _percentage(rule, meant)
    budget, taken = rule.cents, []
    for cents in meant:
        paid = min(budget, cents)
        budget -= paid
        taken.append(paid)
    return taken


def _covers(rule: SplitRule, charge: SplitCharge) -> bool:
    if rule.kind is SplitKind.CATEGORY_AMOUNT:
        return charge.category is rule.category
    return rule.kind is not SplitKind.USAGE_AMOUNT or charge.usage_type is rule.usage_type


def _percentage(rule: SplitRule, meant: Sequence[int]) -> list[int]:
    """The share of the whole, rounded once and at most the maximum, spread evenly over the charges."""
    whole = sum(meant)
    share = round_half_away(Fraction(whole * rule.percent, 100))
    if rule.max_cents is not None:
        share = min(share, rule.max_cents)
    taken, so_far, given = [], 0, 0
    for cents in meant:
        so_far += cents
        due = share * so_far // whole if whole else 0
        taken.append(due - given)
        given = due
    return taken


def rule_words(profile: SplitProfile, language: str) -> list[str]:
    """The profile in sentences, as a contract and a page show them."""
    texts = FileTexts(TEXTS, language)
    sentences = []
    for rule in profile.rules:
        key = rule.kind.value
        if rule.kind is SplitKind.PERCENTAGE and rule.max_cents is not None:
            key = "percentage_max"
        sentences.append(
            texts.text(
                key,
                amount=format_money(rule.cents, language),
                percent=rule.percent,
                max=format_money(rule.max_cents or 0, language),
                what=texts.text(f"of_{rule.category or rule.usage_type}")
                if rule.category or rule.usage_type
                else "",
            )
        )
    own = [texts.text(f"of_{one}") for one in (*profile.employee_pays, *profile.exceptions)]
    if own:
        sentences.append(texts.text("employee_pays", what=texts.text("and").join(own)))
    sentences.append(texts.text("rest"))
    return sentences
