"""What every order kind works with: a line as it is now, the quote of a line, and the definition of a kind. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from backend.catalog.pricing import BillingMonth
from backend.catalog.schemas import CarrierProfile
from backend.lines.lifecycle import CHANGEABLE
from backend.lines.schemas import LockedLine
from backend.orders.lifecycle import ItemState
from backend.orders.outcome import WaitsFor, is_missing
from backend.orders.schemas import OrderRequest, SummaryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSnapshot:
    """A line as it is when an order is previewed or placed, or a new line as it will be."""

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
    # Kinds of the open orders on it
    open_kinds: tuple[str, ...] = ()


@dataclass(slots=True)
class QuoteItem:
    """What an order does to one line. Cents exclude VAT; `change` is the kind's own and stored with the item."""

    line: LineSnapshot
    state: ItemState = ItemState.WAITING
    reason: str = ""
    change: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0

    @property
    def left_out(self) -> dict[str, str]:
        """The codes that were asked and are not done on this line, each with its reason."""
        return {what: why for what, why in self.notes.items() if is_missing(why)}

    @property
    def missing(self) -> int:
        """How much of what was asked is left out: wishes, or the line itself."""
        if self.state is ItemState.SKIPPED:
            return int(is_missing(self.reason))
        return len(self.left_out)

    def skip(self, reason: str) -> "QuoteItem":
        """Leave the line out for this reason; returns the item."""
        self.state, self.reason = ItemState.SKIPPED, reason
        self.change = {}
        self.monthly_after, self.one_off, self.pro_rata = self.monthly_before, 0, 0
        return self


class Texts(Protocol):
    """The texts of one kind in one language, from its TOML file and the common one."""

    @property
    def carrier(self) -> str: ...
    def text(self, key: str, **values: object) -> str: ...
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
class QuoteContext:
    """What a request is worked out against. `loaded` is what the kind's effects read for it (`orders/effects`)."""

    profile: CarrierProfile
    now: datetime
    # The day on which it happens, in Europe/Brussels
    day: date
    # The billing period of that day
    month: BillingMonth
    # Of the kind, in the actor's language
    texts: Texts
    loaded: Any = None


@dataclass(frozen=True, slots=True)
class ServiceOrderItem:
    """What the carrier is asked for (TMF641): category, action of the item, characteristics of the service."""

    category: str
    action: str = "modify"
    characteristics: Mapping[str, Any] = field(default_factory=dict)


def empty(*_: object) -> Any:
    """The default of hooks that return a mapping."""
    return {}


def always_false(*_: object) -> bool:
    """The default of hooks that return a truth value."""
    return False


def no_days(*_: object) -> int:
    """The default of hooks that return a number of days."""
    return 0


def no_texts(*_: object) -> list[Any]:
    """The default of hooks that return sentences."""
    return []


def no_key(*_: object) -> str:
    """The default of hooks that return the key of a text."""
    return ""


def no_promise(*_: object) -> str:
    """For a kind of which the carriers promise no time: no expected completion is shown."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKind:
    """One order kind: its request struct, rules and texts. The pipeline knows no kind by name. All hooks are pure."""

    request: type[OrderRequest]
    # What the request does to a line and costs
    quote_line: Callable[[QuoteContext, Any, LineSnapshot], QuoteItem]
    # An item's change in sentences
    describe: Callable[[Texts, Mapping[str, Any]], list[str]]
    # What is asked, in rows of texts
    summary: Callable[[Texts, Any], list[SummaryRow]]
    # From an item's change and what the carrier reported of it so far: the outcome in sentences
    outcome_texts: Callable[[Texts, Mapping[str, Any], Mapping[str, Any]], list[str]] = no_texts
    # Raises ValidationFailed for a request that is wrong for every line
    check: Callable[[QuoteContext, Any], object] = empty
    # What the carrier is asked for, from an item's change; None: the carrier has no part in it
    to_carrier: Callable[[Mapping[str, Any]], ServiceOrderItem] | None = None
    # Where the carrier has no part: the reason for which the item is held until somebody decides; "": done at once
    decided_by: str = ""
    # Whether an item's change needs that decision
    needs_decision: Callable[[Mapping[str, Any]], bool] = lambda _change: True
    # From the line's columns, the item's change and what the carrier reported: the line's new columns
    confirmed_columns: Callable[[LockedLine, Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = empty
    # From the line's split profile and the item's change: the profile by which its bill is shared then, "" for none
    split_after: Callable[[str, Mapping[str, Any]], str] = lambda before, _change: before
    # What the timeline of a line keeps of an item's change
    timeline_params: Callable[[Mapping[str, Any]], dict[str, str]] = empty
    # The key of the carrier's promise in its profile (`[promises.<key>]`); None: the kind's code
    expected_completion: Callable[[QuoteContext, Any], str] | None = None
    # What must be read before it is sent
    warnings: Callable[[Texts, QuoteContext, Sequence["QuoteItem"]], list[str]] = no_texts
    # What is good to know before sending, and asks for no care
    information: Callable[[Texts, QuoteContext, Sequence["QuoteItem"]], list[str]] = no_texts
    # The sentence that has to be ticked before it is sent
    must_confirm: Callable[[Texts, QuoteContext, Sequence["QuoteItem"]], str] | None = None
    # Whether it is sent without an undo time
    skips_grace: Callable[[Any], bool] | None = None
    # The day that was chosen for the carrier's work, where the request itself is sent at once
    effective_date: Callable[[Any], date | None] | None = None
    # The line that it makes, to which the pipeline gives an id; None: it changes lines
    creates: Callable[[QuoteContext, Any], LineSnapshot] | None = None
    # A line with an open order of these kinds, or of its own kind, is skipped
    excludes: frozenset[str] = frozenset()
    # The statuses of lines that it may change
    statuses: frozenset[str] = CHANGEABLE
    # Whether a carrier has it done here and not by its support; None: every carrier
    offered: Callable[[CarrierProfile], bool] | None = None
    # The pages of its form, with the fields that each asks for
    steps: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # The kind whose texts it uses where its own file has none
    texts_from: str = ""
    # From the request: the key of why it cannot wait for a day although its kind can; "" where it can
    undated: Callable[[Any], str] = no_key
    # How many days ahead it is asked for at least, by the carrier's rules
    earliest_days: Callable[[CarrierProfile, Any], int] = no_days
    # Whether it may be for several lines at once
    bulk: bool = True
    # Whether it may wait for a day
    dated: bool = True
    # Whether it may cost something; what is free has no price to check
    priced: bool = False
    # Whether it is free and asks one question only: its form says what will happen and sends it, and one mail says how it ended
    light: bool = False
    # Whether its form asks for a day at most: check answers come first, and lead to the form
    asks_nothing: bool = False
    # Whether it asks for a recent sign-in, because of an identity or the loss of a number
    needs_recent_sign_in: bool = False
    # Whether the carrier may be asked to cancel it
    cancellable: bool = False
    # Whether it is too late for that, by what the carrier reported
    too_late: Callable[[Mapping[str, Any]], bool] = always_false
    # From an item's change and the corrected fields: the new change, and the characteristics for the carrier.
    # Raises ValidationFailed
    amend: (
        Callable[[QuoteContext, Mapping[str, Any], Mapping[str, str]], tuple[dict[str, Any], dict[str, Any]]]
        | None
    ) = None

    # The states of an ordered eSIM in which its user has to act: confirm it, or install it
    user_acts_on: frozenset[str] = frozenset()
    # The reason of a held item -> the field whose value has to be another one
    corrections: Mapping[str, str] = field(default_factory=dict)
    # The reasons of held items that the customer can put right; `esim_*`: all that begin so
    correctable: frozenset[str] = frozenset()

    @property
    def code(self) -> str:
        """The tag of its request struct."""
        return str(self.request.__struct_config__.tag)

    @property
    def done_at_once(self) -> bool:
        """Whether it has ended as soon as it is sent: nobody else has a part in it."""
        return self.to_carrier is None and not self.decided_by

    def waits_for(
        self, state: ItemState, reason: str, esim_state: str = "", *, undelivered: bool = False
    ) -> WaitsFor:
        """Who has to act on an item in this state; nobody where the carrier goes on by itself.

        `undelivered`: its user has not got the code or the link, so that somebody has to give another address.
        """
        if undelivered:
            return WaitsFor.CUSTOMER
        if state is ItemState.HELD:
            return WaitsFor.CUSTOMER if self.customer_corrects(reason) else WaitsFor.OPERATOR
        if state is ItemState.IN_PROGRESS and esim_state in self.user_acts_on:
            return WaitsFor.USER
        return WaitsFor.NOBODY

    def customer_corrects(self, reason: str) -> bool:
        """Whether the customer can put right what an item is held for."""
        return any(
            reason.startswith(one[:-1]) if one.endswith("*") else reason == one for one in self.correctable
        )

    def step_of(self, name: str) -> str:
        """The page of the form that asks for this field; "" where the form has one page only."""
        return next((step for step, names in self.steps.items() if step and name in names), "")

    def may_be_recalled(self, reported: Iterable[Mapping[str, Any]]) -> bool:
        """Whether the carrier may still be asked to cancel it. `reported`: what it reported of each open item."""
        return self.cancellable and not all(self.too_late(one) for one in reported)

    def in_portal(self, carrier: CarrierProfile) -> bool:
        """Whether this carrier has it done here; else its support does it."""
        return self.offered is None or self.offered(carrier)

    def why_no_day(self, request: OrderRequest) -> str:
        """The key of why this request cannot wait for a day; "" where it can."""
        return self.undated(request) if self.dated else "bad_no_day"

    def unavailable_reason(self, line: LineSnapshot) -> str:
        """Why this line cannot have a request of this kind now; "" where it can."""
        if line.status not in self.statuses:
            return "line_not_changeable"
        return "open_order" if {self.code, *self.excludes} & set(line.open_kinds) else ""


def changed_codes(present: Sequence[str], change: Mapping[str, Any]) -> list[str]:
    """A line's codes (options, barrings) once a change is done, where the carrier does not list them itself."""
    kept = [code for code in present if code not in change.get("remove", [])]
    return [*kept, *(code for code in change.get("add", []) if code not in kept)]
