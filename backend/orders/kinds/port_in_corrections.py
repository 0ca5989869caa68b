"""The donor's data of a transfer: how values are checked, and corrected after a rejection (domain 3.3, 4.2). Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from backend.catalog.identifiers import enterprise_number, iccid_valid, with_luhn
from backend.catalog.lead_times import working_day
from backend.core.clock import local
from backend.core.errors import ValidationFailed
from backend.orders.kinds.base import QuoteContext
from backend.orders.kinds.change_user import name_valid
from backend.orders.kinds.new_line import ESIM, amend_new_line

# How many days ahead a transfer may be asked for
LATEST_DAYS = 180
DONOR_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./-]{0,39}")


def donor_sim(typed: str) -> str:
    """The digits of a SIM number of any operator; "" for a text that is none."""
    digits = _sim_digits(typed)
    return digits if len(digits) < 19 or iccid_valid(digits) else ""


def _sim_digits(typed: str) -> str:
    """The 13 to 20 digits of a text, whatever they check to; "" for another text."""
    digits = re.sub(r"[\s.\-]", "", typed)
    # A telephone shows 19 digits filled up with F to whole bytes
    if len(digits) == 20:
        digits = digits.removesuffix("F").removesuffix("f")
    return digits if digits.isascii() and re.fullmatch(r"[0-9]{13,20}", digits) else ""


def wrong_value(context: QuoteContext, name: str, typed: str) -> str:
    """What is wrong with the text of a field of `CHECKS`, as a sentence; "" where nothing is."""
    if CHECKS[name](typed):
        return ""
    digits = _sim_digits(typed) if name == "donor_sim_number" else ""
    if not digits:
        return context.texts.text(f"bad_{name}")
    # So many digits are an ICCID: it begins otherwise, or its last digit does not fit the others
    why = "bad_donor_sim_check" if iccid_valid(with_luhn(digits[:-1])) else "bad_donor_sim_start"
    return context.texts.text(why)


def _name(typed: str) -> str:
    return typed if name_valid(typed) else ""


def _account(typed: str) -> str:
    return typed if DONOR_ACCOUNT.fullmatch(typed) else ""


# Field -> what is kept of the text that was typed; "" or None for a wrong one
CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "donor_operator": _name,
    "donor_sim_number": donor_sim,
    "donor_account": _account,
    "vat_number": enterprise_number,
    "contact_person": _name,
    "company_name": _name,
    "authorised_by": _name,
}


def wrong_date(context: QuoteContext, day: date | None) -> str:
    """Why a number cannot be transferred on this day, as a sentence; "" where it can."""
    today = local(context.now).date()
    if day is None:
        return ""
    if day < today:
        return context.texts.text("bad_port_on_over")
    if not working_day(day, context.profile.holidays):
        return context.texts.text("bad_port_on_working")
    return context.texts.text("bad_port_on_far") if (day - today).days > LATEST_DAYS else ""


# Our field -> the carrier's characteristic
CARRIER_NAMES = {
    "donor_operator": "donorOperator",
    "donor_sim_number": "donorSimNumber",
    "donor_account": "donorAccount",
    "vat_number": "vatNumber",
    "contact_person": "contactPerson",
    "company_name": "companyName",
    "port_on": "requestedDate",
    "authorised_by": "authorisedBy",
    "authorised_at": "authorisedAt",
}


# Reason of a rejection -> the field whose value has to be another one. The other reasons are final
CORRECTIONS: Mapping[str, str] = {
    "sim_mismatch": "donor_sim_number",
    "account_mismatch": "donor_account",
    "vat_mismatch": "vat_number",
    "authorisation_missing": "authorised_by",
    "date_not_possible": "port_on",
}


def amend(
    context: QuoteContext, change: Mapping[str, Any], fields: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Corrected values for the present operator. Raises ValidationFailed for a wrong value, or none."""
    given = {name: text.strip() for name, text in fields.items() if name in CORRECTIONS.values()}
    if not fields and change["sim_kind"] == ESIM:
        return amend_new_line(context, change, fields)
    if not given:
        raise ValidationFailed(fields=context.texts.text("bad_nothing_corrected"))
    new = {name: _corrected(context, name, text) for name, text in given.items()}
    if "authorised_by" in new:
        new["authorised_at"] = context.now.isoformat()
    return {**change, **new}, {CARRIER_NAMES[name]: value for name, value in new.items()}


def _corrected(context: QuoteContext, name: str, text: str) -> str:
    """The value as it is kept. Raises ValidationFailed for a wrong one."""
    if name == "port_on":
        if why := _wrong_day(context, text):
            raise ValidationFailed(port_on=why)
        return text
    if why := wrong_value(context, name, text):
        raise ValidationFailed(**{name: why})
    return CHECKS[name](text) or ""


def _wrong_day(context: QuoteContext, text: str) -> str:
    try:
        return wrong_date(context, date.fromisoformat(text) if text else None)
    except ValueError:
        return context.texts.text("bad_port_on_working")
