from datetime import UTC, datetime
from typing import cast

import pytest

from backend.catalog.lead_times import expected_completion
from backend.catalog.pricing import BillingMonth
from backend.catalog.profiles import load_profiles
from backend.catalog.schemas import LeadTime
from backend.core import clock
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import QuoteContext, Texts, no_promise

HOLIDAYS = load_profiles()["mandarine"].holidays


def test_minutes_count_from_the_submission() -> None:
    at = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    found = expected_completion(LeadTime(code="minutes", name={}, minutes=15), at, HOLIDAYS)
    assert found.due_at == datetime(2026, 11, 20, 13, 20, tzinfo=UTC)


def test_working_days_skip_weekends_and_public_holidays() -> None:
    friday_evening = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # Friday in Brussels too
    monday = expected_completion(LeadTime(code="day", name={}, working_days=1), friday_evening, HOLIDAYS)
    assert monday.due_at == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # midnight in Brussels
    before_christmas = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
    after = expected_completion(LeadTime(code="day", name={}, working_days=1), before_christmas, HOLIDAYS)
    assert after.due_at == datetime(2026, 12, 28, 23, 0, tzinfo=UTC)


def test_no_promise_is_said_as_such() -> None:
    assert expected_completion(None, datetime(2026, 1, 1, tzinfo=UTC), ()).due_at is None


def test_what_is_promised_for_a_day_is_promised_until_it_is_over() -> None:
    begins = datetime(2026, 11, 26, 23, 0, tzinfo=UTC)  # the 27th in Brussels, a Friday
    found = expected_completion(LeadTime(code="chosen_date", name={}), begins, HOLIDAYS)
    assert found.due_at == datetime(2026, 11, 27, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_has_its_promise_or_says_that_there_is_none(code: str, carrier: str) -> None:
    kind, profile = KINDS[code], load_profiles()[carrier]
    if kind.expected_completion is no_promise or not kind.in_portal(profile):
        return
    day = clock.today()
    context = QuoteContext(profile, clock.now(), day, BillingMonth.of(day), cast("Texts", None))
    key = kind.expected_completion(context, kind.request()) if kind.expected_completion else code
    assert key in profile.promises, (
        f"write [promises.{key}] in catalog/profiles/{carrier}.toml, or no_promise"
    )
