"""An outage is said once when it begins and once when it is over, and no library repeats it."""

import logging

import dramatiq
import pytest
from dramatiq.errors import BrokerConnectionError, ConnectionClosed
from structlog.testing import capture_logs

from backend.core.logs import BROKER_LOST, LibraryLogFilter, LogLimit
from backend.core.messaging.broker import WatchedConsumer
from backend.core.outages import OutageLog


def test_it_is_said_once_each() -> None:
    outage = OutageLog(lost="x lost", back="x works again")
    with capture_logs() as logs:
        outage.ended()
        for _ in range(3):
            outage.began(why="gone")
        for _ in range(3):
            outage.ended()
        outage.began(why="gone again")
    assert [log["event"] for log in logs] == ["x lost", "x works again", "x lost"]
    assert logs[0]["why"] == "gone"


class Shaky(dramatiq.Consumer):
    """A consumer whose broker is away at times."""

    def __init__(self, *answers: Exception | None) -> None:
        self._answers = list(answers)

    def __next__(self) -> dramatiq.MessageProxy | None:
        answer = self._answers.pop(0)
        if answer:
            raise answer
        return None


def test_a_broker_that_is_lost_between_messages_is_said_once_and_when_it_is_back() -> None:
    lost = ConnectionClosed("away")
    consumer = WatchedConsumer(
        Shaky(None, lost, lost, None, None), OutageLog(lost="broker lost", back="broker works again")
    )
    with capture_logs() as logs:
        for _ in range(5):
            try:
                next(consumer)
            except BrokerConnectionError:
                continue
    assert [log["event"] for log in logs] == ["broker lost", "broker works again"]


@pytest.mark.parametrize(
    ("name", "level", "words", "kept"),
    [
        ("pika.connection", logging.ERROR, "Connection lost", False),
        ("pika.connection", logging.CRITICAL, "anything", True),
        ("dramatiq.worker.ConsumerThread(x)", logging.CRITICAL, f"{BROKER_LOST}: %s", False),
        (
            "dramatiq.worker.ConsumerThread(x)",
            logging.CRITICAL,
            "Consumer encountered an unexpected error.",
            True,
        ),
        ("pikachu", logging.ERROR, "Connection lost", True),
    ],
)
def test_what_libraries_repeat_is_left_out(name: str, level: int, words: str, kept: bool) -> None:
    record = logging.LogRecord(name, level, "x.py", 1, words, (), None)
    assert LibraryLogFilter(LogLimit()).filter(record) is kept
