"""The chart of usage: its axis holds every bar, every figure stands in it and in its table, and what is not known is no zero."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactpy import html

from backend.core import clock
from backend.core.i18n import LANGUAGES
from backend.usage.lifecycle import month_before, period_of
from backend.usage.schemas import Cap, CapState, Grouping, Measure, MonthUse
from frontend.components.usage.chart import STEPS, Bar, bar_chart, step_of
from frontend.components.usage.meters import cap_meter, provisional
from frontend.components.usage.months import filled, months_chart
from frontend.html import to_html
from frontend.i18n import translator_for
from frontend.pages.usage.view import UsageView


def month(period: date, data: int = 0, cents: int = 0) -> MonthUse:
    return MonthUse(period, data, 0, 0, cents)


@given(st.floats(min_value=0.001, max_value=1e12))
def test_four_steps_of_the_axis_hold_the_highest_bar_and_not_much_more(most: float) -> None:
    step = step_of(most)
    assert most <= step * STEPS * (1 + 1e-9)
    assert step * STEPS <= most * 2.51


def test_an_axis_of_nothing_still_counts() -> None:
    assert step_of(0) == 1


def test_a_month_of_which_nothing_is_known_is_a_gap_and_no_zero() -> None:
    now = date(2026, 11, 1)
    shown = list(filled([month(date(2026, 8, 1), 5), month(date(2026, 10, 1), 7)], now))
    assert [(period.month, use and use.data_bytes) for period, use in shown] == [
        (8, 5),
        (9, None),
        (10, 7),
        (11, None),
    ]
    assert [period for period, _ in filled([], now)] == [now]
    assert len(list(filled([month(month_before(now, 30), 1), month(now, 1)], now))) == 12


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("measure", Measure)
def test_every_figure_stands_on_its_bar_and_in_the_table(language: str, measure: Measure) -> None:
    text, now = translator_for(language), period_of(clock.now())
    months = [
        MonthUse(month_before(now, back), 10**9 * (back + 1), 60 * (back + 1), back + 1, 100 * (back + 1))
        for back in (3, 2, 0)
    ]
    drawn = to_html(months_chart(text, "m", months, now, measure))
    chart, table = drawn.split("<details")
    for figure in ("4", "3", "1", "–"):
        assert f">{figure}</text>" in chart
    assert 'role="img"' in chart
    assert 'aria-labelledby="m-title"' in chart
    assert '<title id="m-title">' in chart
    assert chart.count("bar-open") == 1, "the running month"
    assert table.count("<tr") == 5
    assert text("not known") in table
    assert text.money(400) in table


def test_what_is_written_into_a_chart_is_no_markup() -> None:
    drawn = to_html(bar_chart(translator_for("en"), "x", "<b>title", "<i>unit", [Bar("<u>", 1)], html.p("t")))
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "<u>" not in drawn


def test_a_cap_of_nothing_is_no_full_bar() -> None:
    text = translator_for("fr")
    for left in (True, False):
        drawn = to_html(cap_meter(text, Cap(cap_cents=0, spent_cents=0, state=CapState.BLOCKED), left=left))
        assert "0,00" not in drawn
        assert "meter-attention" not in drawn
        assert "meter-fill" not in drawn
        assert "pill-lost" not in drawn
    drawn = to_html(cap_meter(text, Cap(cap_cents=5000, spent_cents=1230, state=CapState.BELOW), left=True))
    assert "37,70" in drawn.split("meter-foot")[0]
    assert "12,30" in drawn.split("meter-foot")[1]


def test_nothing_that_came_in_is_not_nothing_used() -> None:
    text = translator_for("fr")
    assert "pas connu" in to_html(provisional(text, None))
    assert "Situation au" in to_html(provisional(text, clock.now()))


@pytest.mark.parametrize(
    "query",
    ["", "?by=nonsense&measure=x&month=2026-13", "?group=%00", "?month=2026-11&by=plan&measure=cost&group="],
)
def test_an_address_leads_back_to_itself(query: str) -> None:
    view = UsageView.read(query)
    assert UsageView.read(view.address().partition("?")[2]) == view
    assert view.of("a&b=c").group == UsageView.read(view.of("a&b=c").address().partition("?")[2]).group
    assert view.by(Grouping.SERVICE).group is None
