"""What pages and the API see of the fleet: filters in, rows and details out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from backend.core.bounds import bound_fields

PAGE_SIZE = 50


class Sort(StrEnum):
    """What a list is sorted by."""

    NAME = "name"
    MSISDN = "msisdn"
    PLAN = "plan"
    STATUS = "status"


class LockedLine(msgspec.Struct):
    """The columns of a line that its writer has locked. `update_lines` keeps them up to date with what it writes."""

    id: UUID
    msisdn: str
    status: str
    product_type: str
    plan: str
    options: list[str]
    barrings: list[str]
    billing_account_id: UUID
    account: str
    cost_centre_id: UUID | None
    end_user_id: UUID | None
    name: str
    sim_number: str
    sim_kind: str
    roaming_cap_cents: int | None
    companion_sim: str
    split_profile: str
    debt_block: bool
    activated_on: date | None


class LineFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines: the same keys in page addresses, in `GET /lines` and in order filters.

    `search` needs three letters or digits. Several values of one key are alternatives;
    different keys narrow each other. `account` is a customer number.
    """

    search: str = ""
    status: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    product_type: tuple[str, ...] = ()
    option: tuple[str, ...] = ()
    cost_centre: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bound_fields(self)

    @property
    def active(self) -> bool:
        """Whether anything narrows the list."""
        return any(getattr(self, name) for name in self.__struct_fields__)


class PlanName(msgspec.Struct, frozen=True):
    """A plan with its name in the reader's language."""

    code: str
    name: str


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line in a list. `name` is "Surname, First name"; `msisdn` is E.164; `billing_account` a number."""

    id: UUID
    msisdn: str
    name: str
    status: str
    product_type: str
    plan: PlanName
    options: list[str]
    billing_account: str
    sim_number: str
    sim_kind: str = "physical"
    open_order: bool = False


class LineList(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list: rows, where it starts (0-based), the exact total, and the next cursor."""

    items: list[LineRow]
    total: int
    first: int = 0
    next: str | None = None


class Facet(msgspec.Struct, frozen=True):
    """One value that a filter can take, its name, and how many lines carry it."""

    value: str
    name: str
    count: int


class LineFacets(msgspec.Struct, frozen=True, kw_only=True):
    """What the filter panel offers: the values of all lines within the actor's reach."""

    status: list[Facet]
    plan: list[Facet]
    account: list[Facet]
    product_type: list[Facet]
    option: list[Facet]
    cost_centre: list[Facet]
    total: int


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Lines by their ids, or every line that matches a filter (resolved on the server)."""

    line_ids: tuple[UUID, ...] = ()
    filter: LineFilter | None = None

    def __post_init__(self) -> None:
        bound_fields(self)


class SelectionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines of a filter can be selected together with a product type and a status."""

    product_type: str
    status: str
    count: int


class HeldLine(msgspec.Struct, frozen=True):
    """A line that a held reading would end; `status` is what it would become."""

    id: UUID
    msisdn: str
    name: str
    status: str


class HeldReading(msgspec.Struct, frozen=True, kw_only=True):
    """A reading of the carrier's inventory that would end more than a few lines: nothing was ended, somebody is asked."""

    since: datetime
    # How many it would end, of how many
    lines: int
    alive: int
    # The first of them
    first: list[HeldLine]


class SyncStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How old the list is, and whether it is being read again. `read` and `total` count lines."""

    refreshed_at: datetime | None
    running: bool = False
    read: int = 0
    total: int = 0
    # Lines of the last reading that could not be read: they are shown as before
    unreadable: int = 0
    held: HeldReading | None = None
    failed: bool = False
    may_refresh_at: datetime | None = None


class EsimView(msgspec.Struct, frozen=True, kw_only=True):
    """A line's latest eSIM profile without its codes.

    `why_not`: why its code cannot be shown or sent; "" where it can.
    """

    sim_number: str
    state: str
    why_not: str
    email: str
    sent_count: int
    sent_at: datetime | None
    confirmed_at: datetime | None
    # Whether its user has to confirm it: until then nobody sees its code
    waits_for_user: bool = False
    # The mail server refused its mail: the user does not have the code
    mail_refused: bool = False


class AgreementView(msgspec.Struct, frozen=True, kw_only=True):
    """The latest contract of shared billing that is not over: document_pending, under_review or active."""

    profile: str
    state: str
    # Why the operator refused it
    reason: str = ""


class LineDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the line page shows (F-041 to F-051). The PUK is not here: see `reveal_puk`."""

    id: UUID
    msisdn: str
    name: str
    given_name: str
    family_name: str
    email: str
    language: str
    # The organisation, contract holder
    holder: str
    address: str
    billing_account: str
    billing_account_label: str
    cost_centre: str
    status: str
    product_type: str
    plan: PlanName
    # Excluding VAT
    plan_monthly_cents: int
    options: list[str]
    barrings: list[str]
    sim_number: str
    sim_kind: Literal["physical", "esim"]
    has_puk: bool
    # Excluding VAT per month; None: no cap chosen
    roaming_cap_cents: int | None
    companion_sim: str
    split_profile: str
    activated_on: date | None
    # Of a card that the stock knows: assigned, active, blocked
    sim_state: str = ""
    esim: EsimView | None = None
    agreement: AgreementView | None = None
    # mail or sms: the last message of this kind to its user could not be delivered, to `email` or to the number
    refused_channel: str = ""
    # References
    open_orders: list[str] = []
    # When the inventory was last read; None where no reading can have had this line
    refreshed_at: datetime | None = None
    # Of such a line: when the carrier last answered a request on it
    confirmed_at: datetime | None = None


class FleetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for the home page."""

    total: int
    by_status: dict[str, int]


class FleetFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What the frame of every page says of the lines."""

    # Empty where the person sees none
    customer_number: str = ""
    # When the carrier was last asked for the lines
    network_at: datetime | None = None
