"""Reads carrier profiles: the built-in ones, and those of a folder that a deployment puts beside them."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from backend.catalog.identifiers import sim_number
from backend.catalog.schemas import CarrierProfile, LocalisedText, Option, SplitKind, SplitProfile
from backend.core.i18n import LANGUAGES

BUILT_IN = Path(__file__).parent / "profiles"


class ProfileError(ValueError):
    """A profile cannot be used; the sentence names the file and what is wrong in it."""


@cache
def load_profiles(folder: Path | None = None) -> Mapping[str, CarrierProfile]:
    """Every carrier profile by its code; a profile of `folder` replaces the built-in one of the same code.

    Raises ProfileError where a profile is wrong: nothing starts on half a catalogue.
    """
    profiles = dict(_read_folder(BUILT_IN))
    if folder is not None:
        if not folder.is_dir():
            raise ProfileError(f"{folder} is not a folder of carrier profiles")
        profiles |= _read_folder(folder)
    return profiles


_folder: Path | None = None


def use_folder(folder: Path | None) -> None:
    """The deployment's own profiles, which `profile` and `known_profiles` read from now on. Raises ProfileError."""
    global _folder  # noqa: PLW0603 - set once per process, at its start
    load_profiles(folder)
    _folder = folder


def known_profiles() -> Mapping[str, CarrierProfile]:
    """Every profile of this deployment, by the carrier's code."""
    return load_profiles(_folder)


def profile(code: str) -> CarrierProfile:
    """The profile of one carrier of this deployment. Raises KeyError for a carrier nobody described."""
    return known_profiles()[code]


def _read_folder(folder: Path) -> dict[str, CarrierProfile]:
    profiles: dict[str, CarrierProfile] = {}
    for file in sorted(folder.glob("*.toml")):
        found = read_profile(file)
        if found.code in profiles:
            raise ProfileError(f"{file.name}: the carrier {found.code} is described by another file too")
        profiles[found.code] = found
    return profiles


def read_profile(file: Path) -> CarrierProfile:
    """One profile file, checked whole. Raises ProfileError naming the file."""
    try:
        found = msgspec.convert(tomllib.loads(file.read_text("utf-8")), CarrierProfile, strict=True)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ProfileError(f"{file.name}: {error}") from None
    for problem in _problems(found):
        raise ProfileError(f"{file.name}: {problem}")
    return found


def _problems(found: CarrierProfile) -> Iterator[str]:
    yield from _duplicates("plan", (plan.code for plan in found.plans))
    yield from _duplicates("option", (option.code for option in found.options))
    yield from _duplicates("barring", (barring.code for barring in found.barrings))
    yield from _duplicates("split profile", (one.code for one in found.split_profiles))
    for option in found.options:
        yield from _option_problems(option, found)
    for one in found.split_profiles:
        yield from _split_problems(one)
    yield from _missing_words(found)
    yield from _number_problems(found)
    if found.held_for.working_days < 0 or (found.held_for.days < 1 and not found.held_for.working_days):
        yield "a request may stay held for one day or more"
    for day in found.holidays:
        if not _is_date(day):
            yield f"the holiday {day!r} is not a date such as 2026-07-21"


def _duplicates(kind: str, codes: Iterable[str]) -> Iterator[str]:
    for code, times in Counter(codes).items():
        if times > 1:
            yield f"the {kind} {code} is there {times} times"


def _option_problems(option: Option, found: CarrierProfile) -> Iterator[str]:
    for code in option.plans:
        plan = found.plan(code)
        if plan is None:
            yield f"the option {option.code} names the plan {code}, which does not exist"
        elif plan.product_type not in option.product_types:
            yield f"the option {option.code} names the plan {code}, but is not for {plan.product_type}"
    for code in option.conflicts:
        other = found.option(code)
        if other is None or other is option:
            yield f"the option {option.code} conflicts with {code}, which is not another option"
        elif option.code not in other.conflicts:
            yield f"the option {option.code} conflicts with {code}, but {code} does not conflict with it"
    if option.price_cents < 0:
        yield f"the option {option.code} has a price below zero"


def _split_problems(one: SplitProfile) -> Iterator[str]:
    name = f"the split profile {one.code}"
    if not one.rules:
        yield f"{name} has no rule: say what the employer contributes"
    for rule in one.rules:
        if (rule.kind is SplitKind.CATEGORY_AMOUNT) != (rule.category is not None):
            yield f"{name}: a rule names a category where it is an amount per category, and only there"
        if (rule.kind is SplitKind.USAGE_AMOUNT) != (rule.usage_type is not None):
            yield f"{name}: a rule names a usage type where it is an amount per usage type, and only there"
        if rule.kind is SplitKind.PERCENTAGE:
            if not 1 <= rule.percent <= 100 or (rule.max_cents is not None and rule.max_cents <= 0):
                yield f"{name}: a percentage is 1 to 100, its maximum more than nothing"
        elif rule.cents <= 0:
            yield f"{name}: an amount is more than nothing"


def _missing_words(found: CarrierProfile) -> Iterator[str]:
    for what, texts in _texts(found):
        if missing := [language for language in LANGUAGES if not texts.get(language, "").strip()]:
            yield f"{what} has no words in {', '.join(missing)}"


def _texts(found: CarrierProfile) -> Iterator[tuple[str, LocalisedText]]:
    """Every text of a profile; names are required, other texts only in all languages or none."""
    for plan in found.plans:
        yield f"the name of the plan {plan.code}", plan.name
        if plan.allowance:
            yield f"the allowance of the plan {plan.code}", plan.allowance
    for option in found.options:
        yield f"the name of the option {option.code}", option.name
        if option.description:
            yield f"the description of the option {option.code}", option.description
        if option.zone:
            yield f"the zone of the option {option.code}", option.zone
    for barring in found.barrings:
        yield f"the name of the barring {barring.code}", barring.name
    for one in found.split_profiles:
        yield f"the name of the split profile {one.code}", one.name
    for case, promise in found.promises.items():
        yield f"the name of the promise {case}", promise.name


def _number_problems(found: CarrierProfile) -> Iterator[str]:
    rule = found.sim_number
    try:
        re.compile(rule.pattern)
    except re.error as error:
        yield f"the SIM number pattern cannot be used: {error}"
        return
    if rule.example and sim_number(rule.example, rule) is None:
        yield f"the example SIM number {rule.example} does not follow the carrier's own rule"
    if not re.fullmatch(r"[A-Z]{2,4}", found.reference_prefix):
        yield f"the reference prefix {found.reference_prefix!r} is not two to four capital letters"


def _is_date(day: str) -> bool:
    try:
        return date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False
