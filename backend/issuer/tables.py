"""The built-in issuer's own records: people who sign in. None of these rows belongs to a tenant."""

from piccolo.columns import JSONB, UUID, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class Account(Table):
    """A person who can sign in, by e-mail address or mobile number."""

    id = UUID(primary_key=True, default=None)
    # Lower case
    email = Text(unique=True)
    # E.164
    mobile = Text(null=True, default=None, unique=True)
    # Argon2id
    password_hash = Text()
    given_name = Text()
    family_name = Text()
    language = Text(default="en")
    # `AccountState`
    state = Text(default="active")
    created_at = Timestamptz()


class IssuerSession(Table):
    """A signed-in browser at the issuer; the cookie's hash is the key."""

    token_hash = Bytea(primary_key=True, default=None)
    account_id = UUID(default=None)
    auth_time = Timestamptz()
    expires_at = Timestamptz()


class AuthorizationCode(Table):
    """A one-time code. A used one is kept while tokens that it gave may live: shown again, it ends them."""

    code_hash = Bytea(primary_key=True, default=None)
    account_id = UUID(default=None)
    data = JSONB()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)


class AccessToken(Table):
    """A token for the userinfo endpoint."""

    token_hash = Bytea(primary_key=True, default=None)
    account_id = UUID(default=None)
    data = JSONB()
    expires_at = Timestamptz()
    # The code that it was given for
    code_hash = Bytea(null=True, default=None)


class IssuerKey(Table):
    """A signing key, encrypted with the deployment's secret keys."""

    kid = Text(primary_key=True, default=None)
    sealed = Bytea()
    created_at = Timestamptz()


class SignInAttempt(Table):
    """Failed tries of one counter; kept for logins that do not exist as well."""

    # <kind>:<hash> or address:<ip>; the kinds are device, pair, account and credit (`attempts.py`)
    key = Text(primary_key=True, default=None)
    failures = Integer(default=0)
    last_at = Timestamptz()
    locked_until = Timestamptz(null=True, default=None)
