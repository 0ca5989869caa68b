"""Structs of requests for pages and the API: what is asked, previews, drafts, orders and their items."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.lead_times import ExpectedCompletion
from backend.catalog.pricing import Price
from backend.core.bounds import bound_fields
from backend.lines.schemas import LineFilter, PlanName
from backend.orders.lifecycle import ItemState, OrderFlag, OrderState
from backend.orders.outcome import LeftOutCount, OrderOutcome, WaitsFor


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every request has; the kinds' own structs (`orders/kinds`) add their fields.

    Lines are named by their ids, by a filter, or by an uploaded file. Kinds that make lines name none.
    """

    line_ids: tuple[UUID, ...] = ()
    filter: LineFilter | None = None
    # Lines taken out of the selection again
    except_ids: tuple[UUID, ...] = ()
    # A checked file: its rows name the lines, and what is asked for each
    upload_id: UUID | None = None
    # The day on which it happens (Europe/Brussels); None: at once
    on: date | None = None
    # Whether the preview's `must_confirm` was ticked
    confirmed: bool = False
    # The client's own key: the same key and body give the same order
    request_key: str = ""
    # Of the preview that was shown: the order is refused where price or effect have changed since
    fingerprint: str = ""

    def __post_init__(self) -> None:
        bound_fields(self)

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def kind_fields(self) -> dict[str, Any]:
        """The kind's own fields."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in COMMON}


COMMON = frozenset(OrderRequest.__struct_fields__)


class SummaryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of what is asked, in the actor's language: a name and its lines of text.

    `field` names the form's field that it repeats, where the form has several pages.
    """

    name: str
    value: list[str]
    field: str = ""


class ItemPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What will happen on one line. `state` is waiting or skipped; cents exclude VAT.

    `change` is the kind's own form, `words` the same in sentences. `reason` is the code of why a line is skipped and
    `why` its sentence. `notes` names the codes of the request that change nothing: {what: reason}.
    """

    line_id: UUID
    msisdn: str
    name: str
    state: ItemState
    change: dict[str, Any] = {}
    words: list[str] = []
    reason: str = ""
    why: str = ""
    notes: dict[str, str] = {}
    noted: list[str] = []
    # Those of `notes` that were asked and will not be so
    left_out: dict[str, str] = {}
    # The reference of the request that is under way on the line, where it is skipped because of it
    open_order: str = ""
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0


class PossibleDays(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which a request may happen, in Europe/Brussels; both None where it cannot wait for a day.

    `why_not` is the sentence that says why it cannot, in the actor's language; "" where it can.
    """

    earliest: date | None = None
    latest: date | None = None
    why_not: str = ""


class SkippedCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines stay as they are for a reason: its code and its sentence; `missing`: something asked is not done."""

    reason: str
    why: str
    lines: int
    missing: bool


class OrderPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A preview. `fingerprint` stands for the price and the effect: an order with it is refused once they changed."""

    kind: str
    title: str
    asked: list[SummaryRow]
    # What must be read before sending: fees, what is lost
    warnings: list[str]
    # What is good to know before sending, and asks for no care
    information: list[str]
    # A sentence to tick before it can be sent; "" where none is
    must_confirm: str
    on: date | None
    # The days that may be chosen for it
    days: PossibleDays
    # Where all lines have the same
    plan: PlanName | None
    product_type: str
    # At most 200 are listed on pages; REST gives all
    items: list[ItemPreview]
    total_lines: int
    changing: int
    skipped: int
    # How much of what is asked will not be done: wishes on lines that change, and lines on which nothing is done
    missing: int
    left_out: list[LeftOutCount]
    skipped_by: list[SkippedCount]
    price: Price
    monthly_before: int
    monthly_after: int
    promise: ExpectedCompletion
    grace_seconds: int
    fingerprint: str
    # The file whose rows it is made from
    upload_id: UUID | None = None


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A draft: what is asked so far, its lines, and what may be chosen (`choices`, the kind's own struct)."""

    id: UUID
    kind: str
    title: str
    asked: OrderRequest
    total_lines: int
    # The first 50
    lines: list["DraftLine"]
    plans: list[PlanName]
    product_type: str
    status: str
    choices: Any
    creates: bool = False
    dated: bool = True
    days: PossibleDays = PossibleDays()


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a draft."""

    line_id: UUID
    msisdn: str
    name: str


class OrderItemView(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a request; `why` and `words` are in the actor's language."""

    id: UUID
    line_id: UUID
    msisdn: str
    name: str
    state: ItemState
    reason: str
    # The sentence of the reason; the carrier's own text for an unknown code
    why: str = ""
    change: dict[str, Any] = {}
    # The change in sentences
    words: list[str] = []
    # What the carrier has reported so far
    reported: dict[str, Any] = {}
    # The carrier's own words for a refusal
    detail: str = ""
    # Who has to act on it
    waits_for: WaitsFor = WaitsFor.NOBODY
    # Its user does not have the code or the link, since its mail was refused
    undelivered: bool = False
    # What was asked and is not done on this line, by its code: the reason
    left_out: dict[str, str] = {}
    # The same in sentences
    noted: list[str] = []


class OrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a list of requests."""

    id: UUID
    reference: str
    kind: str
    title: str
    state: OrderState
    requested_by: str
    requested_at: datetime
    lines: int
    promise: ExpectedCompletion
    # Of the one line, E.164; "" where there are several, or where its number is not known yet
    msisdn: str = ""
    name: str = ""
    due_on: date | None = None
    flag: OrderFlag = OrderFlag.NONE
    ended_at: datetime | None = None
    # Without its parts
    outcome: OrderOutcome


class OrderMove(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an order. `action` is the new state; `detail` has the state before (`from`), and `why`."""

    at: datetime
    # "" where the product or the carrier acted
    actor: str
    action: str
    detail: dict[str, str] = {}
    reference: str = ""

    @property
    def moved(self) -> bool:
        """Whether a planned request was given another day; `detail["why"]` is that day."""
        return self.action == OrderState.SCHEDULED == self.detail.get("from") and bool(self.detail.get("why"))


class OrderDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the request page shows. `counts` maps item states to numbers of items."""

    id: UUID
    reference: str
    kind: str
    title: str
    state: OrderState
    requested_by: str
    requested_by_email: str
    requested_at: datetime
    grace_until: datetime | None
    # Seconds in which it can still be undone, by the database's clock
    undo_seconds_left: float
    may_undo: bool
    submitted_at: datetime | None
    ended_at: datetime | None
    mailed_at: datetime | None
    promise: ExpectedCompletion
    price: Price
    outcome: OrderOutcome
    asked: list[SummaryRow]
    counts: dict[str, int]
    items: list[OrderItemView]
    items_total: int
    # The oldest first, at most the newest 500
    history: list[OrderMove]
    carrier: str
    due_on: date | None = None
    flag: OrderFlag = OrderFlag.NONE
    # When a held request fails, unless what is missing comes before
    held_until: datetime | None = None
    may_cancel: bool = False
    may_reschedule: bool = False
    may_retry: bool = False
    # The file that it came from
    upload_id: UUID | None = None
    # Whether the actor is the requester
    own: bool = False

    @property
    def msisdn(self) -> str:
        """The number of the one line; "" where there are several, or where its number is not known yet."""
        return self.items[0].msisdn if self.items_total == 1 and self.items else ""
