"""What every order kind works with: a line as it is now, what will happen to it, and what a kind says of itself. Pure."""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from backend.catalog.schemas import CarrierProfile, Charge
from backend.catalog.schemas import Promise as CarrierPromise
from backend.core.clock import BRUSSELS, local
from backend.core.money import VAT_RATE_PERCENT, pro_rata, vat_on
from backend.lines.lifecycle import CHANGEABLE
from backend.orders.schemas import Asked, Fact, ItemState, Price, Promise, VatAmount


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNow:
    """A line as it stands when an order is previewed or placed, or as it will be for one that is being added."""

    id: UUID
    msisdn: str = ""
    name: str = ""
    status: str = "ordered"
    product_type: str
    plan: str
    options: tuple[str, ...] = ()
    barrings: tuple[str, ...] = ()
    account: str = ""
    billing_account_id: UUID | None = None
    cost_centre_id: UUID | None = None
    end_user_id: UUID | None = None
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    language: str = ""
    sim_number: str = ""
    sim_kind: str = "physical"
    roaming_cap_cents: int | None = None
    companion_sim: str = ""
    split_profile: str = ""
    debt_block: bool = False
    activated_on: date | None = None
    open_kinds: tuple[str, ...] = ()  # kinds of the open orders on it


@dataclass(slots=True)
class Planned:
    """What an order does to one line. Cents exclude VAT; `change` is what the carrier is asked."""

    line: LineNow
    state: ItemState = ItemState.WAITING
    reason: str = ""
    change: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0

    def skip(self, reason: str) -> "Planned":
        self.state, self.reason = ItemState.SKIPPED, reason
        self.change = {}
        self.monthly_after, self.one_off, self.pro_rata = self.monthly_before, 0, 0
        return self


@dataclass(frozen=True, slots=True)
class Month:
    """The running billing period: the calendar month in Europe/Brussels."""

    days_left: int  # first day included
    days: int
    first: date  # the day from which it counts

    @classmethod
    def of(cls, day: date) -> "Month":
        days = monthrange(day.year, day.month)[1]
        return cls(days - day.day + 1, days, day)

    def part(self, monthly_cents: int) -> int:
        return pro_rata(monthly_cents, self.days_left, self.days)


class Words(Protocol):
    """The words of one kind in one language, from its TOML file and the common one."""

    def say(self, key: str, **values: object) -> str: ...
    def counted(self, key: str, count: int, **values: object) -> str: ...
    def has(self, key: str) -> bool: ...
    def plan(self, code: str) -> str: ...
    def option(self, code: str) -> str: ...
    def barring(self, code: str) -> str: ...
    def split_profile(self, code: str) -> str: ...
    def option_price(self, code: str) -> str: ...
    def euros(self, cents: int, *, signed: bool = False) -> str: ...
    def day(self, day: date | str) -> str: ...
    def sim(self, number: str) -> str: ...
    def number(self, msisdn: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What a request is worked out against. `facts` is what the kind's effects read for it (`orders/effects`)."""

    profile: CarrierProfile
    now: datetime
    day: date  # on which it happens, in Europe/Brussels
    month: Month  # the billing period of that day
    words: Words  # of the kind, in the language of who asks: sentences of refusals
    facts: Any = None


@dataclass(frozen=True, slots=True)
class Message:
    """What the carrier is asked (TMF641): category, action of the item, characteristics of the service."""

    category: str
    action: str = "modify"
    characteristics: Mapping[str, Any] = field(default_factory=dict)


def nothing(*_: object) -> Any:
    """What a kind says where it has nothing to say."""
    return {}


def never(*_: object) -> bool:
    return False


def no_lines(*_: object) -> list[Any]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one order kind says of itself; the pipeline asks these and knows no kind by name. All pure."""

    asked: type[Asked]
    plan_line: Callable[[Ground, Any, LineNow], Planned]
    describe: Callable[[Words, Mapping[str, Any]], list[str]]  # an item's change, in words
    summary: Callable[[Words, Any], list[Fact]]  # what is asked, in words
    tell: Callable[[Words, Mapping[str, Any], Mapping[str, Any]], list[str]] = no_lines
    """From an item's change and what the carrier told of it so far: what came of it, in words."""
    check: Callable[[Ground, Any], object] = nothing  # raises Invalid for what no line could follow
    message: Callable[[Mapping[str, Any]], Message] | None = None  # None: the carrier has no part in it
    held_for: str = ""  # without a message: who has to decide first ("" is nobody: it is done at once)
    needs_decision: Callable[[Mapping[str, Any]], bool] = lambda _change: True  # of a kind that is held
    confirm: Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = nothing
    """From the line's columns, the item's change and what the carrier told: the columns that are now other."""
    audit_words: Callable[[Mapping[str, Any]], dict[str, str]] = nothing  # a change, for the trail
    done: str = ""  # the trail's action when it has been carried out
    promise: Callable[[Ground, Any], str] | None = (
        None  # key among the profile's promises; None: the kind's code
    )
    warnings: Callable[[Words, Ground, Sequence["Planned"]], list[str]] = no_lines
    must_confirm: Callable[[Words, Ground, Sequence["Planned"]], str] | None = None
    urgent: Callable[[Any], bool] | None = None  # skips grace
    effective: Callable[[Any], date | None] | None = None
    """The day that was chosen for what the carrier does, where the request itself leaves at once."""
    creates: Callable[[Ground, Any], LineNow] | None = None
    """The line that it makes, to which the pipeline gives its id; None: it changes lines."""
    excludes: frozenset[str] = frozenset()  # besides itself: open orders of these kinds keep a line out
    statuses: frozenset[str] = CHANGEABLE  # of the lines that it may change
    offered: Callable[[CarrierProfile], bool] | None = None  # None: by every carrier
    steps: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # of its form: the fields asked on each page
    says_as: str = ""  # the kind whose words it has too, where its own file has none
    bulk: bool = True  # for several lines at once
    dated: bool = True  # may wait for a day
    fresh: bool = False  # asks for a recent sign-in: identity, or loss of a number
    cancellable: bool = False  # may be called back at the carrier while it says so
    too_late: Callable[[Mapping[str, Any]], bool] = never  # to call it back, by what the carrier told
    amend: (
        Callable[[Ground, Mapping[str, Any], Mapping[str, str]], tuple[dict[str, Any], dict[str, Any]]] | None
    ) = None
    """From the change and what was corrected: the new change, and what the carrier is told. Raises Invalid."""

    @property
    def code(self) -> str:
        return str(self.asked.__struct_config__.tag)

    def step_of(self, name: str) -> str:
        """The page of its form that asks for this field; "" where the form has one page only."""
        return next((step for step, names in self.steps.items() if step and name in names), "")

    def in_portal(self, carrier: CarrierProfile) -> bool:
        """Whether it is asked for here; else the carrier does it through support."""
        return self.offered is None or self.offered(carrier)

    def refuses(self, line: LineNow) -> str:
        """Why this line cannot have such a request now, whatever is asked; "" where it can."""
        if line.status not in self.statuses:
            return "line_not_changeable"
        return "open_order" if {self.code, *self.excludes} & set(line.open_kinds) else ""


def changed_codes(present: Sequence[str], change: Mapping[str, Any]) -> list[str]:
    """A line's codes (options, barrings) once a change is done, where the carrier does not list them itself."""
    kept = [code for code in present if code not in change.get("remove", [])]
    return [*kept, *(code for code in change.get("add", []) if code not in kept)]


def monthly_cost(profile: CarrierProfile, plan: str, options: Sequence[str]) -> int:
    """What a line costs each month, in cents excluding VAT. Codes that the profile lost cost nothing."""
    found = profile.plan(plan)
    total = found.monthly_cents if found else 0
    for code in options:
        option = profile.option(code)
        if option and option.charge is Charge.MONTHLY:
            total += option.price_cents
    return total


def price_of(items: Sequence[Planned], month: Month) -> Price:
    """The price of an order: sums over its lines, VAT once per rate on the sum."""
    one_off = sum(item.one_off for item in items)
    difference = sum(item.monthly_after - item.monthly_before for item in items)
    part = sum(item.pro_rata for item in items)
    base = one_off + part
    vat = vat_on(base)
    return Price(
        one_off=one_off,
        monthly_difference=difference,
        pro_rata=part,
        vat=[VatAmount(rate=VAT_RATE_PERCENT, base=base, amount=vat)],
        total=base + vat,
        monthly_difference_incl=difference + vat_on(difference),
        days_left=month.days_left,
        days_in_month=month.days,
        from_day=month.first,
    )


def working_day(day: date, holidays: Sequence[str]) -> bool:
    """Monday to Friday, except the profile's public holidays (domain reference 4.2, 12)."""
    return day.weekday() < 5 and day.isoformat() not in holidays


def promised(promise: CarrierPromise | None, at: datetime, holidays: Sequence[str]) -> Promise:
    """When it will be done, from a submission at that instant.

    A promise of working days falls at the end of the last one, 24:00 in Brussels; one that names no time (on the
    chosen day) at the end of that day.
    """
    if promise is None:
        return Promise(code="", due_at=None)
    if promise.working_days or not promise.minutes:
        return Promise(
            code=promise.code,
            due_at=_end_of(after_working_days(local(at).date(), promise.working_days, holidays)),
        )
    return Promise(code=promise.code, due_at=at + timedelta(minutes=promise.minutes))


def after_working_days(day: date, number: int, holidays: Sequence[str]) -> date:
    """The last of so many working days after a day."""
    while number:
        day += timedelta(days=1)
        number -= working_day(day, holidays)
    return day


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BRUSSELS) + timedelta(days=1)


def held_until(profile: CarrierProfile, since: datetime) -> datetime:
    """Until when a request that is held since then may wait: the end of its last day in Brussels."""
    day, patience = local(since).date(), profile.held_for
    if patience.working_days:
        return _end_of(after_working_days(day, patience.working_days, profile.holidays))
    return _end_of(day + timedelta(days=patience.days))
