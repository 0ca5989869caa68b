"""When a step is due, and in whose words."""

import itertools
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from backend.billing.reminders import words
from backend.billing.reminders.rules import next_step

DUE = date(2026, 3, 1)
DAYS = (7, 21, 35)


def steps(days: tuple[int, ...], looked: list[int]) -> dict[int, int]:
    """The steps that are sent where somebody looks on these days after the due date."""
    last_step, last_on, sent = 0, None, {}
    for day in looked:
        today = DUE + timedelta(days=day)
        step = next_step(days, DUE, today, last_step=last_step, last_on=last_on)
        if step is not None:
            sent[day], last_step, last_on = step, step, today
    return sent


def test_each_step_comes_on_its_day_and_once() -> None:
    assert steps(DAYS, list(range(120))) == {7: 1, 21: 2, 35: 3}
    assert steps((), list(range(120))) == {}
    assert steps((1,), list(range(120))) == {1: 1}


def test_late_steps_keep_their_distance() -> None:
    assert steps(DAYS, [30, 31, 43, 44, 45, 57, 58]) == {30: 1, 44: 2, 58: 3}


@pytest.mark.parametrize(
    "days", [*itertools.combinations((1, 2, 5, 9), 3), *itertools.combinations((3, 8), 2)]
)
def test_whoever_looks_every_day_sends_all_steps_in_their_order(days: tuple[int, ...]) -> None:
    assert list(steps(days, list(range(60))).items()) == [(day, at + 1) for at, day in enumerate(days)]


def test_the_operators_own_words_take_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SimpleNamespace(reminder_texts={"fr": {"step_1_title": "Payez {amount}"}})
    monkeypatch.setattr(words, "clients", lambda: SimpleNamespace(settings=settings))
    assert words.ReminderTexts("fr").text("step_1_title", amount="1 €", account="x") == "Payez 1 €"
    assert words.ReminderTexts("fr").text("step_2_title", amount="1 €").startswith("Deuxième rappel")
    assert words.ReminderTexts("nl").text("step_1_title", amount="1 €") == "Herinnering: 1 € te betalen"
