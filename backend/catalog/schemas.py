"""What a carrier offers: plans, options, barrings, promises. Read from a profile file; see `profiles.py`."""

from enum import StrEnum

import msgspec

Text = dict[str, str]  # language (en, fr, nl, de) -> words


class ProductType(StrEnum):
    VOICE_DATA = "voice_data"
    DATA_ONLY = "data_only"


class Family(StrEnum):
    """Option families, in the order in which they are shown."""

    ROAMING = "roaming"
    DATA = "data"
    VOICE = "voice"
    SMS = "sms"
    OTHER = "other"


class Charge(StrEnum):
    ONE_OFF = "one_off"
    MONTHLY = "monthly"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff plan. `monthly_cents` excludes VAT; `main_family` decides the fast activation promise."""

    code: str
    name: Text
    product_type: ProductType
    monthly_cents: int
    allowance: Text = {}
    main_family: bool = False
    companion_sim: bool = False


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on. `price_cents` excludes VAT. `plans` empty: every plan of the product types named."""

    code: str
    name: Text
    family: Family
    charge: Charge
    price_cents: int
    description: Text = {}
    zone: Text = {}
    product_types: tuple[ProductType, ...] = (ProductType.VOICE_DATA, ProductType.DATA_ONLY)
    plans: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


class Barring(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: Text
    product_types: tuple[ProductType, ...] = (ProductType.VOICE_DATA, ProductType.DATA_ONLY)


class SimNumberRule(msgspec.Struct, frozen=True, kw_only=True):
    """How SIM numbers look: a full-match pattern over the digits, and whether a Luhn digit ends them."""

    pattern: str
    luhn: bool = True
    example: str = ""


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """When a request is done: at most `minutes` after submission, or at the end of N working days."""

    code: str
    name: Text
    minutes: int = 0
    working_days: int = 0


class CarrierProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between network brands, as data."""

    code: str
    name: str
    reference_prefix: str
    sim_number: SimNumberRule
    esim_confirmation: bool = False
    departure_in_portal: bool = True
    termination_in_portal: bool = False
    termination_fee_cents: int = 0
    prepaid_in_portal: bool = True
    languages: tuple[str, ...] = ("fr", "nl", "en")
    promises: dict[str, Promise] = {}  # order kind or case -> promise
    holidays: tuple[str, ...] = ()  # ISO dates on which nothing is promised
    plans: tuple[Plan, ...] = ()
    options: tuple[Option, ...] = ()
    barrings: tuple[Barring, ...] = ()

    def plan(self, code: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.code == code), None)

    def option(self, code: str) -> Option | None:
        return next((option for option in self.options if option.code == code), None)
