"""The past of a line, worked out from what it is now and the requests that were done on it. Pure.

From the latest request back to the first: what a request changed is taken back. Between the day that a request was asked
for and the day that it was carried out either side may be charged: such days are possible, not certain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import msgspec

from backend.billing.proof.schemas import LineChange, LineFact
from backend.lines.lifecycle import LEFT

DAY = timedelta(days=1)
# A line that has not ended
NO_END = date(9999, 1, 1)
BEGINS = frozenset({"add_line", "port_in"})
ENDS = frozenset({"terminate", "convert_to_prepaid", "depart"})
# Kinds of requests that change what a line is charged
CHARGED_KINDS = sorted({"change_plan", "change_options", "split_billing", "move_account", *BEGINS, *ENDS})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which nothing of a line changed. First and last days are certain; `early` and `late` are possible.

    `begun_by`, `ended_by`: references of the requests at its ends; "" for none. `sure`: whether plan and options are
    known; not so where somebody changed them elsewhere.
    """

    first: date
    early: date
    last: date
    late: date
    plan: str
    options: frozenset[str]
    split_profile: str
    account: str
    begun_by: str = ""
    ended_by: str = ""
    sure: bool = True

    def has(self, code: str) -> bool:
        """Whether the line has this plan or option."""
        return code == self.plan or code in self.options


@dataclass(frozen=True, slots=True)
class Span:
    """Days on which a line has a plan or an option without a break."""

    first: date
    early: date
    last: date
    late: date
    begun_by: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class History:
    """The stretches of a number, the oldest first, and the requests done on it. `known_on`: see `LineFact`."""

    stretches: tuple[Stretch, ...]
    changes: tuple[LineChange, ...]
    known_on: date
    cache: dict[str, tuple[Span, ...]] = field(default_factory=dict)

    def spans(self, code: str) -> tuple[Span, ...]:
        """The days with a plan or an option."""
        if code not in self.cache:
            self.cache[code] = tuple(_spans(self.stretches, code))
        return self.cache[code]

    def during(self, first: date, last: date) -> list[Stretch]:
        """The stretches that may be in force on some day of a period."""
        return [one for one in self.stretches if one.early <= last and one.late >= first]


def _spans(stretches: Sequence[Stretch], code: str) -> Iterable[Span]:
    begun: Stretch | None = None
    before: Stretch | None = None
    for one in stretches:
        if not one.has(code):
            if begun is not None and before is not None:
                yield _span(begun, before)
            begun = None
        elif begun is None:
            begun = one
        elif before is not None and one.early > before.late + DAY:
            # Another line had the number in between
            yield _span(begun, before)
            begun = one
        before = one
    if begun is not None and before is not None:
        yield _span(begun, before)


def _span(begun: Stretch, ended: Stretch) -> Span:
    return Span(begun.first, begun.early, ended.last, ended.late, begun.begun_by, ended.ended_by)


def history_of(
    lines: Sequence[tuple[LineFact, date, Sequence[LineChange]]], once: frozenset[str] = frozenset()
) -> History:
    """The past of a number: its lines, each with the day since which it is known here, and the requests done on it.

    `once`: options that are charged once, which a line may keep or not.
    """
    stretches: list[Stretch] = []
    known = date.min
    for line, seen_on, changes in lines:
        begun_here = any(one.kind in BEGINS for one in changes)
        known = max(known, (line.activated_on or seen_on) if begun_here else seen_on)
        stretches += _stretches(line, changes, once)
    stretches.sort(key=lambda one: (one.first, one.last))
    everything = tuple(change for _, _, changes in lines for change in changes)
    return History(tuple(stretches), everything, known)


@dataclass(slots=True)
class _State:
    plan: str
    options: frozenset[str]
    split_profile: str
    account: str


def _end_of(line: LineFact, changes: Sequence[LineChange]) -> tuple[date, date, str]:
    """The last day that is certain, the last that is possible, and the request that ended it."""
    if line.status not in LEFT:
        return NO_END, NO_END, ""
    for one in reversed(changes):
        if one.kind in ENDS:
            day = _day_of(one)
            return min(day, one.done_on) - DAY, max(day, one.done_on) - DAY, one.reference
    return (line.gone_on, line.gone_on, "") if line.gone_on else (NO_END, NO_END, "")


def _day_of(change: LineChange) -> date:
    said = _read(change).get("day")
    return date.fromisoformat(said) if isinstance(said, str) and said else change.asked_on


def _read(change: LineChange) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(change.change)
    return found


def _stretches(line: LineFact, changes: Sequence[LineChange], once: frozenset[str]) -> list[Stretch]:
    """The stretches of one line, the latest first."""
    ordered = sorted(changes, key=lambda one: (one.done_on, one.asked_on, one.reference))
    state = _State(line.plan, frozenset(line.options), line.split_profile, line.account)
    last, late, ended_by = _end_of(line, ordered)
    found: list[Stretch] = []
    for one in reversed(ordered):
        if one.kind in ENDS or one.kind in BEGINS:
            continue
        sure = _agrees(one, state, once)
        early, first = min(one.asked_on, one.done_on), one.done_on
        found.append(
            Stretch(
                first,
                early,
                last,
                late,
                state.plan,
                state.options,
                state.split_profile,
                state.account,
                one.reference,
                ended_by,
                sure,
            )
        )
        last, late, ended_by = early - DAY, first - DAY, one.reference
        _take_back(one, state)
    begun = line.activated_on or date.min
    began_with = next((one.reference for one in ordered if one.kind in BEGINS), "")
    found.append(
        Stretch(
            begun,
            begun,
            last,
            late,
            state.plan,
            state.options,
            state.split_profile,
            state.account,
            began_with,
            ended_by,
        )
    )
    return found


def _agrees(one: LineChange, state: _State, once: frozenset[str]) -> bool:
    """Whether the line still was afterwards what the request made of it."""
    change = _read(one)
    if one.kind == "change_plan":
        return bool(change.get("plan") == state.plan)
    if one.kind == "change_options":
        kept = set(change.get("add", [])) - once <= state.options
        return kept and not (set(change.get("remove", [])) & state.options)
    return True


def _take_back(one: LineChange, state: _State) -> None:
    change = _read(one)
    if one.kind == "change_plan":
        state.plan = change.get("before", "")
        state.options |= frozenset(change.get("remove", []))
    elif one.kind == "change_options":
        state.options = (state.options - frozenset(change.get("add", []))) | frozenset(
            change.get("remove", [])
        )
    elif one.kind == "split_billing":
        state.split_profile = change.get("before", "")
    elif one.kind == "move_account":
        state.account = change.get("before", "")
