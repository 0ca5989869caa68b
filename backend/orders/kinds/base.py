"""What every order kind works with: a line as it is now, what will happen to it, and what a kind says of itself. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from backend.catalog.pricing import BillingMonth
from backend.catalog.schemas import CarrierProfile
from backend.lines.lifecycle import CHANGEABLE
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import OrderRequest, SummaryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSnapshot:
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
    # Kinds of the open orders on it
    open_kinds: tuple[str, ...] = ()


@dataclass(slots=True)
class QuoteItem:
    """What an order does to one line. Cents exclude VAT; `change` is what the carrier is asked."""

    line: LineSnapshot
    state: ItemState = ItemState.WAITING
    reason: str = ""
    change: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0

    def skip(self, reason: str) -> "QuoteItem":
        self.state, self.reason = ItemState.SKIPPED, reason
        self.change = {}
        self.monthly_after, self.one_off, self.pro_rata = self.monthly_before, 0, 0
        return self


class Texts(Protocol):
    """The words of one kind in one language, from its TOML file and the common one."""

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
    """What a request is worked out against. `facts` is what the kind's effects read for it (`orders/effects`)."""

    profile: CarrierProfile
    now: datetime
    # On which it happens, in Europe/Brussels
    day: date
    # The billing period of that day
    month: BillingMonth
    # Of the kind, in the language of who asks: sentences of refusals
    texts: Texts
    loaded: Any = None


@dataclass(frozen=True, slots=True)
class ServiceOrderItem:
    """What the carrier is asked (TMF641): category, action of the item, characteristics of the service."""

    category: str
    action: str = "modify"
    characteristics: Mapping[str, Any] = field(default_factory=dict)


def empty(*_: object) -> Any:
    """What a kind says where it has nothing to say."""
    return {}


def always_false(*_: object) -> bool:
    return False


def no_texts(*_: object) -> list[Any]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKind:
    """What one order kind says of itself; the pipeline asks these and knows no kind by name. All pure."""

    request: type[OrderRequest]
    quote_line: Callable[[QuoteContext, Any, LineSnapshot], QuoteItem]
    # An item's change, in words
    describe: Callable[[Texts, Mapping[str, Any]], list[str]]
    # What is asked, in words
    summary: Callable[[Texts, Any], list[SummaryRow]]
    outcome_texts: Callable[[Texts, Mapping[str, Any], Mapping[str, Any]], list[str]] = no_texts
    """From an item's change and what the carrier told of it so far: what came of it, in words."""
    # Raises Invalid for what no line could follow
    check: Callable[[QuoteContext, Any], object] = empty
    # None: the carrier has no part in it
    to_carrier: Callable[[Mapping[str, Any]], ServiceOrderItem] | None = None
    # Without a message: who has to decide first ("" is nobody: it is done at once)
    decided_by: str = ""
    # Of a kind that is held
    needs_decision: Callable[[Mapping[str, Any]], bool] = lambda _change: True
    confirmed_columns: Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = (
        empty
    )
    """From the line's columns, the item's change and what the carrier told: the columns that are now other."""
    # A change, for the trail
    audit_detail: Callable[[Mapping[str, Any]], dict[str, str]] = empty
    # The trail's action when it has been carried out
    audit_action: str = ""
    # Key among the profile's promises; None: the kind's code
    expected_completion: Callable[[QuoteContext, Any], str] | None = None
    warnings: Callable[[Texts, QuoteContext, Sequence["QuoteItem"]], list[str]] = no_texts
    must_confirm: Callable[[Texts, QuoteContext, Sequence["QuoteItem"]], str] | None = None
    # Skips grace
    skips_grace: Callable[[Any], bool] | None = None
    effective_date: Callable[[Any], date | None] | None = None
    """The day that was chosen for what the carrier does, where the request itself leaves at once."""
    creates: Callable[[QuoteContext, Any], LineSnapshot] | None = None
    """The line that it makes, to which the pipeline gives its id; None: it changes lines."""
    # Besides itself: open orders of these kinds keep a line out
    excludes: frozenset[str] = frozenset()
    # Of the lines that it may change
    statuses: frozenset[str] = CHANGEABLE
    # None: by every carrier
    offered: Callable[[CarrierProfile], bool] | None = None
    # The pages of its form, with the fields that each asks for.
    steps: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # The kind whose words it has too, where its own file has none
    texts_from: str = ""
    # For several lines at once
    bulk: bool = True
    # May wait for a day
    dated: bool = True
    # Asks for a recent sign-in: identity, or loss of a number
    needs_recent_sign_in: bool = False
    # May be called back at the carrier while it says so
    cancellable: bool = False
    # To call it back, by what the carrier told
    too_late: Callable[[Mapping[str, Any]], bool] = always_false
    amend: (
        Callable[[QuoteContext, Mapping[str, Any], Mapping[str, str]], tuple[dict[str, Any], dict[str, Any]]]
        | None
    ) = None
    """From the change and what was corrected: the new change, and what the carrier is told. Raises Invalid."""

    @property
    def code(self) -> str:
        return str(self.request.__struct_config__.tag)

    def step_of(self, name: str) -> str:
        """The page of its form that asks for this field; "" where the form has one page only."""
        return next((step for step, names in self.steps.items() if step and name in names), "")

    def may_be_recalled(self, reported: Iterable[Mapping[str, Any]]) -> bool:
        """Whether the carrier may still be asked to cancel it. `reported`: what the carrier reported of each open item."""
        return self.cancellable and not all(self.too_late(one) for one in reported)

    def in_portal(self, carrier: CarrierProfile) -> bool:
        """Whether it is asked for here; else the carrier does it through support."""
        return self.offered is None or self.offered(carrier)

    def unavailable_reason(self, line: LineSnapshot) -> str:
        """Why this line cannot have such a request now, whatever is asked; "" where it can."""
        if line.status not in self.statuses:
            return "line_not_changeable"
        return "open_order" if {self.code, *self.excludes} & set(line.open_kinds) else ""


def changed_codes(present: Sequence[str], change: Mapping[str, Any]) -> list[str]:
    """A line's codes (options, barrings) once a change is done, where the carrier does not list them itself."""
    kept = [code for code in present if code not in change.get("remove", [])]
    return [*kept, *(code for code in change.get("add", []) if code not in kept)]
