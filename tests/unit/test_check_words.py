"""Check answers say what is so, once: no costs of nothing, no cost that is a credit, one day, no zone of a zone."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from backend.catalog.catalogue import Catalogue
from backend.catalog.pricing import Price
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.i18n import LANGUAGES
from backend.orders.kinds.depart import DEPART, Depart
from backend.orders.lifecycle import OrderState
from backend.orders.texts import KindTexts
from frontend.i18n import Translator
from frontend.pages.request.page import about_order
from frontend.pages.review.costs import costs
from frontend.pages.review.page import cost_title
from frontend.pages.review.request import answers

DAY = date(2026, 12, 5)


def page_in(language: str) -> Any:
    return SimpleNamespace(
        text=Translator(language),
        profile=SimpleNamespace(carrier="mandarine"),
        actor=SimpleNamespace(email="sofie@delta.example"),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_costs_of_nothing_are_left_out(language: str) -> None:
    page = page_in(language)
    for one_off in (0, 500):
        price = Price(monthly_difference=100, pro_rata=50, one_off=one_off, total=50 + one_off, from_day=DAY)
        preview: Any = SimpleNamespace(kind="change_options", price=price)
        assert (page.text("One-off costs") in str(costs(page, preview))) is bool(one_off)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_credit_is_not_called_a_cost(language: str) -> None:
    text = Translator(language)
    titles = [cost_title(text, SimpleNamespace(price=Price(total=total))) for total in (-6967, 0, 100)]  # type: ignore[arg-type]
    assert titles == [text("What changes on your invoice"), text("What it costs"), text("What it costs")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_day_of_a_departure_stands_once(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 11, 30))
    texts, page = KindTexts(Catalogue(profile("mandarine"), language), "depart"), page_in(language)
    asked = DEPART.summary(texts, Depart(on=DAY))
    preview: Any = SimpleNamespace(kind="depart", asked=asked, on=DAY, changing=1)
    assert str(answers(page, preview, "/app/drafts/x")).count("['05/12/2026']") == 1
    order: Any = SimpleNamespace(
        kind="depart",
        asked=asked,
        due_on=DAY,
        state=OrderState.SCHEDULED,
        price=Price(),
        requested_by="",
        requested_at=clock.now(),
        promise=SimpleNamespace(code="", due_at=None),
        ended_at=None,
        mailed_at=None,
        requested_by_email="",
    )
    assert str(about_order(page, order)).count("['05/12/2026']") == 1


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
def test_a_zone_is_not_called_a_zone_twice(carrier: str) -> None:
    for option in profile(carrier).options:
        for language in option.zone or ():
            shown = Translator(language)("Zone: {zone}", zone=option.zone[language]).lower()
            assert not shown.startswith(("zone: zone", "zone\u00a0: zone", "zone: world zone")), option.code
