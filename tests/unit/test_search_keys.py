"""Names and numbers as people type them, and how names sort."""

import pytest

from backend.lines.search_keys import name_key, search_patterns, search_text

LINES = {
    "Cœur, Anne": "coeur",
    "Lætitia": "laetitia",
    "Łukasik, Jan": "lukasik",
    "Sørensen, Bo": "sorensen",
    "Đặng, Linh": "dang",
    "Işık, Can": "isik",
    "Müller, Zoé": "muller zoe",
    "Groß, Uwe": "gross",
    "d'Hondt, Tine": "hondt",
}


def found(typed: str, *, name: str = "", msisdn: str = "+32470100043") -> bool:
    """Whether every pattern of a search is in the text of a line."""
    text = search_text(name=name, msisdn=msisdn, sim_number="8932000000000000001", account="6012480-01")
    patterns = search_patterns(typed)
    return bool(patterns) and all(pattern.strip("%").replace("\\", "") in text for pattern in patterns)


@pytest.mark.parametrize(("name", "typed"), LINES.items())
def test_letters_are_found_as_they_are_typed_without_them(name: str, typed: str) -> None:
    assert found(typed, name=name)
    assert found(name, name=name)
    assert found(name.upper(), name=name)


@pytest.mark.parametrize(
    "typed",
    [
        "+32 (0)470 10 00 43", "+32(0)470100043", "0032 (0)470/10.00.43", "0470 10 00 43", "+32470100043",
        "0470-10-00-43", "\uff10\uff14\uff17\uff10\uff11\uff10\uff10\uff10\uff14\uff13", "100043", "00043",
    ],
)  # fmt: skip
def test_a_number_is_found_in_every_usual_form(typed: str) -> None:
    assert found(typed)
    assert not found(typed, msisdn="+32485223366")


@pytest.mark.parametrize("typed", ["", "  ", "12", "N/A", "zz", "---", "\u674e", "+", "( )", "_%_"])
def test_what_narrows_nothing_has_no_pattern(typed: str) -> None:
    assert search_patterns(typed) == []


def test_names_sort_where_people_expect_them() -> None:
    names = ["Zeller", "Øster", "Oster", "Łukasik", "Lukas", "Éloi", "Eloy", "Æbelø", "Adam"]
    assert sorted(names, key=name_key) == [
        "Adam", "Æbelø", "Éloi", "Eloy", "Lukas", "Łukasik", "Øster", "Oster", "Zeller",
    ]  # fmt: skip
