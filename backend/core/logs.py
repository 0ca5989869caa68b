"""What the log may hold: one line an entry, without control characters, cut to a size, and only so many a minute.

What somebody sends may end in an entry. It must neither look like another entry nor fill the disk.
"""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import ExcInfo

# Signs of one value, and of a traceback
LONGEST, LONGEST_TRACEBACK = 1000, 20_000
# Of entries of one name, in one process
PER_MINUTE = 300
# In UTC, and saying so
TIME = "%Y-%m-%dT%H:%M:%SZ"
# What Dramatiq writes every few seconds while its broker is away
BROKER_LOST = "Consumer encountered a connection error"
# Names that are counted at once
NAMES = 1000


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text with everything that a terminal would not show as a sign escaped, and without its middle if too long."""
    if len(text) > longest:
        ends = longest // 3
        left_out = len(text) - longest
        text = f"{text[: longest - ends]}… ({left_out} signs left out) …{text[-ends:]}"
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def indented(text: str) -> str:
    """The lines of a traceback, each moved in: none of them looks like an entry."""
    lines = text.splitlines()
    kept = [f"  {one_line(line)}" for line in lines]
    while sum(map(len, kept)) > LONGEST_TRACEBACK:
        middle = len(kept) // 2
        kept[middle - 1 : middle + 1] = []
    return "\n".join(kept)


class LogLimit:
    """Counts the entries of each name in a minute."""

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._since, self._counts = time.monotonic(), dict[str, int]()

    def allows(self, name: str) -> bool:
        """Whether one more entry of this name is written. The last one of a minute says that the others are not."""
        now = time.monotonic()
        if now - self._since >= 60 or len(self._counts) > NAMES:
            self._since, self._counts = now, {}
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return count <= self._per_minute

    def is_last(self, name: str) -> bool:
        """Whether the entry that was just allowed is the last one of this minute."""
        return self._counts.get(name) == self._per_minute


Event = MutableMapping[str, Any]


def limit_events(limit: LogLimit) -> Callable[[Any, str, Event], Event]:
    """A structlog processor that drops what is too much."""

    def process(_logger: Any, _method: str, event: Event) -> Event:
        name = str(event.get("event", ""))[:100]
        if not limit.allows(name):
            raise structlog.DropEvent
        if limit.is_last(name):
            event["more_left_out"] = True
        return event

    return process


def clean_event(_logger: Any, _method: str, event: Event) -> Event:
    """A structlog processor that makes every value one short line."""
    for key, value in event.items():
        if key == "exc_info" or value is None or isinstance(value, (bool, int, float)):
            continue
        event[key] = one_line(value if isinstance(value, str) else repr(value))
    return event


def _traceback(stream: Any, exc_info: ExcInfo) -> None:
    """A traceback without variables: they may hold passwords, tokens, PUKs and keys."""
    text = _Buffer()
    plain_traceback(text, exc_info)  # type: ignore[arg-type] # only `write` is called
    stream.write("\n" + indented("".join(text.parts)))


class _Buffer:
    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        self.parts.append(text)


class LibraryLogFormatter(logging.Formatter):
    """For entries of libraries."""

    def converter(self, seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return indented(super().formatException(ei))


class LibraryLogFilter(logging.Filter):
    """Drops entries of libraries that are too many, by where they are written."""

    def __init__(self, limit: LogLimit) -> None:
        super().__init__()
        self._limit = limit

    def filter(self, record: logging.LogRecord) -> bool:
        # The outage itself is one entry of ours (`OutageLog`)
        repeats = record.name.partition(".")[0] == "pika" and record.levelno < logging.CRITICAL
        if repeats or str(record.msg).startswith(BROKER_LOST):
            return False
        return self._limit.allows(f"{record.pathname}:{record.lineno}")


def configure_logs() -> None:
    """Bind structlog and the loggers of libraries to these rules."""
    *processors, renderer = structlog.get_config()["processors"]
    if clean_event in processors:
        return
    # Hosts may be in other zones, and one hour of a year comes twice
    utc = structlog.processors.TimeStamper(fmt=TIME, utc=True)
    processors = [utc if isinstance(one, structlog.processors.TimeStamper) else one for one in processors]
    if isinstance(renderer, ConsoleRenderer):
        renderer.exception_formatter = _traceback
    structlog.configure(processors=[*processors, limit_events(LogLimit()), clean_event, renderer])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LibraryLogFormatter("%(asctime)s [%(levelname)s] %(name)s: %(message)s", TIME))
    handler.addFilter(LibraryLogFilter(LogLimit()))
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
