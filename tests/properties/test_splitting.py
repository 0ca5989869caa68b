"""Split billing loses no cent and gives none twice, whatever the profile and the charges."""

from hypothesis import given
from hypothesis import strategies as st

from backend.catalog.profiles import load_profiles
from backend.catalog.schemas import ChargeCategory, SplitKind, SplitProfile, SplitRule, UsageType
from backend.catalog.splitting import SplitCharge, rule_words, split, split_amount
from backend.core.i18n import LANGUAGES

CENTS = st.integers(0, 1_000_000)
RULES = st.one_of(
    st.builds(lambda c: SplitRule(kind=SplitKind.FIXED, cents=c), CENTS),
    st.builds(
        lambda p, m: SplitRule(kind=SplitKind.PERCENTAGE, percent=p, max_cents=m),
        st.integers(1, 100),
        st.none() | CENTS,
    ),
    st.builds(
        lambda c, w: SplitRule(kind=SplitKind.CATEGORY_AMOUNT, cents=c, category=w),
        CENTS,
        st.sampled_from(ChargeCategory),
    ),
    st.builds(
        lambda c, w: SplitRule(kind=SplitKind.USAGE_AMOUNT, cents=c, usage_type=w),
        CENTS,
        st.sampled_from(UsageType),
    ),
)
PROFILES = st.builds(
    lambda rules, own, never: SplitProfile(
        code="x", name={}, rules=tuple(rules), employee_pays=tuple(own), exceptions=tuple(never)
    ),
    st.lists(RULES, min_size=1, max_size=4),
    st.lists(st.sampled_from(ChargeCategory), max_size=2, unique=True),
    st.lists(st.sampled_from(UsageType), max_size=2, unique=True),
)
CHARGES = st.lists(
    st.builds(
        lambda c, g, u: SplitCharge(cents=c, category=g, usage_type=u),
        CENTS,
        st.sampled_from(ChargeCategory),
        st.none() | st.sampled_from(UsageType),
    ),
    max_size=12,
)
BUILT_IN = [one for profile in load_profiles().values() for one in profile.split_profiles]


@given(PROFILES, CHARGES)
def test_the_parts_are_the_whole_and_neither_is_below_nothing(
    profile: SplitProfile, charges: list[SplitCharge]
) -> None:
    parts = split(profile, charges)
    for part, charge in zip(parts, charges, strict=True):
        assert part.employer_cents + part.employee_cents == charge.cents
        assert part.employer_cents >= 0
        assert part.employee_cents >= 0
        if charge.category in profile.employee_pays or charge.usage_type in profile.exceptions:
            assert part.employer_cents == 0


@given(PROFILES, CHARGES)
def test_the_employer_never_pays_more_than_the_rules_promise(
    profile: SplitProfile, charges: list[SplitCharge]
) -> None:
    if any(rule.kind is SplitKind.PERCENTAGE and rule.max_cents is None for rule in profile.rules):
        return
    most = sum(
        rule.max_cents or 0 if rule.kind is SplitKind.PERCENTAGE else rule.cents for rule in profile.rules
    )
    assert sum(part.employer_cents for part in split(profile, charges)) <= most


@given(CENTS, CENTS)
def test_what_is_left_of_a_contribution_does_not_roll_over(first: int, second: int) -> None:
    profile = SplitProfile(code="x", name={}, rules=(SplitRule(kind=SplitKind.FIXED, cents=2000),))
    for cents in (first, second):
        assert split_amount(profile, cents).employer_cents == min(cents, 2000)


def test_an_executive_profile_of_twenty_euros_leaves_third_party_services_to_the_employee() -> None:
    profile = next(one for one in BUILT_IN if one.code == "executive-20")
    parts = split(
        profile,
        [
            SplitCharge(cents=500, category=ChargeCategory.OTHER, usage_type=UsageType.PREMIUM),
            SplitCharge(cents=1500, category=ChargeCategory.FEES),
            SplitCharge(cents=900, category=ChargeCategory.DATA, usage_type=UsageType.DATA),
        ],
    )
    assert [part.employer_cents for part in parts] == [0, 1500, 500]


def test_a_percentage_is_rounded_once_and_ends_at_its_maximum() -> None:
    profile = SplitProfile(
        code="x", name={}, rules=(SplitRule(kind=SplitKind.PERCENTAGE, percent=50, max_cents=1000),)
    )
    three = [SplitCharge(cents=1, category=ChargeCategory.FEES)] * 3
    assert sum(part.employer_cents for part in split(profile, three)) == 2
    assert split_amount(profile, 10_000).employer_cents == 1000


def test_every_built_in_profile_is_said_in_every_language() -> None:
    assert len(BUILT_IN) == 6
    for profile in BUILT_IN:
        said = {language: rule_words(profile, language) for language in LANGUAGES}
        assert all(len(texts) == len(said["en"]) >= 2 for texts in said.values())
        assert len({words[-1] for words in said.values()}) == 4
    assert "20,00\xa0€" in rule_words(BUILT_IN[0], "fr")[0] or "20,00" in rule_words(BUILT_IN[0], "fr")[0]
