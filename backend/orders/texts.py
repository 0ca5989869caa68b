"""The texts of order kinds in one language, for pages, mails and REST, from the TOML files beside the kinds."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from backend.catalog.catalogue import Catalogue
from backend.catalog.identifiers import format_msisdn
from backend.catalog.lead_times import hold_deadline
from backend.catalog.schemas import ChargeType
from backend.core.clock import local
from backend.core.formats import format_money, format_sim
from backend.core.i18n import known_language, load_texts
from backend.orders.kinds import KINDS
from backend.orders.outcome import OutcomePart, PartCode
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.timeline_codes import OrderTimelineCode
from backend.runtime import settings
from backend.timeline.schemas import TimelineEntry

FOLDER = Path(__file__).parent / "kinds"
# What is written to the timeline of a line -> the key of its text
TEXT_OF: dict[str, str] = {
    OrderTimelineCode.PLACED: "order_placed",
    OrderTimelineCode.UNDONE: "order_undone",
    OrderTimelineCode.CANCELLED: "order_cancelled",
    OrderTimelineCode.DONE: "done",
    OrderTimelineCode.LINE_STAYS: "line_stays",
    OrderTimelineCode.OFFER_CHOSEN: "offer_chosen",
}


def kind_texts(name: str) -> Mapping[str, Mapping[str, str]]:
    """Language -> key -> words, of one file."""
    file = FOLDER / f"{name}.toml"
    return load_texts(file) if file.exists() else {}


class KindTexts:
    """The texts of a kind in one language; a key that its file does not have is taken from the common file."""

    def __init__(self, catalogue: Catalogue, kind: str) -> None:
        self.catalogue, self.kind = catalogue, kind
        language = self.language = known_language(catalogue.language)
        like = KINDS[kind].texts_from if kind in KINDS else ""
        self._own = {**kind_texts(like).get(language, {}), **kind_texts(kind).get(language, {})}
        self._common = kind_texts("common")[language]

    def has(self, key: str) -> bool:
        return key in self._own or key in self._common

    def text(self, key: str, **values: object) -> str:
        texts = self._own.get(key) or self._common[key]
        return texts.format(**values) if values else texts

    def counted(self, key: str, count: int, **values: object) -> str:
        """The sentence for one, or for several: each key has both, `<key>_one` and `<key>`."""
        return self.text(f"{key}_one" if count == 1 else key, count=count, **values)

    @property
    def outcome(self) -> OutcomeTexts:
        """The texts of outcomes, with this kind's reasons and own words."""
        here = self.kind in KINDS and KINDS[self.kind].done_at_once
        return OutcomeTexts(self.language, self.part_why, self._own, here=here)

    @property
    def title(self) -> str:
        return self.text("name") if "name" in self._own else self.kind

    @property
    def carrier(self) -> str:
        """The name of the carrier, as customers know it."""
        return self.catalogue.profile.name

    def plan(self, code: str) -> str:
        return self.catalogue.name("plan", code)

    def option(self, code: str) -> str:
        return self.catalogue.name("option", code)

    def barring(self, code: str) -> str:
        found = self.catalogue.profile.barring(code)
        return self.catalogue.text(found.name) if found else code

    def split_profile(self, code: str) -> str:
        return self.catalogue.name("split_profile", code)

    def option_price(self, code: str) -> str:
        """As in "Europe Plus, 24,79 € a month excl. VAT"."""
        option = self.catalogue.profile.option(code)
        if option is None:
            return code
        name = self.catalogue.text(option.name)
        if not option.price_cents:
            return self.text("option_free", option=name)
        key = "option_monthly" if option.charge is ChargeType.MONTHLY else "option_once"
        return self.text(key, option=name, amount=self.euros(option.price_cents))

    def euros(self, cents: int, *, signed: bool = False) -> str:
        return format_money(cents, self.language, signed=signed)

    def day(self, day: date | str) -> str:
        found = date.fromisoformat(day) if isinstance(day, str) else day
        return f"{found:%d/%m/%Y}"

    def waits_until(self, since: datetime) -> str:
        """The last day on which what is missing may still come, for what is held since then."""
        last = local(hold_deadline(self.catalogue.profile, since)) - timedelta(seconds=1)
        return self.text("held_until", day=self.day(last.date()))

    def sim(self, number: str) -> str:
        return format_sim(number)

    def number(self, msisdn: str) -> str:
        return format_msisdn(msisdn) if msisdn else self.text("new_number")

    def why(self, reason: str, detail: str = "") -> str:
        """The sentence of a reason; for an unknown code that the carrier refused, with its own words quoted."""
        if not reason:
            return ""
        if self.has(f"why_{reason}"):
            return self.text(f"why_{reason}")
        return self.said_by_carrier(self.text("why_other"), detail)

    def said_by_carrier(self, what: str, words: str) -> str:
        """Our sentence, then the words of the carrier as it wrote them; without such words ours alone."""
        return self.text("carrier_said", what=what, words=words) if words else what

    def part_why(self, part: OutcomePart) -> str:
        """The sentence of the reason of a part of an outcome; "" where it says nothing more."""
        if not part.reason:
            return ""
        if self.has(f"why_{part.reason}"):
            return self.text(f"why_{part.reason}")
        return self.text("why_other") if part.code is PartCode.FAILED else ""

    def held_why(self, reason: str, detail: str) -> str:
        """Why a line is held: the sentence of the reason, or that the operator stopped, with its own words quoted."""
        if self.has(f"why_{reason}"):
            return self.text(f"why_{reason}")
        return self.said_by_carrier(self.text("why_held"), detail)

    def note(self, what: str, code: str, present: Collection[str] = ()) -> str:
        """Why a code of the request changes nothing on a line.

        `what`: the code of an option or a barring; `code`: the reason; `present`: the options that the line has or
        gets, among which is the one that `what` conflicts with.
        """
        profile = self.catalogue.profile
        option = profile.option(what)
        name = self.option(what) if option else self.barring(what)
        others = [other for other in option.conflicts if other in present] if option else []
        if code == "option_conflict" and others:
            return self.text("note_conflicts_with", what=name, other=self.option(others[0]))
        return self.text(f"note_{code}" if self.has(f"note_{code}") else "note_other", what=name)


def kind_title(catalogue: Catalogue, kind: str) -> str:
    """What a request of this kind is called."""
    return KindTexts(catalogue, kind).title


def support_route(catalogue: Catalogue, kind: str) -> str:
    """The sentence that the carrier has this done by its support; "" for a kind that is done here."""
    if KINDS[kind].in_portal(catalogue.profile):
        return ""
    return KindTexts(catalogue, kind).text("through_support", support=settings().operator.support_email)


def entry_text(catalogue: Catalogue, entry: TimelineEntry) -> str:
    """The text of an entry on the timeline of a line that orders wrote; "" for any other entry."""
    texts, key = KindTexts(catalogue, entry.params.get("kind", "")), TEXT_OF.get(entry.code, "")
    return texts.text(key, kind=texts.title) if texts.has(key) else ""
