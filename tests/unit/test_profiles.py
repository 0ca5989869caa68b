"""Carrier profiles: the built-in ones hold, and a wrong one is refused with a sentence naming its file."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backend import runtime
from backend.catalog.identifiers import sim_number
from backend.catalog.lead_times import hold_deadline
from backend.catalog.profiles import (
    BUILT_IN,
    ProfileError,
    known_profiles,
    load_profiles,
    profile,
    read_profile,
    use_folder,
)
from backend.catalog.schemas import CarrierProfile, ChargeType, OptionFamily, ProductType
from backend.core.clock import BRUSSELS
from backend.core.i18n import LANGUAGES
from backend.settings import Settings

CODES = ("mandarine", "lynx")


def easter(year: int) -> date:
    """Anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month, day = divmod(h - m + r + 90, 25), (h - m + r + (h - m + r + 90) // 25 + 19) % 32
    return date(year, month[0], day)


def test_both_carriers_are_built_in() -> None:
    profiles = load_profiles()
    assert set(profiles) == set(CODES)
    assert load_profiles()["lynx"] is profiles["lynx"], "read once"
    assert (profiles["mandarine"].reference_prefix, profiles["lynx"].reference_prefix) == ("MND", "LNX")


def test_what_differs_between_the_two_is_data() -> None:
    mandarine, lynx = profile("mandarine"), profile("lynx")
    assert (mandarine.departure_in_portal, mandarine.termination_in_portal) == (True, False)
    assert (lynx.departure_in_portal, lynx.termination_in_portal) == (False, True)
    assert lynx.esim_confirmation
    assert not mandarine.esim_confirmation
    assert lynx.termination_fee_cents > 0
    assert not lynx.prepaid_in_portal
    assert sim_number("9100000123454", mandarine.sim_number)
    assert sim_number("8932030000000000018", lynx.sim_number)


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_exercises_every_variant(code: str) -> None:
    carrier = profile(code)
    assert {plan.product_type for plan in carrier.plans} == set(ProductType)
    assert any(plan.main_family for plan in carrier.plans)
    assert any(not plan.main_family for plan in carrier.plans)
    assert {option.family for option in carrier.options} == set(OptionFamily)
    assert {option.charge for option in carrier.options} == set(ChargeType)
    assert any(option.conflicts for option in carrier.options)
    assert carrier.barrings


@pytest.mark.parametrize("code", CODES)
def test_the_prices_of_the_reference(code: str) -> None:
    prices = {option.code: (option.price_cents, option.charge) for option in profile(code).options}
    assert prices["europe-plus"] == (2479, "monthly")
    assert prices["world-3gb"] == (9500, "one_off")
    assert prices["data-5gb"] == (826, "monthly")
    assert prices["data-20gb"] == (1653, "monthly")
    assert prices["sms-unlimited"] == (207, "monthly")


@pytest.mark.parametrize("code", CODES)
def test_the_companion_sim_is_sold_on_the_plans_that_allow_it(code: str) -> None:
    carrier = profile(code)
    companion = carrier.option("companion-sim")
    assert companion is not None
    assert set(companion.plans) == {plan.code for plan in carrier.plans if plan.companion_sim}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    ("case", "minutes", "days"),
    [
        ("new_line_main", 60, 0),
        ("new_line_other", 0, 1),
        ("takeover_subscription", 0, 1),
        ("port_private", 24 * 60, 0),
        ("port_professional", 48 * 60, 0),
        ("request_esim", 60, 0),
        ("convert_prepaid", 0, 2),
        ("departure", 0, 0),
        ("direct_debit", 0, 0),
    ],
)
def test_timing_promises(code: str, case: str, minutes: int, days: int) -> None:
    promise = profile(code).promises[case]
    assert (promise.minutes, promise.working_days) == (minutes, days)


@pytest.mark.parametrize("code", CODES)
def test_changes_are_promised_within_minutes(code: str) -> None:
    promises = profile(code).promises
    assert promises["change_options"].minutes == 15
    assert promises["change_plan"].minutes == promises["change_barrings"].minutes == 5


@pytest.mark.parametrize("code", CODES)
def test_belgian_public_holidays(code: str) -> None:
    expected = set()
    for year in (2026, 2027, 2028):
        fixed = [(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)]
        expected |= {date(year, month, day) for month, day in fixed}
        expected |= {easter(year) + timedelta(days) for days in (1, 39, 50)}
    assert {date.fromisoformat(day) for day in profile(code).holidays} == expected


def changed(folder: Path, old: str, new: str) -> Path:
    text = (BUILT_IN / "mandarine.toml").read_text("utf-8")
    assert old in text
    file = folder / "tangerine.toml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('conflicts = ["data-20gb"]', 'conflicts = ["data-90gb"]', "data-90gb, which is not another option"),
        ('conflicts = ["data-20gb"]', 'conflicts = ["data-5gb"]', "data-5gb, which is not another option"),
        ('conflicts = ["data-20gb"]', "", "data-5gb does not conflict with it"),
        ('plans = ["pro-flex-60", "pro-max"]', 'plans = ["gone"]', "the plan gone, which does not exist"),
        ('plans = ["pro-flex-60", "pro-max"]', 'plans = ["data-pro-10"]', "is not for data_only"),
        ('code = "pro-flex-20"', 'code = "pro-flex-2"', "the plan pro-flex-2 is there 2 times"),
        ('code = "world-3gb"', 'code = "europe-plus"', "the option europe-plus is there 2 times"),
        ('code = "premium-sms"', 'code = "premium-numbers"', "the barring premium-numbers is there 2 times"),
        (', de = "Pro Flex 2 GB"', "", "the name of the plan pro-flex-2 has no words in de"),
        ('nl = "Onbeperkt sms’en"', 'nl = " "', "the name of the option sms-unlimited has no words in nl"),
        ("price_cents = 2479", "price_cents = -1", "price below zero"),
        ("price_cents = 2479", "price_cents = 24.79", "Expected `int`"),
        ('family = "roaming"', 'family = "abroad"', "Invalid enum value 'abroad'"),
        (r"'\d{13}'", "'('", "pattern cannot be used"),
        ("9100000123454", "9100000123455", "does not follow the carrier's own rule"),
        ('"2026-05-14"', '"2026-05-32"', "not a date"),
        ('"MND"', '"mandarine"', "two to four capital letters"),
        ('code = "mandarine"', "code =", "Invalid value"),
        ("held_for = { days = 30 }", "held_for = { days = 0 }", "held for one day or more"),
        ("held_for = { days = 30 }", "held_for = { working_days = -1 }", "held for one day or more"),
    ],
)
def test_a_wrong_profile_is_refused_by_name(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(ProfileError, match=r"^tangerine\.toml: ") as caught:
        read_profile(changed(tmp_path, old, new))
    assert sentence in str(caught.value)


def test_a_request_may_stay_held_for_calendar_or_for_working_days(tmp_path: Path) -> None:
    since = datetime(2026, 12, 21, 23, 30, tzinfo=UTC)  # Tuesday the 22nd in Brussels
    assert hold_deadline(profile("lynx"), since) == datetime(2027, 1, 22, tzinfo=BRUSSELS)
    working = read_profile(changed(tmp_path, "held_for = { days = 30 }", "held_for = { working_days = 5 }"))
    assert hold_deadline(working, since) == datetime(2026, 12, 31, tzinfo=BRUSSELS)


def test_a_deployment_adds_and_replaces_profiles(tmp_path: Path) -> None:
    changed(tmp_path, 'code = "mandarine"', 'code = "tangerine"')
    (tmp_path / "lynx.toml").write_text(
        (BUILT_IN / "lynx.toml").read_text("utf-8").replace("Lynx Telecom", "Lynx Business"), "utf-8"
    )
    profiles = load_profiles(tmp_path)
    assert set(profiles) == {"mandarine", "lynx", "tangerine"}
    assert profiles["lynx"].name == "Lynx Business"
    assert load_profiles()["lynx"].name == "Lynx Telecom"


def test_every_reader_of_a_profile_sees_those_of_the_settings(tmp_path: Path) -> None:
    changed(tmp_path, 'code = "mandarine"', 'code = "tangerine"')
    runtime.use_settings(Settings(database_url="postgresql://nowhere", profiles=tmp_path))
    try:
        assert profile("tangerine").name == profile("mandarine").name
        assert set(known_profiles()) == {"mandarine", "lynx", "tangerine"}
        with pytest.raises(ProfileError):
            runtime.use_settings(Settings(database_url="postgresql://nowhere", profiles=tmp_path / "nowhere"))
        assert profile("tangerine"), "a refused folder changes nothing"
    finally:
        use_folder(None)


def test_one_carrier_is_described_once(tmp_path: Path) -> None:
    changed(tmp_path, "Mandarine Mobile", "Tangerine")
    changed(tmp_path, "Mandarine Mobile", "Tangerine").rename(tmp_path / "orange.toml")
    changed(tmp_path, "Mandarine Mobile", "Tangerine")
    with pytest.raises(ProfileError, match="another file too"):
        load_profiles(tmp_path)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is not a folder"):
        load_profiles(tmp_path / "nowhere")


@pytest.mark.parametrize("code", CODES)
def test_no_name_is_used_twice_within_a_language(code: str) -> None:
    carrier: CarrierProfile = profile(code)
    for language in LANGUAGES:
        names = [plan.name[language] for plan in carrier.plans] + [
            option.name[language] for option in carrier.options
        ]
        assert len(names) == len(set(names))
