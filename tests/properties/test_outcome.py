"""Every sentence about a request against the facts: item states, omissions, decisions, planned days, refused mails."""

import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations_with_replacement, product
from string import Formatter

import msgspec
import pytest

from backend.core.i18n import LANGUAGES
from backend.orders.lifecycle import (
    ITEM_LIFECYCLE,
    ORDER_LIFECYCLE,
    EndReason,
    ItemState,
    OrderFlag,
    OrderState,
    derive_order_state,
)
from backend.orders.outcome import (
    ItemCount,
    LeftOutCount,
    OrderOutcome,
    OutcomeCode,
    OutcomeFacts,
    PartCode,
    WaitsFor,
    is_missing,
    outcome_of,
)
from backend.orders.outcome_texts import TEXTS, OutcomeTexts

O, I, C, P, W = OrderState, ItemState, OutcomeCode, PartCode, WaitsFor  # noqa: E741 - the tables read better
DAY = date(2026, 12, 24)
# Every way in which one line may be: state, reason, who is waited for
LINES = [
    (I.WAITING, "", W.NOBODY),
    (I.SENT, "", W.NOBODY),
    (I.IN_PROGRESS, "", W.NOBODY),
    (I.IN_PROGRESS, "", W.USER),
    # Its user has not got the code: the mail was refused
    (I.IN_PROGRESS, "", W.CUSTOMER),
    (I.DONE, "", W.CUSTOMER),
    (I.HELD, "sim_mismatch", W.CUSTOMER),
    (I.HELD, "contract_under_review", W.OPERATOR),
    (I.DONE, "", W.NOBODY),
    (I.FAILED, "carrier_refused", W.NOBODY),
    (I.CANCELLED, "", W.NOBODY),
    (I.SKIPPED, "already_on", W.NOBODY),
    (I.SKIPPED, "option_conflict", W.NOBODY),
]
UNDELIVERED = [(I.IN_PROGRESS, "", W.CUSTOMER), (I.DONE, "", W.CUSTOMER)]
WISHES = [(), (("option_conflict", 2),), (("option_is_cap", 1),), (("contract_refused", 1),)]
CONTRACTS = [(0, 0), (1, 0), (0, 1)]
MAILS = [0, 2]


def facts_of(
    state: OrderState, lines: Sequence[tuple[ItemState, str, WaitsFor]], wishes: Sequence[tuple[str, int]]
) -> OutcomeFacts:
    """The facts as they are stored for such a request."""
    counts = {line: lines.count(line) for line in dict.fromkeys(lines)}
    skipped = sum(n for (one, why, _), n in counts.items() if one is I.SKIPPED and is_missing(why))
    return OutcomeFacts(
        state=state,
        missing=skipped + sum(n for why, n in wishes if is_missing(why)),
        open_items=sum(n for (one, *_), n in counts.items() if one in ITEM_LIFECYCLE.open),
        items=tuple(
            ItemCount(state=one, reason=why, waits_for=party, items=n)
            for (one, why, party), n in counts.items()
        ),
        left_out=tuple(LeftOutCount(reason=why, wishes=n) for why, n in wishes),
        undelivered=sum(n for line, n in counts.items() if line in UNDELIVERED),
    )


def at_the_carrier() -> Iterator[tuple[OutcomeFacts, int]]:
    """Requests that were sent, in every mixture of three lines; with how many contracts the operator refused."""
    for lines in combinations_with_replacement(LINES, 3):
        counts = {state: sum(one is state for one, *_ in lines) for state in I}
        for accepted, wishes, contracts, mails in product((False, True), WISHES, CONTRACTS, MAILS):
            undecided, refused = contracts
            # Only lines that are done have a contract beside them, and a refused one is a wish left out
            if (undecided or refused) and (not counts[I.DONE] or not accepted):
                continue
            if bool(refused) is not any(why == "contract_refused" for why, _ in wishes):
                continue
            state = derive_order_state(
                O.SUBMITTED, counts, accepted=accepted, undecided=undecided, refused=refused
            )
            facts = msgspec.structs.replace(
                facts_of(state, lines, wishes),
                contracts=undecided if state is O.HELD else 0,
                refused_mails=mails,
            )
            for flag in (
                OrderFlag.NONE,
                OrderFlag.CANCELLING,
                OrderFlag.CANCEL_REFUSED,
                OrderFlag.HOLD_EXPIRED,
            ):
                if flag is OrderFlag.NONE or state not in ORDER_LIFECYCLE.final:
                    yield msgspec.structs.replace(facts, flag=flag), refused


def not_sent() -> Iterator[OutcomeFacts]:
    """Requests before they are sent, and those that were taken back there."""
    waiting = (I.WAITING, "", W.NOBODY)
    skipped = [line for line in LINES if line[0] is I.SKIPPED]
    for others, wishes, mails in product([(), *((line,) for line in skipped)], WISHES, MAILS):
        for state in (O.DRAFT, O.AWAITING_APPROVAL, O.SCHEDULED, O.GRACE):
            facts = msgspec.structs.replace(facts_of(state, [waiting, *others], wishes), refused_mails=mails)
            yield facts
            if state is O.SCHEDULED:
                for flag in (OrderFlag.NONE, OrderFlag.PRICE_CHANGED):
                    yield msgspec.structs.replace(facts, due_on=DAY, flag=flag)
        for reason in EndReason:
            ended = (
                (I.SKIPPED, "already_on", W.NOBODY)
                if reason == "nothing_left"
                else (I.CANCELLED, "", W.NOBODY)
            )
            yield msgspec.structs.replace(
                facts_of(O.CANCELLED, [ended, *others], wishes), end_reason=reason, refused_mails=mails
            )


def every_request() -> Iterator[OutcomeFacts]:
    yield from (facts for facts, _ in at_the_carrier())
    yield from not_sent()


def n_items(facts: OutcomeFacts, *states: ItemState) -> int:
    return sum(one.items for one in facts.items if one.state in states)


def n_waiting(facts: OutcomeFacts) -> int:
    """Open items that wait for somebody."""
    return sum(one.items for one in facts.items if one.waits_for and one.state in ITEM_LIFECYCLE.open)


def n_parts(outcome: OrderOutcome, *codes: PartCode) -> int:
    return sum(part.count for part in outcome.parts if part.code in codes)


NOTHING_DONE = {C.FAILED, C.REFUSED, C.UNDONE, C.CANCELLED, C.NOTHING_LEFT}


def test_all_done_is_said_of_all_that_was_asked_and_of_nothing_else() -> None:
    seen = set()
    for facts in every_request():
        outcome = outcome_of(facts)
        seen.add(outcome.code)
        everything = (
            not facts.open_items
            and n_items(facts, I.DONE) > 0
            and not n_items(facts, I.FAILED, I.CANCELLED)
            and not any(one.state is I.SKIPPED and is_missing(one.reason) for one in facts.items)
            and not any(is_missing(one.reason) for one in facts.left_out)
            and not facts.contracts
        )
        assert outcome.complete is (everything and not facts.undelivered), facts
        told = not facts.undelivered and not facts.refused_mails
        assert (outcome.code is C.DONE) is (everything and told), facts
        assert (outcome.code is C.NOT_DELIVERED) is (everything and not told), facts
    assert seen == set(C)


def test_nothing_has_changed_is_said_where_no_line_changed_and_none_may() -> None:
    for facts in every_request():
        code = outcome_of(facts).code
        if code in NOTHING_DONE:
            assert not n_items(facts, I.DONE, I.SENT, I.IN_PROGRESS, I.HELD, I.WAITING), facts
        if code in {C.DONE, C.NOT_DELIVERED, C.DONE_EXCEPT, C.PARTIAL}:
            assert n_items(facts, I.DONE), facts
            assert not facts.open_items, facts
        if code is C.DONE_EXCEPT:
            assert outcome_of(facts).missing, facts
            assert not n_items(facts, I.FAILED, I.CANCELLED), facts
        if code is C.PARTIAL:
            refused = any(one.reason == "contract_refused" for one in facts.left_out)
            assert n_items(facts, I.FAILED, I.CANCELLED) or refused, facts


def test_who_is_waited_for_has_something_to_do() -> None:
    for facts in every_request():
        outcome = outcome_of(facts)
        parties = {one.waits_for for one in facts.items if one.waits_for}
        if facts.contracts:
            parties.add(W.OPERATOR)
        if outcome.waits_for is W.APPROVER:
            assert facts.state is O.AWAITING_APPROVAL
        elif outcome.code is C.PRICE_CHANGED:
            assert outcome.waits_for is W.CUSTOMER
        elif outcome.waits_for:
            assert outcome.waits_for in parties, facts
        # A mail that did not arrive has to be sent again, also once all else has ended
        if facts.undelivered and outcome.code not in {C.CANCELLING, C.EXPIRED}:
            assert outcome.waits_for is W.CUSTOMER, facts
        # Information is missing only where the customer owes some
        if outcome.code is C.WAITS and outcome.waits_for is W.CUSTOMER:
            assert any(one.waits_for is W.CUSTOMER for one in facts.items), facts
        if outcome.code is C.WAITS and facts.state is not O.AWAITING_APPROVAL:
            assert n_waiting(facts) == facts.open_items, facts
        if outcome.code is C.UNDER_WAY:
            assert facts.open_items > n_waiting(facts), facts


def test_every_fact_is_a_part_with_its_count_and_no_part_is_made_up() -> None:
    for facts in every_request():
        outcome = outcome_of(facts)
        lines = list(facts.items)
        # A line whose contract is looked at waits: it is not done as well
        assert n_parts(outcome, P.DONE) == max(n_items(facts, I.DONE) - facts.contracts, 0)
        assert n_parts(outcome, P.FAILED) == n_items(facts, I.FAILED)
        assert n_parts(outcome, P.CANCELLED) == n_items(facts, I.CANCELLED)
        assert n_parts(outcome, P.NOT_KNOWN) == n_items(facts, I.SENT)
        assert n_parts(outcome, P.TO_SEND) == n_items(facts, I.WAITING)
        assert n_parts(outcome, P.SKIPPED, P.ALREADY) == n_items(facts, I.SKIPPED)
        assert n_parts(outcome, P.SKIPPED, P.LEFT_OUT) == facts.missing == outcome.missing
        assert n_parts(outcome, P.WAITS) == n_waiting(facts) + facts.contracts
        assert n_parts(outcome, P.UNDELIVERED) == facts.undelivered == outcome.undelivered
        assert n_parts(outcome, P.UNDER_WAY) == n_items(facts, I.IN_PROGRESS) - sum(
            one.items for one in lines if one.state is I.IN_PROGRESS and one.waits_for
        )
        assert n_parts(outcome, P.MAIL_REFUSED) == facts.refused_mails
        refused_to_cancel = facts.flag is OrderFlag.CANCEL_REFUSED
        assert n_parts(outcome, P.CANCEL_REFUSED) == refused_to_cancel
        assert all(part.count > 0 for part in outcome.parts)
        reasons = {one.reason for one in facts.items} | {one.reason for one in facts.left_out}
        assert {part.reason for part in outcome.parts} <= {*reasons, "", "contract_under_review"}


def test_a_list_says_the_same_as_the_page() -> None:
    """A list reads the lines that wait and the stored count of what is missing: that decides as much."""
    for facts in every_request():
        listed = msgspec.structs.replace(
            facts,
            items=tuple(one for one in facts.items if one.state in ITEM_LIFECYCLE.open),
            left_out=(),
            contracts=0,
        )
        if facts.state not in {O.IN_PROGRESS, O.HELD}:
            listed = msgspec.structs.replace(listed, items=(), open_items=0)
        page, row = outcome_of(facts), outcome_of(listed)
        assert (page.code, page.complete, page.missing, page.day) == (
            row.code,
            row.complete,
            row.missing,
            row.day,
        ), facts
        if facts.state is not O.SUBMITTED:
            assert page.waits_for == row.waits_for, facts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_has_its_sentences_and_they_count(language: str) -> None:
    texts = OutcomeTexts(language, lambda part: f"because {part.reason}" if part.reason else "")
    written: dict[OutcomeCode, set[str]] = {}
    for outcome in {outcome_of(facts) for facts in every_request()}:
        assert texts.short(outcome)
        assert texts.title(outcome)
        lead = texts.lead(outcome)
        assert lead[0].isupper()
        assert texts.lead(outcome, greeted=True)[1:] == lead[1:]
        if outcome.code is C.PLANNED and outcome.day:
            assert "24/12/2026" in lead
        written.setdefault(outcome.code, set()).add(lead)
        for part in outcome.parts:
            sentence = texts.part(part)
            if part.code is not P.CANCEL_REFUSED:
                assert str(part.count) in sentence
            if part.reason:
                assert sentence.endswith(f"because {part.reason}")
    # "Everything you asked for" is said of nothing that is not complete
    [everything] = written[C.DONE]
    others = set().union(*(leads for code, leads in written.items() if code is not C.DONE))
    assert everything not in others


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_with_the_same_blanks(language: str) -> None:
    texts = tomllib.loads(TEXTS.read_text("utf-8"))
    assert set(texts) == set(LANGUAGES)
    assert set(texts[language]) == set(texts["en"])
    for key, sentence in texts[language].items():
        blanks = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        assert blanks == {name for _, name, _, _ in Formatter().parse(texts["en"][key]) if name}, key
