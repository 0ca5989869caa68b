"""What a carrier offers: plans, options, barrings, promises. Read from a profile file; see `profiles.py`."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import msgspec

# Language (en, fr, nl, de) -> words
LocalisedText = dict[str, str]


class ProductType(StrEnum):
    """What a subscription is for."""

    VOICE_DATA = "voice_data"
    DATA_ONLY = "data_only"


class OptionFamily(StrEnum):
    """Option families, in the order in which they are shown."""

    ROAMING = "roaming"
    DATA = "data"
    VOICE = "voice"
    SMS = "sms"
    OTHER = "other"


class ChargeType(StrEnum):
    """How an option is charged."""

    ONE_OFF = "one_off"
    MONTHLY = "monthly"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff plan. `monthly_cents` excludes VAT; `main_family` decides the fast activation promise."""

    code: str
    name: LocalisedText
    product_type: ProductType
    monthly_cents: int
    allowance: LocalisedText = {}
    main_family: bool = False
    companion_sim: bool = False


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on. `price_cents` excludes VAT. `plans` empty: every plan of the product types named."""

    code: str
    name: LocalisedText
    family: OptionFamily
    charge: ChargeType
    price_cents: int
    description: LocalisedText = {}
    zone: LocalisedText = {}
    product_types: tuple[ProductType, ...] = (ProductType.VOICE_DATA, ProductType.DATA_ONLY)
    plans: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    spend_cap_cents: int | None = None
    """An option that is the monthly cap on paid data abroad of so many cents (F-113): the line's cap goes with it."""

    companion_sim: bool = False
    """It is the second SIM of a line, which a new line is asked for by a question of its own (F-077)."""

    @property
    def is_cap(self) -> bool:
        return self.spend_cap_cents is not None


class Barring(msgspec.Struct, frozen=True, kw_only=True):
    """A service that can be blocked on a line, and the product types that have it."""

    code: str
    name: LocalisedText
    product_types: tuple[ProductType, ...] = (ProductType.VOICE_DATA, ProductType.DATA_ONLY)


class ChargeCategory(StrEnum):
    """What a charge of an invoice is for, as split billing sees it (domain 4.6)."""

    FEES = "fees"
    VOICE = "voice"
    DATA = "data"
    OTHER = "other"


class UsageType(StrEnum):
    """What was used. Fees have none."""

    CALLS = "calls"
    SMS = "sms"
    MMS = "mms"
    DATA = "data"
    ROAMING = "roaming"
    # Third-party services
    PREMIUM = "premium"


class SplitKind(StrEnum):
    """How the employer's part of a line is worked out, from the narrowest rule to the widest."""

    USAGE_AMOUNT = "usage_amount"
    CATEGORY_AMOUNT = "category_amount"
    PERCENTAGE = "percentage"
    FIXED = "fixed"


class SplitRule(msgspec.Struct, frozen=True, kw_only=True):
    """One contribution of the employer each billing period. Amounts exclude VAT; `max_cents` null: no maximum."""

    kind: SplitKind
    cents: int = 0
    percent: int = 0
    max_cents: int | None = None
    category: ChargeCategory | None = None
    usage_type: UsageType | None = None


class SplitProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays what of a line. `employee_pays` and `exceptions` are never the employer's, whatever budget is left."""

    code: str
    name: LocalisedText
    rules: tuple[SplitRule, ...]
    employee_pays: tuple[ChargeCategory, ...] = ()
    exceptions: tuple[UsageType, ...] = ()


class PrivateOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription for private persons, offered to whoever takes a number over. `monthly_cents` includes VAT."""

    code: str
    name: LocalisedText
    about: LocalisedText
    monthly_cents: int


class SimNumberRule(msgspec.Struct, frozen=True, kw_only=True):
    """How SIM numbers look: a full-match pattern over the digits, and whether a Luhn digit ends them."""

    pattern: str
    luhn: bool = True
    example: str = ""


class LeadTime(msgspec.Struct, frozen=True, kw_only=True):
    """When a request is done: at most `minutes` after submission, or at the end of N working days."""

    code: str
    name: LocalisedText
    minutes: int = 0
    working_days: int = 0


class HoldLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How long a request may stay held: calendar `days`, or `working_days` where those are given."""

    days: int = 30
    working_days: int = 0


class CarrierProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between network brands, as data."""

    code: str
    name: str
    reference_prefix: str
    sim_number: SimNumberRule
    esim_confirmation: bool = False
    departure_in_portal: bool = True
    # The days that a successor has at least to choose an offer; without a successor a number is released at once
    successor_days: int = 1
    termination_in_portal: bool = False
    termination_fee_cents: int = 0
    # The carrier bills the user, and asks where they live when a line begins
    split_billing_data: bool = False
    prepaid_in_portal: bool = True
    languages: tuple[str, ...] = ("fr", "nl", "de", "en")
    # Items that the carrier takes in one service order, at most 100; 1: each item is an order
    items_per_order: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    # Order kind or case -> promise
    promises: dict[str, LeadTime] = {}
    # Longer than that, and a request that waits for information fails
    held_for: HoldLimit = HoldLimit()
    # ISO dates on which nothing is promised
    holidays: tuple[str, ...] = ()
    plans: tuple[Plan, ...] = ()
    options: tuple[Option, ...] = ()
    barrings: tuple[Barring, ...] = ()
    # For successors, where departures are done in the portal
    private_offers: tuple[PrivateOffer, ...] = ()
    split_profiles: tuple[SplitProfile, ...] = ()

    def plan(self, code: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.code == code), None)

    def barring(self, code: str) -> Barring | None:
        return next((barring for barring in self.barrings if barring.code == code), None)

    def option(self, code: str) -> Option | None:
        return next((option for option in self.options if option.code == code), None)

    def cap_of(self, options: Iterable[str]) -> int | None:
        """The cap in cents that one of these options is; None where none of them is one."""
        found = (option for code in options if (option := self.option(code)))
        return next((option.spend_cap_cents for option in found if option.is_cap), None)

    def cap_in_force(self, options: Iterable[str], cents: int | None) -> int | None:
        """The cap of a line in cents: that of its option, else the amount; None is no cap."""
        cap = self.cap_of(options)
        return cents if cap is None else cap

    @property
    def companion_option(self) -> Option | None:
        """The option that is the second SIM of a line."""
        return next((option for option in self.options if option.companion_sim), None)

    def split_profile(self, code: str) -> SplitProfile | None:
        return next((one for one in self.split_profiles if one.code == code), None)
