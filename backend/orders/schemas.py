"""What pages and the API see of requests: asked for, previewed, placed, followed."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
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


class ChangeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for options to be added and removed on lines named by id, or on all that match a filter."""

    kind: Literal["change_options"] = "change_options"
    line_ids: tuple[UUID, ...] = ()
    filter: LineFilter | None = None
    except_ids: tuple[UUID, ...] = ()  # lines taken out of the selection again
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    request_key: str = ""  # the client's own key: the same key and body give the same order
    fingerprint: str = ""  # of the preview that was shown: refused where price or effect are other by now


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


class VatAmount(msgspec.Struct, frozen=True, kw_only=True):
    rate: int  # per cent
    base: int  # cents excluding VAT
    amount: int  # cents of VAT


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    due_at: datetime | None


class ItemPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What will happen on one line. `state` is waiting or skipped; cents exclude VAT.

    Reasons: nothing_to_change, option_not_on_plan, option_conflict, open_order, line_not_changeable.
    `notes` says per option what is a no-op: {option code: already_on | already_off | not_on_plan | …}.
    """

    line_id: UUID
    msisdn: str
    name: str
    state: ItemState
    reason: str = ""
    add: list[str] = []
    remove: list[str] = []
    notes: dict[str, str] = {}
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0


class OrderPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Check answers. `fingerprint` names the price and effect shown; submit with it to be told of changes."""

    kind: str
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
    add: list[str]
    remove: list[str]


class OptionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One option card of the change-options page, for a whole selection."""

    code: str
    name: str
    description: str
    zone: str
    family: str
    charge: str
    price_cents: int  # excluding VAT
    active_on: int  # lines of the selection that have it
    allowed_on: int  # lines of the selection whose plan allows it


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A draft being filled in: who it is for and what may be chosen."""

    id: UUID
    total_lines: int
    lines: list["DraftLine"]  # the first 50
    plans: list[PlanName]
    product_type: str
    choices: list[OptionChoice]
    add: list[str]
    remove: list[str]


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
    add: list[str]
    remove: list[str]
    detail: str = ""  # the carrier's own words for a refusal


class OrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a list of requests."""

    id: UUID
    reference: str
    kind: str
    state: OrderState
    requested_by: str
    requested_at: datetime
    lines: int
    promise: Promise
    ended_at: datetime | None = None


class OrderDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the request page shows. `counts` maps item states to numbers of items."""

    id: UUID
    reference: str
    kind: str
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
    add: list[str]
    remove: list[str]
    counts: dict[str, int]
    items: list[OrderItemView]
    items_total: int
    history: list[HistoryEntry]
    carrier: str
