"""What a page may send over its socket: events of the client, so large, so many, over so many sockets. Pure."""

import time

import orjson

# A selection of 20,000 lines by their ids
LARGEST = 1024 * 1024
# A target is a path of keys, and a page's key is its address
LONGEST_TARGET = 16 * 1024
# Typing makes about ten a second
MESSAGES, MESSAGES_A_SECOND = 300.0, 30.0
BYTES, BYTES_A_SECOND = 4.0 * 1024 * 1024, 128.0 * 1024
# Of one member in one process: pages in tabs, of several browsers
SOCKETS = 40


def is_event(text: object) -> bool:
    """Whether a message is an event as our client sends it: {"type": "layout-event", "target": …, "data": […]}."""
    if not isinstance(text, str) or len(text) > LARGEST:
        return False
    try:
        message = orjson.loads(text)
    except ValueError:
        return False
    if not isinstance(message, dict) or message.get("type") != "layout-event":
        return False
    target = message.get("target")
    return isinstance(target, str) and len(target) <= LONGEST_TARGET and isinstance(message.get("data"), list)


class MessageBudget:
    """How long the next message has to wait. A burst is free, and fills up again with time."""

    def __init__(self) -> None:
        self._messages, self._bytes, self._at = MESSAGES, BYTES, time.monotonic()

    def wait_for(self, size: int) -> float:
        """Take one message of so many bytes; returns the seconds to wait before it is handed on."""
        now = time.monotonic()
        passed, self._at = now - self._at, now
        self._messages = min(MESSAGES, self._messages + passed * MESSAGES_A_SECOND) - 1
        self._bytes = min(BYTES, self._bytes + passed * BYTES_A_SECOND) - size
        return max(0.0, -self._messages / MESSAGES_A_SECOND, -self._bytes / BYTES_A_SECOND)
