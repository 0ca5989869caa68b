"""The fleet page's address: read, written, and never trusted."""

from hypothesis import given
from hypothesis import strategies as st

from backend.lines.schemas import LineFilter, Sort
from backend.lines.search_keys import search_patterns
from frontend.components.lines.fleet_view import KEYS, View, read_view

words = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text)
values = st.lists(words, max_size=3, unique=True).map(tuple)
views = st.builds(
    View,
    st.builds(
        LineFilter,
        search=st.one_of(st.just(""), words.filter(search_patterns)),
        **dict.fromkeys(KEYS, values),
    ),
    st.sampled_from(Sort),
    st.booleans(),
    st.integers(min_value=1, max_value=10_000),
)


@given(views)
def test_an_address_brings_back_its_view(view: View) -> None:
    assert read_view(view.address().partition("?")[2]) == view


@given(st.text(max_size=60))
def test_any_address_opens(query: str) -> None:
    assert read_view(query).page >= 1


def test_a_plain_list_has_a_plain_address() -> None:
    assert View().address() == "/app/fleet"
    assert read_view("?sort=nonsense&page=-3&status=active&status=active") == View(
        LineFilter(status=("active",))
    )


def test_sorting_again_turns_the_order_and_goes_to_the_first_page() -> None:
    third = View(page=3)
    assert third.sorted_by(Sort.NAME) == View(descending=True)
    assert third.sorted_by(Sort.STATUS) == View(sort=Sort.STATUS)


def test_the_key_of_a_selection_ignores_order_and_page() -> None:
    view = View(LineFilter(search="peeters"))
    assert view.key == view.at(4).sorted_by(Sort.PLAN).key
    assert view.key != view.without("search").key
