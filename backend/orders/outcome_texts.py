"""The outcome of a request in one language: a word for lists, title and sentence for pages and mails, its parts. Pure."""

from collections.abc import Callable, Mapping
from pathlib import Path

from backend.catalog.identifiers import format_msisdn
from backend.core.i18n import FileTexts
from backend.orders.lifecycle import ItemState
from backend.orders.outcome import OrderOutcome, OutcomeCode, OutcomePart, PartCode, WaitsFor, is_missing

# The codes whose texts differ where the code or the link has not arrived
UNDELIVERED = frozenset(
    {OutcomeCode.PLANNED, OutcomeCode.UNDER_WAY, OutcomeCode.WAITS, OutcomeCode.NOT_DELIVERED}
)
TEXTS = Path(__file__).with_suffix(".toml")


# Where one line failed, it is named
FAILURES = frozenset({OutcomeCode.FAILED, OutcomeCode.REFUSED})


class OutcomeTexts:
    """The texts of outcomes in one language.

    `why`: the sentence of a part's reason, by the request's kind. `own`: the kind's own words for a key, where it has
    some. `here`: nobody but the portal carries the request out, so that no operator is named.
    """

    def __init__(
        self,
        language: str,
        why: Callable[[OutcomePart], str] | None = None,
        own: Mapping[str, str] | None = None,
        *,
        here: bool = False,
    ) -> None:
        self._texts = FileTexts(TEXTS, language)
        self._why = why
        self._own = own or {}
        self._here = here

    def short(self, outcome: OrderOutcome) -> str:
        """A word or two for a list."""
        return self._texts.text(self._here_key(f"short_{_key(outcome)}"))

    def title(self, outcome: OrderOutcome) -> str:
        """The heading of a page or a mail."""
        return self._texts.text(self._here_key(f"title_{_key(outcome)}"))

    def lead(self, outcome: OrderOutcome, *, msisdn: str = "", greeted: bool = False) -> str:
        """The sentence below the title. After a greeting it begins with a small letter.

        `msisdn`: the number of a request of one line, where it is known; a failure names it.
        """
        day = f"{outcome.day:%d/%m/%Y}" if outcome.day else ""
        key = self._here_key(f"lead_{_key(outcome)}")
        if msisdn and outcome.code in FAILURES:
            key = f"{key}_one"
        words = self._own.get(key) or self._texts.all()[key]
        sentence = words.format(day=day, number=format_msisdn(msisdn))
        return sentence if greeted else sentence[:1].upper() + sentence[1:]

    def _here_key(self, key: str) -> str:
        """The key of what the portal does by itself, where there is one; else the key as it is."""
        here = f"{key}_here"
        return here if self._here and here in self._texts.all() else key

    def part(self, part: OutcomePart) -> str:
        """One part with its count, and its reason where it has one."""
        key = f"part_{part.code}"
        if part.code is PartCode.WAITS:
            key = f"{key}_{part.waits_for}"
        key = self._here_key(key)
        what = self._texts.text(f"{key}_one" if part.count == 1 else key, count=part.count)
        why = self._why(part).rstrip(".") if self._why else ""
        return self.with_reason(what, why) if why else what

    def with_reason(self, what: str, why: str) -> str:
        """What is so, and why."""
        return self._texts.text("with_reason", what=what, why=why)

    def item(
        self,
        state: ItemState,
        reason: str,
        waits_for: WaitsFor,
        *,
        left_out: bool = False,
        undelivered: bool = False,
    ) -> str:
        """How one line is, in a word or two.

        `left_out`: something that was asked is not done on it. `undelivered`: its user has not got the code or the link.
        """
        if undelivered:
            return self._texts.text("item_undelivered")
        if waits_for:
            return self._texts.text(f"short_waits_{waits_for}")
        if state is ItemState.SKIPPED and not is_missing(reason):
            return self._texts.text("item_already")
        if state is ItemState.DONE and left_out:
            return self._texts.text("item_done_except")
        return self._texts.text(self._here_key(f"item_{state}"))

    def undelivered(self) -> str:
        """What has to be done about a line whose user has not got the code or the link."""
        return self._texts.text("undelivered")

    def left_out(self, what: str) -> str:
        """That a wish was left out; `what` names it and says why."""
        return self._texts.text("left_out", what=what)

    def left_out_count(self, reason: str, count: int) -> str:
        """Before sending: how many wishes will be left out for a reason, with its sentence."""
        what = self._texts.text("will_be_left_out_one" if count == 1 else "will_be_left_out", count=count)
        part = OutcomePart(code=PartCode.LEFT_OUT, count=count, reason=reason)
        why = self._why(part).rstrip(".") if self._why else ""
        return self.with_reason(what, why) if why else what

    def missing(self, count: int) -> str:
        """Before sending: how much of what is asked will not be done."""
        return self._texts.text("missing_one" if count == 1 else "missing", count=count)

    def parts(self, outcome: OrderOutcome) -> list[str]:
        """Every part as a sentence of its own."""
        return [self.part(part) for part in outcome.parts]


def _key(outcome: OrderOutcome) -> str:
    """The key of a code; where the whole waits, of whom it waits for, and of the customer where a part does.

    What was not delivered has keys of its own, since it says what to do.
    """
    if outcome.undelivered and outcome.code in UNDELIVERED:
        return f"{outcome.code}_undelivered"
    if outcome.code is OutcomeCode.WAITS:
        return f"waits_{outcome.waits_for}"
    if outcome.code is OutcomeCode.UNDER_WAY and outcome.waits_for is WaitsFor.CUSTOMER:
        return "under_way_customer"
    return str(outcome.code)
