"""What goes in and out of the use cases on invoices. Amounts are integer cents."""

from enum import StrEnum


class ChargeKind(StrEnum):
    """What a charge is for."""

    # A monthly charge of a plan or an option, whole or for some days
    RECURRING = "recurring"
    ONE_OFF = "one_off"
    USAGE = "usage"
    DISCOUNT = "discount"
    CREDIT = "credit"
    OTHER = "other"

    @classmethod
    def of(cls, text: str) -> "ChargeKind":
        """The kind that an issuer's text names; OTHER for any text that is none."""
        plain = text.strip().casefold().replace("-", "_")
        return cls(plain) if plain in set(cls) else cls.OTHER
