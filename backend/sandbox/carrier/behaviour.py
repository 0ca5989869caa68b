"""How a sandbox carrier behaves: always, for its next orders, or for some numbers. Set by people and tests."""

import random
from enum import StrEnum
from typing import Annotated, Any

import msgspec

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]


class Outcome(StrEnum):
    """How an order ends."""

    COMPLETED = "completed"
    FAILED = "failed"
    # The first of the changes is carried out, the others are not
    PARTIAL = "partial"
    CANCELLED = "cancelled"
    # Waits for a person on the console
    HELD = "held"


MESSAGES = {
    Outcome.FAILED: "The network could not carry out this change.",
    Outcome.PARTIAL: "Only a part of this change was carried out.",
    Outcome.CANCELLED: "The order was cancelled by the carrier.",
    Outcome.HELD: "The carrier needs information before it goes on.",
}


class Outage(StrEnum):
    """Why a carrier cannot be reached."""

    NONE = "none"
    # 503
    UNAVAILABLE = "unavailable"
    # 429, with Retry-After
    BUSY = "busy"
    # The connection is cut; nothing was taken
    DROPPED = "dropped"
    # The order is taken, then the connection is cut
    ANSWER_LOST = "answer_lost"


class PortRejection(StrEnum):
    """Why a donor does not let a number go."""

    NUMBER_NOT_WITH_DONOR = "number_not_with_donor"
    SIM_MISMATCH = "sim_mismatch"
    ACCOUNT_MISMATCH = "account_mismatch"
    VAT_MISMATCH = "vat_mismatch"
    NUMBER_NOT_ACTIVE = "number_not_active"
    PORT_OPEN = "port_open"
    NUMBER_IN_QUARANTINE = "number_in_quarantine"
    AUTHORISATION_MISSING = "authorisation_missing"
    DATE_NOT_POSSIBLE = "date_not_possible"
    OTHER = "other"


class EsimTrouble(StrEnum):
    """What goes wrong with an eSIM's download."""

    NONE = "none"
    # Nobody downloaded it in time; going on makes a new profile
    EXPIRED = "expired"
    # The download failed; going on keeps the code
    ERROR = "error"


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to an order.

    The delay runs from the acceptance of a simple order to its end. Where an order goes through more states,
    each takes its share of the delay, so that nothing takes any time where the delay is 0.
    """

    delay_ms: Milliseconds = 1500
    # Up to so much is added to the delay
    jitter_ms: Milliseconds = 500
    outcome: Outcome = Outcome.COMPLETED
    # Of a bad outcome; empty: the outcome's own word
    code: Annotated[str, msgspec.Meta(max_length=60)] = ""
    # Why, where the outcome is a bad one
    message: Annotated[str, msgspec.Meta(max_length=200)] = ""
    # What the donor answers, until the order is corrected
    port_rejection: PortRejection | None = None
    # How long the donor takes; None: four delays
    port_delay_ms: Milliseconds | None = None
    # The donor answers when a person on the console says so
    port_by_hand: bool = False
    # The number moves on the agreed date, and not at once
    port_on_date: bool = False
    # The agreed instant lies so far back
    port_late_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    # The device does nothing until a person on the console says so
    esim_by_hand: bool = False
    # Met once, when the device would download
    esim_trouble: EsimTrouble = EsimTrouble.NONE
    # The device has to ask for a confirmation code
    esim_code: bool = False
    # TMF error code: refused at once, nothing is taken
    refuse: Annotated[str, msgspec.Meta(max_length=60)] = ""
    refuse_status: Annotated[int, msgspec.Meta(ge=400, le=422)] = 400
    outage: Outage = Outage.NONE
    callback_delay_ms: Milliseconds = 0
    duplicate_callbacks: bool = False
    reorder_callbacks: bool = False
    lose_callbacks: bool = False

    def delay_seconds(self) -> float:
        jitter = random.uniform(0, self.jitter_ms)  # noqa: S311 - nothing is guarded by it
        return (self.delay_ms + jitter) / 1000


class Rule(msgspec.Struct, kw_only=True):
    """A behaviour for the next `orders` (None: for good), of some numbers (empty: of all)."""

    behaviour: Behaviour
    orders: int | None = None
    msisdns: tuple[str, ...] = ()

    def applies_to(self, msisdn: str) -> bool:
        return (self.orders is None or self.orders > 0) and (not self.msisdns or msisdn in self.msisdns)


class ScriptState(msgspec.Struct, kw_only=True):
    """All that is set for one carrier; the latest rule wins."""

    standing: Behaviour
    rules: list[Rule] = []

    def take(self, msisdn: str) -> Behaviour:
        """The behaviour for an order that just came in; counts it."""
        for rule in reversed(self.rules):
            if rule.applies_to(msisdn):
                if rule.orders is not None:
                    rule.orders -= 1
                    self.rules = [each for each in self.rules if each.orders != 0]
                return rule.behaviour
        return self.standing

    def change(self, base: Behaviour, wish: dict[str, Any]) -> None:
        """Set what a caller wishes; what it does not name is as the sandbox was started.

        `orders` and `msisdns` make it a rule beside the standing behaviour. Raises msgspec.ValidationError.
        """
        fields = dict(wish)
        narrowing = {key: fields.pop(key) for key in ("orders", "msisdns") if fields.get(key)}
        for key in ("orders", "msisdns"):
            fields.pop(key, None)
        behaviour = msgspec.convert(msgspec.to_builtins(base) | fields, Behaviour)
        if narrowing:
            self.rules = [*self.rules, msgspec.convert({"behaviour": behaviour, **narrowing}, Rule)]
        else:
            self.standing = behaviour
