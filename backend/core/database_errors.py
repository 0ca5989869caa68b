"""Errors of the database: outages, a full disk, deadlocks, characters that it cannot store."""

import errno
import socket
import ssl

import asyncpg

from backend.core.errors import AppError, Unavailable, ValidationFailed
from tenants.connection import OutcomeUnknown

# Classes and codes of SQLSTATE after which the same work may succeed: connection lost, no resources (disk, memory,
# connections), shut down or starting, an error of the system below, a server that only reads for now.
PASSING = ("08", "53", "57", "58", "25006")
# Login or database refused: somebody changes a password, or renames the database
REFUSED = ("28", "3D000")
# Serialisation failure, deadlock: another transaction was let through
ROLLED_BACK = ("40001", "40P01")
# A NUL, or half of a surrogate pair
UNSTORABLE = ("22021", "22P05")

# Of the network, where an error has no class of its own
NETWORK = frozenset(
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)

TRANSIENT_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_retryable(error: BaseException) -> bool:
    """Whether the transaction was rolled back as a whole and can be run again at once."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in ROLLED_BACK


def is_transient(error: BaseException) -> bool:
    """Whether the error is about the database's state and not about what was asked of it."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith((*PASSING, *REFUSED, *ROLLED_BACK))
    if isinstance(error, asyncpg.InterfaceError):
        # Asyncpg's word for an argument of the wrong kind
        return not isinstance(error, ValueError)
    return isinstance(error, OSError | asyncpg.InternalClientError)


def to_app_error(error: BaseException) -> AppError | None:
    """The error that a customer gets to see; None where it is a bug of the product."""
    if isinstance(error, OutcomeUnknown):
        return Unavailable(
            "The service did not answer in time, and whether this was done is not known: look before you try again."
        )
    if is_transient(error):
        return Unavailable(
            "The service cannot do this right now; nothing was changed. Try again in a moment."
        )
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in UNSTORABLE:
        return ValidationFailed("The text holds a character that cannot be stored.", code="invalid_text")
    return None


def describe(error: BaseException) -> str | None:
    """One line for who runs the product on why the database cannot be used; None for any other error.

    Files, pipes and disks have errors of the same class as networks: those are not the database's.
    """
    words = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        away = str(error.sqlstate or "").startswith(PASSING)
        return f"the database {'does not answer' if away else 'refuses'}: {words}"
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return f"the database cannot be used: {words}"
    if _is_of_network(error):
        return f"the database does not answer: {words}"
    return None


def _is_of_network(error: BaseException) -> bool:
    if isinstance(error, BrokenPipeError) or not isinstance(error, OSError):
        return False
    # One that stands for several, of a host with several addresses, has no number
    known = isinstance(error, ConnectionError | TimeoutError | socket.gaierror | ssl.SSLError)
    return known or error.errno is None or error.errno in NETWORK
