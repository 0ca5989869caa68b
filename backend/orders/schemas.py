"""What pages and the API see of requests: asked for, previewed, placed, followed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec

from backend.lines.schemas import HistoryEntry, LineFilter, PlanName


class OrderState(StrEnum):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    GRACE = "grace"
    SUBMITTED = "submitted"
    IN_PROGRESS = "in_progress"
    HELD = "held"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    IN_PROGRESS = "in_progress"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every request has; the kinds' own structs (`orders/kinds`) add their wishes.

    Lines are named by their ids, by a filter, or by an uploaded file. Kinds that make a line name none.
    """

    line_ids: tuple[UUID, ...] = ()
    filter: LineFilter | None = None
    except_ids: tuple[UUID, ...] = ()  # lines taken out of the selection again
    upload_id: UUID | None = None  # a checked file: its rows name the lines, and each its own wishes
    on: date | None = None  # the day on which it happens (Europe/Brussels); None: at once
    confirmed: bool = False  # what the preview's `must_confirm` says was ticked
    request_key: str = ""  # the client's own key: the same key and body give the same order
    fingerprint: str = ""  # of the preview that was shown: refused where price or effect are other by now

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def wishes(self) -> dict[str, Any]:
        """The kind's own fields."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in COMMON}


COMMON = frozenset(Asked.__struct_fields__)


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What an order costs, in integer cents. All but `total` exclude VAT.

    `pro_rata` is the monthly difference for the days left in the calendar month, submission day
    included; `total` is one_off + pro_rata with VAT: what the next invoice shows.
    """

    currency: str = "EUR"
    vat_marker: Literal["excl"] = "excl"
    one_off: int = 0
    monthly_difference: int = 0
    pro_rata: int = 0
    vat: list["VatAmount"] = []
    total: int = 0  # including VAT
    monthly_difference_incl: int = 0
    days_left: int = 0
    days_in_month: int = 0
    from_day: date | None = None  # the first day that counts: of submission, or the day it is planned for


class VatAmount(msgspec.Struct, frozen=True, kw_only=True):
    rate: int  # per cent
    base: int  # cents excluding VAT
    amount: int  # cents of VAT


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    due_at: datetime | None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One row of what is asked, in the reader's words: a name and its lines of text.

    `field` is the one that it repeats, where the kind's form has several pages.
    """

    name: str
    value: list[str]
    field: str = ""


class ItemPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What will happen on one line. `state` is waiting or skipped; cents exclude VAT.

    `change` is the kind's own and stable, `words` the same in the reader's language. `reason` is the code of why a
    line is skipped and `why` its sentence; `notes` says what of the wishes changes nothing: {what: code}.
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
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0


class OrderPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Check answers. `fingerprint` names the price and effect shown; submit with it to be told of changes."""

    kind: str
    title: str
    asked: list[Fact]
    warnings: list[str]  # what must be read before sending: fees, what is lost
    must_confirm: str  # a sentence to tick before it can be sent; "" where none is
    on: date | None
    plan: PlanName | None  # where all lines have the same
    product_type: str
    items: list[ItemPreview]  # at most 200 are listed on pages; REST gives all
    total_lines: int
    changing: int
    skipped: int
    price: Price
    monthly_before: int
    monthly_after: int
    promise: Promise
    grace_seconds: int
    fingerprint: str


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A draft being filled in: what is asked so far, who it is for and what may be chosen (the kind's own struct)."""

    id: UUID
    kind: str
    title: str
    asked: Asked
    total_lines: int
    lines: list["DraftLine"]  # the first 50
    plans: list[PlanName]
    product_type: str
    status: str
    choices: Any
    creates: bool = False
    dated: bool = True


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    line_id: UUID
    msisdn: str
    name: str


class OrderItemView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    line_id: UUID
    msisdn: str
    name: str
    state: ItemState
    reason: str
    why: str = ""  # its sentence, in the reader's language; the carrier's own for a code that is new to us
    change: dict[str, Any] = {}
    words: list[str] = []  # the change, in the reader's language
    told: dict[str, Any] = {}  # what the carrier has said so far
    detail: str = ""  # the carrier's own words for a refusal


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
    promise: Promise
    due_on: date | None = None
    attention: str = ""
    ended_at: datetime | None = None


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
    may_undo: bool
    submitted_at: datetime | None
    ended_at: datetime | None
    mailed_at: datetime | None
    promise: Promise
    price: Price
    asked: list[Fact]
    counts: dict[str, int]
    items: list[OrderItemView]
    items_total: int
    history: list[HistoryEntry]
    carrier: str
    due_on: date | None = None
    attention: str = ""  # what somebody has to decide: price_changed, or "" (then the order itself says)
    held_until: datetime | None = None  # of a held request: what is missing by then makes it fail
    may_cancel: bool = False
    may_reschedule: bool = False
    may_retry: bool = False
    upload_id: UUID | None = None  # the file that it came from
    own: bool = False  # whether who looks asked for it
