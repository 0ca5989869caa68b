"""The carrier's inventory as it answers: services (TMF638), and the SIM of one of them (TMF639). Pure."""

from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from backend.integrations.tmf630 import Characteristic, MalformedError, decode

LINE_STATUS = {"active": "active", "inactive": "suspended", "terminated": "terminated"}
SIM_KINDS: dict[str, Literal["physical", "esim"]] = {"simCard": "physical", "esimProfile": "esim"}
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


class InventoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some lines of an inventory, and how many there are in all."""

    lines: list[InventoryLine]
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


class _InventoryService(msgspec.Struct, rename="camel"):
    id: str = ""
    state: str = ""
    start_date: str = ""
    service_characteristic: list[Characteristic] = []


class _Resource(msgspec.Struct, rename="camel"):
    id: str = ""
    category: str = ""
    resource_characteristic: list[Characteristic] = []


def parse_inventory(body: bytes) -> list[InventoryLine]:
    """Services of a TMF638 inventory. Raises MalformedError."""
    return [_line(service) for service in decode(body, list[_InventoryService])]


def parse_resource(body: bytes) -> SimResource:
    """A TMF639 resource. Raises MalformedError, whose words hold nothing of the secrets."""
    try:
        found = decode(body, _Resource)
    except MalformedError:
        raise MalformedError("the carrier's resource cannot be read") from None
    values = {each.name: each.value for each in found.resource_characteristic}
    secrets = {name: values.get(name) or "" for name in ("puk", "activationCode", "confirmationCode")}
    if not found.id or found.category not in SIM_KINDS:
        raise MalformedError("the carrier's resource is neither a SIM card nor an eSIM profile")
    for name, value in secrets.items():
        if not isinstance(value, str) or len(value) > LONGEST_SECRET:
            raise MalformedError(f"the resource's {name} is not a text of a sane length")
    return SimResource(
        number=found.id,
        kind=SIM_KINDS[found.category],
        puk=secrets["puk"],
        activation_code=secrets["activationCode"].removeprefix("LPA:"),
        confirmation_code=secrets["confirmationCode"],
        valid_until=_instant(values.get("validUntil")),
    )


def _instant(value: object) -> datetime | None:
    if value in {None, ""}:
        return None
    try:
        at = datetime.fromisoformat(str(value))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedError("the resource's validUntil is not an instant") from None


def _line(service: _InventoryService) -> InventoryLine:
    values = {each.name: each.value for each in service.service_characteristic}
    status = values.get("status") or LINE_STATUS.get(service.state.strip(), "pending_active")
    try:
        return msgspec.convert(
            {
                "msisdn": service.id,
                "status": status,
                "product_type": values["productType"],
                "billing_account": values["billingAccount"],
                "plan": values["plan"],
                "options": values.get("options", ()),
                "barrings": values.get("barrings", ()),
                "sim_number": values.get("simNumber", ""),
                "sim_kind": values.get("simKind", "physical"),
                "puk": values.get("puk", ""),
                "roaming_cap_cents": values.get("roamingCapCents"),
                "companion_sim": values.get("companionSim", ""),
                "split_profile": values.get("splitProfile", ""),
                "activated_on": service.start_date[:10] or None,
            },
            InventoryLine,
        )
    except KeyError as error:
        raise MalformedError(f"the carrier's service {service.id!r} has no {error.args[0]}") from None
    except msgspec.ValidationError as error:
        raise MalformedError(f"the carrier's service {service.id!r} cannot be read: {error}") from None
