"""Passwords: argon2id in threads of their own, so that few run at once and none blocks the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.core.errors import ValidationFailed
from backend.core.secrets import new_token

SHORTEST = 12
# Longer texts only cost time
LONGEST = 1024
# Each takes 64 MiB and a core for about 0.1 s
AT_ONCE = 2

HASHER = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")


def check_strength(password: str) -> None:
    """Raise ValidationFailed for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ValidationFailed(password=f"A password has {SHORTEST} to {LONGEST} characters.")


async def hash_password(password: str) -> str:
    """The hash to store."""
    return await asyncio.get_running_loop().run_in_executor(_threads, HASHER.hash, password)


async def verify(stored: str | None, password: str) -> bool:
    """Whether the password is right. With no stored hash, and for a password that is too long: the same work, and False."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Whether it was made with weaker settings than today's."""
    return HASHER.check_needs_rehash(stored)


@cache
def _decoy() -> str:
    """A hash that no password fits, made with today's settings so that checking it costs the same."""
    return HASHER.hash(new_token())


def _verify(stored: str | None, password: str) -> bool:
    # Cut, it would match the hash of its beginning
    if len(password) > LONGEST:
        stored, password = None, ""
    try:
        HASHER.verify(stored or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
