"""People who sign in: found by e-mail address or mobile number, checked by password."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
import phonenumbers
import structlog

from backend.catalog.identifiers import normalise_msisdn
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.issuer import attempts, passwords
from backend.issuer.devices import KnownDevice
from tenants.scope import Scope
from tenants.transaction import open_global

log = structlog.get_logger()

UNKNOWN_DEVICE = KnownDevice()
# Numbers typed without a country prefix
HOME_REGION = "BE"
# An e-mail address, RFC 5321
LONGEST_LOGIN = 254


class AccountState(StrEnum):
    """Only an active account may sign in."""

    ACTIVE = "active"
    BLOCKED = "blocked"


class PasswordAccount(msgspec.Struct, frozen=True):
    """An account and the hash of its password."""

    id: UUID
    email: str
    mobile: str | None
    given_name: str
    family_name: str
    language: str
    password_hash: str


class KnownAccount(msgspec.Struct, frozen=True):
    """An account and its mobile number."""

    id: UUID
    mobile: str | None


# The columns of AccountRow, of `account a`
ACCOUNT_COLUMNS = ", ".join(f"a.{column}" for column in PasswordAccount.__struct_fields__)
FIND_LOGIN = f"SELECT {ACCOUNT_COLUMNS} FROM account a WHERE (a.email = $1 OR a.mobile = $1) AND a.state = $2"
LOCK_BY_EMAIL = "SELECT id, mobile FROM account WHERE email = $1 FOR UPDATE"
EMAIL_OF_MOBILE = "SELECT email FROM account WHERE mobile = $1"
INSERT = """
INSERT INTO account (id, email, mobile, password_hash, given_name, family_name, language, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SET_MOBILE = "UPDATE account SET mobile = $2 WHERE id = $1"
SET_PASSWORD = "UPDATE account SET password_hash = $2 WHERE id = $1"  # noqa: S105 - a statement
# What was granted with the earlier password
END_GRANTS = (
    "DELETE FROM issuer_session WHERE account_id = $1",
    "DELETE FROM authorization_code WHERE account_id = $1",
    "DELETE FROM access_token WHERE account_id = $1",
)


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """The person of an account, as the issuer's tokens name it."""

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
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """The result of a try. Without a person: wrong, or to be tried again after `wait`."""

    person: AccountHolder | None = None
    wait: timedelta | None = None
    # This failure locked an account that exists; never shown
    locked_account: UUID | None = None


def normalise_login(text: str) -> str:
    """One spelling per login: lower case for an address, E.164 for a number, else the text itself; none if too long."""
    if len(text) > LONGEST_LOGIN:
        return ""
    text = unicodedata.normalize("NFKC", text).strip().casefold()
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


async def check_password(
    login: str, password: str, address: str, device: KnownDevice = UNKNOWN_DEVICE
) -> PasswordCheck:
    """Try to sign in. Unknown, blocked and wrong cost the same work and give the same answer.

    The address and the number of an account count as one; a browser that has signed in to it before counts apart.
    """
    login = normalise_login(login)
    async with open_global() as connection:
        record = await connection.fetchrow(FIND_LOGIN, login, AccountState.ACTIVE)
    account = PasswordAccount(*record) if record else None
    name = str(account.id) if account else login
    known = device.name_for(account.id) if account else ""
    attempt = await attempts.begin(name, address, known)
    about = {"account": name if account else "unknown", "address": address, "known_device": bool(known)}
    if attempt.wait:
        log.warning("sign-in refused", **about, wait_seconds=round(attempt.wait.total_seconds()))
        return PasswordCheck(wait=attempt.wait)
    right = await passwords.verify(account.password_hash if account else None, password)
    if not right or account is None:
        log.warning("sign-in failed", **about, locks=attempt.locks)
        return PasswordCheck(locked_account=account.id if account and attempt.locks else None)
    await attempts.succeeded(attempt)
    if passwords.needs_rehash(account.password_hash):
        await _store_password(account.id, await passwords.hash_password(password))
    return PasswordCheck(person=as_person(account, clock.now()))


def as_person(account: PasswordAccount, auth_time: datetime | None) -> AccountHolder:
    """The person of an account, without the hash of the password."""
    return AccountHolder(
        account.id,
        account.email,
        account.mobile,
        account.given_name,
        account.family_name,
        account.language,
        auth_time,
    )


async def _store_password(account_id: UUID, password_hash: str) -> None:
    async with open_global() as connection:
        await connection.execute(SET_PASSWORD, account_id, password_hash)


async def ensure_account(
    scope: Scope,
    *,
    email: str,
    name: str,
    language: str,
    mobile: str | None,
    password_hash: str | None,
) -> UUID:
    """Find the account of this address, or write one; returns its id. A password given replaces the old one everywhere.

    Runs in the caller's transaction. Raises ValidationFailed for a new account without a password, for text that is
    no address or number, and for a number of another account.
    """
    email = normalise_login(email)
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise ValidationFailed(email="This is not an e-mail address.")
    number = _own_number(mobile)
    known = await scope.fetch_one(KnownAccount, LOCK_BY_EMAIL, email)
    other = await scope.fetch_value(str, EMAIL_OF_MOBILE, number) if number else None
    if other not in {None, email}:
        raise ValidationFailed(mobile="This mobile number already signs in to another account.")
    if known is None:
        if password_hash is None:
            raise ValidationFailed(password="A new account needs a password.")  # noqa: S106 - a sentence about it
        given_name, _, family_name = name.strip().partition(" ")
        account_id = new_id()
        await scope.execute(
            INSERT,
            account_id,
            email,
            number,
            password_hash,
            given_name,
            family_name,
            language,
            AccountState.ACTIVE,
            clock.now(),
        )
        return account_id
    if number and number != known.mobile:
        await scope.execute(SET_MOBILE, known.id, number)
    if password_hash:
        await scope.execute(SET_PASSWORD, known.id, password_hash)
        for statement in END_GRANTS:
            await scope.execute(statement, known.id)
    return known.id


def _own_number(mobile: str | None) -> str | None:
    if not mobile:
        return None
    number = normalise_mobile(mobile)
    if number is None:
        raise ValidationFailed(mobile="This is not a telephone number.")
    return number
