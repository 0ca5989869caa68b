"""People who sign in: found by e-mail address or mobile number, checked by password."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import phonenumbers

from backend.catalog.identifiers import normalise_msisdn
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.issuer import attempts, passwords
from tenants.scope import Connection
from tenants.transaction import open_global

# Numbers typed without a country prefix
HOME_REGION = "BE"
# An e-mail address, RFC 5321
LONGEST_LOGIN = 254


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """An account, as the issuer speaks of it."""

    id: UUID
    email: str
    mobile: str | None
    given_name: str
    family_name: str
    language: str
    # When the password was last given, in this browser
    auth_time: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """What a try came to. Without a person: wrong, or to be tried again after `wait`."""

    person: AccountHolder | None = None
    wait: timedelta | None = None
    # This failure locked an account that exists; never shown
    locked_account: UUID | None = None


def normalise_login(text: str) -> str:
    """One spelling per login: lower case for an address, E.164 for a number, else the text itself."""
    text = unicodedata.normalize("NFKC", text).strip()[:LONGEST_LOGIN].casefold()
    if "@" in text:
        return text
    return normalise_mobile(text) or text


def normalise_mobile(text: str) -> str | None:
    """E.164 of a mobile number in any usual spelling, or None. Colleagues abroad may have a foreign one."""
    if belgian := normalise_msisdn(text):
        return belgian
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


async def check_password(login: str, password: str, address: str) -> PasswordCheck:
    """Try to sign in. Unknown, blocked and wrong cost the same work and give the same answer."""
    login = normalise_login(login)
    attempt = await attempts.begin(login, address)
    if attempt.wait:
        return PasswordCheck(wait=attempt.wait)
    async with open_global() as connection:
        row = await connection.fetchrow(
            "SELECT * FROM account WHERE (email = $1 OR mobile = $1) AND state = 'active'", login
        )
    right = await passwords.verify(row["password_hash"] if row else None, password)
    if not right or row is None:
        return PasswordCheck(locked_account=row["id"] if row and attempt.locks else None)
    await attempts.succeeded(attempt)
    if passwords.needs_rehash(row["password_hash"]):
        await _store_password(row["id"], await passwords.hash_password(password))
    return PasswordCheck(person=as_person(row, clock.now()))


def as_person(row: Any, auth_time: datetime | None) -> AccountHolder:
    return AccountHolder(
        row["id"],
        row["email"],
        row["mobile"],
        row["given_name"],
        row["family_name"],
        row["language"],
        auth_time,
    )


async def _store_password(account_id: UUID, password_hash: str) -> None:
    async with open_global() as connection:
        await connection.execute(
            "UPDATE account SET password_hash = $2 WHERE id = $1", account_id, password_hash
        )


async def ensure_account(
    connection: Connection,
    *,
    email: str,
    name: str,
    language: str,
    mobile: str | None,
    password_hash: str | None,
) -> UUID:
    """The account of this address, made when there is none. A password given replaces the old one everywhere.

    Runs in the caller's transaction. Raises Invalid for a new account without a password, for an address or
    number that is none, and for a number that is someone else's.
    """
    email = normalise_login(email)
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise ValidationFailed(email="This is not an e-mail address.")
    number = _own_number(mobile)
    row = await connection.fetchrow("SELECT id, mobile FROM account WHERE email = $1 FOR UPDATE", email)
    other = (
        await connection.fetchval("SELECT email FROM account WHERE mobile = $1", number) if number else None
    )
    if other not in {None, email}:
        raise ValidationFailed(mobile="This mobile number already signs in to another account.")
    if row is None:
        if password_hash is None:
            raise ValidationFailed(password="A new account needs a password.")  # noqa: S106 - a sentence about it
        given_name, _, family_name = name.strip().partition(" ")
        account_id = new_id()
        await connection.execute(
            "INSERT INTO account (id, email, mobile, password_hash, given_name, family_name, language, state,"
            " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8)",
            account_id,
            email,
            number,
            password_hash,
            given_name,
            family_name,
            language,
            clock.now(),
        )
        return account_id
    if number and number != row["mobile"]:
        await connection.execute("UPDATE account SET mobile = $2 WHERE id = $1", row["id"], number)
    if password_hash:
        await connection.execute(
            "UPDATE account SET password_hash = $2 WHERE id = $1", row["id"], password_hash
        )
        await connection.execute("DELETE FROM issuer_session WHERE account_id = $1", row["id"])
    found: UUID = row["id"]
    return found


def _own_number(mobile: str | None) -> str | None:
    if not mobile:
        return None
    number = normalise_mobile(mobile)
    if number is None:
        raise ValidationFailed(mobile="This is not a telephone number.")
    return number
