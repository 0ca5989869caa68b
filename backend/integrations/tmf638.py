"""The carrier's inventory as it answers: services (TMF638), and the SIM of one of them (TMF639). Pure.

A page is read service by service: one that cannot be read is set aside, and the others count.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec
import structlog

from backend.integrations.tmf630 import MalformedError, characteristics_of, decode, object_of, word_of
from backend.integrations.tmf_secrets import kept_text
from backend.integrations.tmf_values import (
    day_of,
    instant_of,
    line_state_of,
    phone_of,
    read_characteristics,
    sim_kind_of,
)

log = structlog.get_logger()

# An activation code is at most 255 characters of address and some fields more
LONGEST_SECRET = 500


class InventoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the carrier knows of one line: nothing here belongs to the customer to change by itself."""

    msisdn: str
    billing_account: str
    status: str
    product_type: str
    plan: str
    options: tuple[str, ...] = ()
    barrings: tuple[str, ...] = ()
    sim_number: str = ""
    sim_kind: Literal["physical", "esim"] = "physical"
    puk: str = ""
    roaming_cap_cents: int | None = None
    companion_sim: str = ""
    split_profile: str = ""
    activated_on: date | None = None

    def __repr__(self) -> str:
        """Without the PUK: a line may end up in a log."""
        return f"InventoryLine(msisdn={self.msisdn!r}, plan={self.plan!r}, status={self.status!r})"


class UnreadableService(msgspec.Struct, frozen=True, kw_only=True):
    """A service that cannot be read as a line. `msisdn` is empty where not even its number can be read."""

    msisdn: str
    why: str
    # Without secrets
    body: str


class InventoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some services of an inventory, and how many there are in all."""

    lines: list[InventoryLine]
    unreadable: list[UnreadableService] = []
    total: int


class SimResource(msgspec.Struct, frozen=True, kw_only=True):
    """A SIM card or an eSIM profile with its secrets; `activation_code` comes without the prefix LPA:."""

    number: str
    kind: Literal["physical", "esim"]
    puk: str = ""
    activation_code: str = ""
    confirmation_code: str = ""
    valid_until: datetime | None = None

    def __repr__(self) -> str:
        """Without the secrets: an activation code is enough to take over the number."""
        return f"SimResource(number={self.number!r}, kind={self.kind!r}, valid_until={self.valid_until!r})"


def parse_inventory(body: bytes) -> tuple[list[InventoryLine], list[UnreadableService]]:
    """Services of a TMF638 inventory, and those that cannot be read. Raises MalformedError where it is not a list."""
    found = decode(body)
    if not isinstance(found, list):
        raise MalformedError("the carrier's inventory is not a list")
    lines, unreadable = [], []
    for service in found:
        try:
            lines.append(_line(service))
        except MalformedError as error:
            unreadable.append(_unreadable(service, str(error)))
        except Exception as error:
            # A fault of our reader is this service's alone: the others of the page count
            log.exception("service not read")
            unreadable.append(_unreadable(service, f"it could not be read: {type(error).__name__}"))
    return lines, unreadable


def _unreadable(service: Any, why: str) -> UnreadableService:
    try:
        msisdn = phone_of(service.get("id"), "the number") if isinstance(service, dict) else ""
    except MalformedError:
        msisdn = ""
    return UnreadableService(msisdn=msisdn, why=why, body=kept_text(msgspec.json.encode(service)))


def parse_resource(body: bytes) -> SimResource:
    """A TMF639 resource. Raises MalformedError, whose words hold nothing of the secrets."""
    found = object_of(decode(body), "the carrier's resource")
    values = dict(characteristics_of(found.get("resourceCharacteristic"), "the resource's characteristics"))
    number = word_of(found.get("id"), "the resource's id")
    kind = sim_kind_of(found.get("category"), "the resource's category")
    if not number or not kind:
        raise MalformedError("the carrier's resource is neither a SIM card nor an eSIM profile")
    return SimResource(
        number=number,
        kind="esim" if kind == "esim" else "physical",
        puk=_secret(values, "puk"),
        activation_code=_secret(values, "activationCode").removeprefix("LPA:"),
        confirmation_code=_secret(values, "confirmationCode"),
        valid_until=instant_of(values.get("validUntil"), "the resource's validUntil"),
    )


def _secret(values: Mapping[str, Any], name: str) -> str:
    """A secret is taken as it is written: digits that were a number may have lost a zero."""
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_SECRET:
        raise MalformedError(f"the resource's {name} is not a text of a sane length")
    return value


def _line(message: Any) -> InventoryLine:
    service = object_of(message, "the carrier's service")
    msisdn = phone_of(service.get("id"), "the service's number")
    told = list(characteristics_of(service.get("serviceCharacteristic"), "the service's characteristics"))
    values = read_characteristics(told)
    status = values.get("status") or line_state_of(service.get("state"), "the service's state")
    needed = {"a number": msisdn, "a state": status}
    needed |= {name: values.get(name) for name in ("productType", "billingAccount", "plan")}
    if missing := [name for name, value in needed.items() if not value]:
        raise MalformedError(f"the carrier's service {msisdn!r} has no {missing[0]}")
    puk = dict(told).get("puk")
    return InventoryLine(
        msisdn=msisdn,
        status=status,
        product_type=values["productType"],
        billing_account=values["billingAccount"],
        plan=values["plan"],
        options=tuple(values.get("options", ())),
        barrings=tuple(values.get("barrings", ())),
        sim_number=values.get("simNumber", ""),
        sim_kind="esim" if values.get("simKind") == "esim" else "physical",
        # One in another form is left out: the product asks for it again by the number of the SIM
        puk=puk if isinstance(puk, str) and len(puk) <= LONGEST_SECRET else "",
        roaming_cap_cents=values.get("roamingCapCents"),
        companion_sim=values.get("companionSim", ""),
        split_profile=values.get("splitProfile", ""),
        activated_on=day_of(service.get("startDate"), "the service's start"),
    )
