"""What the handlers of orders work with: the carrier's catalogue, its books, its SIMs. And what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from backend.catalog.rules import option_allowed
from backend.catalog.schemas import CarrierProfile, Plan
from backend.sandbox.carrier.behaviour import Outcome
from backend.sandbox.carrier.documents import CarrierLine, CarrierOrder, TmfError
from backend.sandbox.carrier.line_register import LineRegister
from backend.sandbox.carrier.sims import Sims


@dataclass(frozen=True, slots=True)
class OrderContext:
    """What the steps of an order read and write: lines, SIMs and other orders of the carrier."""

    profile: CarrierProfile
    register: LineRegister
    sims: Sims
    # All of them, by the carrier's id
    orders: dict[str, CarrierOrder]

    def line(self, order: CarrierOrder) -> CarrierLine:
        """The line of an order, as it is now. Raises TmfError."""
        line = self.register.active(order.msisdn)
        if line is None:
            raise TmfError(404, "unknownLine", f"{order.msisdn} is not a line of {self.profile.name}.")
        return line

    def change(self, order: CarrierOrder, **columns: Any) -> CarrierLine:
        """Write other values to the line of an order: always on a copy, since the books compare."""
        line = msgspec.structs.replace(self.line(order), **columns)
        self.register.put(line)
        return line

    def plan(self, code: object, product_type: str) -> Plan:
        """A plan that a line of this type may have. Raises TmfError."""
        plan = self.profile.plan(str(code or ""))
        if plan is None:
            raise TmfError(422, "unknownPlan", f"{self.profile.name} has no plan {code}.")
        if plan.product_type != product_type:
            raise TmfError(422, "planNotForLine", f"The plan {plan.code} is not for this type of line.")
        return plan

    def check_options(self, codes: Sequence[str]) -> None:
        for code in codes:
            if self.profile.option(code) is None:
                raise TmfError(422, "unknownOption", f"{self.profile.name} has no option {code}.")

    def check_barrings(self, codes: Sequence[str]) -> None:
        known = {barring.code for barring in self.profile.barrings}
        for code in codes:
            if code not in known:
                raise TmfError(422, "unknownBarring", f"{self.profile.name} has no barring {code}.")

    def allowed_options(self, codes: Sequence[str], plan: Plan) -> list[str]:
        found = [option for code in codes if (option := self.profile.option(code))]
        return [option.code for option in found if option_allowed(option, plan.code, plan.product_type)]


@dataclass(frozen=True, slots=True)
class Pause:
    """A step waits: `what` says for whom. `held`: the order needs something from the customer."""

    what: str
    held: bool = False
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step ends its order otherwise than well."""

    outcome: Outcome
    code: str
    message: str


StepResult = Pause | Failure | None


def codes(order: CarrierOrder, name: str) -> list[str]:
    """A characteristic that is a list of codes. Raises TmfError."""
    value = order.asked.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise TmfError(400, "invalidCharacteristic", f"{name} is a list of codes.")
    return value


def word(order: CarrierOrder, name: str, *, required: bool = False) -> str:
    """A characteristic that is a text. Raises TmfError."""
    value = order.asked.get(name)
    if value is not None and not isinstance(value, str):
        raise TmfError(400, "invalidCharacteristic", f"{name} is a text.")
    if required and not (value or "").strip():
        raise TmfError(422, "missingCharacteristic", f"This order needs {name}.")
    return value or ""


def cents(order: CarrierOrder, name: str) -> int | None:
    """A characteristic that is an amount, or none. Raises TmfError."""
    value = order.asked.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise TmfError(400, "invalidCharacteristic", f"{name} is an amount in cents, or null.")
    return value


def one_of(order: CarrierOrder, name: str, values: Sequence[str]) -> str:
    value = order.asked.get(name)
    if value not in values:
        raise TmfError(400, "invalidCharacteristic", f"{name} is one of {', '.join(values)}.")
    return str(value)


def merged(present: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    kept = [code for code in present if code not in remove]
    return kept + [code for code in add if code not in kept]
