import asyncpg
import pytest

from backend.core.database_errors import is_retryable, is_transient, to_app_error
from backend.core.errors import NotFound, Unavailable, ValidationFailed
from backend.core.use_case import max_attempts, run_with_retry


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.DiskFullError("no space left"),
        asyncpg.TooManyConnectionsError("sorry"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.InvalidPasswordError("password authentication failed"),
        asyncpg.InvalidAuthorizationSpecificationError("no pg_hba.conf entry"),
        asyncpg.InvalidCatalogNameError("no such database"),
        asyncpg.AdminShutdownError("terminating"),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("unexpected state"),
        asyncpg.DeadlockDetectedError("deadlock"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_troubles_of_the_database_are_passing(error: Exception) -> None:
    assert is_transient(error)
    assert isinstance(to_app_error(error), Unavailable)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("taken"),
        asyncpg.UndefinedColumnError("a typing mistake"),
        asyncpg.InsufficientPrivilegeError("policy"),
        asyncpg.exceptions._base.DataError("an argument of the wrong kind"),
        ValueError(),
        NotFound(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_own_mistakes_are_not(error: Exception) -> None:
    assert not is_transient(error)
    assert to_app_error(error) is None


def test_a_character_that_cannot_be_stored_is_the_inputs_fault() -> None:
    refusal = to_app_error(asyncpg.CharacterNotInRepertoireError("invalid byte sequence"))
    assert isinstance(refusal, ValidationFailed)
    assert refusal.code == "invalid_text"


class Victim:
    """Loses against other transactions so many times, then works."""

    def __init__(self, times: int) -> None:
        self.left, self.calls = times, 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise asyncpg.DeadlockDetectedError("deadlock")
        return "done"


async def test_the_victim_of_a_deadlock_is_done_again() -> None:
    victim = Victim(3)
    assert await run_with_retry("test", victim, max_attempts((), {})) == "done"
    assert victim.calls == 4


async def test_a_deadlock_that_does_not_end_is_a_refusal() -> None:
    with pytest.raises(Unavailable):
        await run_with_retry("test", Victim(100), max_attempts((), {}))


async def test_what_can_be_read_only_once_is_not_done_twice() -> None:
    victim = Victim(1)
    with pytest.raises(Unavailable):
        await run_with_retry("test", victim, max_attempts((iter("rows"),), {}))
    assert victim.calls == 1
    assert not is_retryable(asyncpg.UniqueViolationError("taken"))
