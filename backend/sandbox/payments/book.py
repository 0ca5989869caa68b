"""What the payments sandbox knows: its objects by id, its answers by idempotency key, what it will do and when."""

import heapq
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from backend.sandbox.payments.documents import StripeDocument, StripeError, new_document
from backend.sandbox.store import Store

# So many objects of a kind are kept; the oldest is forgotten when one more comes
MOST = 5_000
EVENTS_EACH = 2
# Stripe forgets an idempotency key after a day
ANSWERS_SECONDS = 86_400


class KeptAnswer(msgspec.Struct, frozen=True):
    """What was answered to an idempotency key, and what had been asked."""

    asked: str
    status: int
    body: StripeDocument
    at: int


class PlannedMove(msgspec.Struct, frozen=True, order=True):
    """What happens to an object by itself, at a moment in seconds since 1970."""

    at: float
    number: int
    document_id: str
    move: str


class PaymentBook:
    """The objects of one sandbox, in the order in which they were made. A change is on disk once `settled` returns."""

    def __init__(self, store: Store, clock: Callable[[], float], *, most: int = MOST) -> None:
        self.kinds: dict[str, dict[str, StripeDocument]] = {}
        self.answers: dict[str, KeptAnswer] = {}
        self._store = store
        self._clock = clock
        self._most = most
        self._planned: list[PlannedMove] = []
        self._numbers = 0

    def now(self) -> int:
        """Whole seconds since 1970."""
        return int(self._clock())

    async def settled(self) -> None:
        await self._store.settled()

    def load(self) -> None:
        """Read what an earlier process wrote."""
        for (text,) in self._store.rows("SELECT document FROM payment_objects ORDER BY number"):
            document: StripeDocument = msgspec.json.decode(text)
            self.of(document["object"])[document["id"]] = document
            if planned := document.get("_planned"):
                self._push(document["id"], planned[0], planned[1])
        for key, text in self._store.rows("SELECT key, document FROM payment_answers ORDER BY rowid"):
            self.answers[key] = msgspec.json.decode(text, type=KeptAnswer)

    def of(self, kind: str) -> dict[str, StripeDocument]:
        """Every object of a kind by its id, the oldest first."""
        return self.kinds.setdefault(kind, {})

    def add(self, kind: str, **values: Any) -> StripeDocument:
        """Make an object as Stripe has them, and keep it."""
        document = new_document(kind, self.now(), **values)
        self.put(document)
        return document

    def put(self, document: StripeDocument) -> None:
        """Keep a new object, and forget the oldest of its kind where there are too many."""
        kind = document["object"]
        known = self.of(kind)
        known[document["id"]] = document
        # A payment has several events
        most = self._most * (EVENTS_EACH if kind == "event" else 1)
        if len(known) > most:
            oldest = next(iter(known))
            del known[oldest]
            self._store.add("DELETE FROM payment_objects WHERE id = ?", oldest)
        self.save(document)

    def save(self, document: StripeDocument) -> None:
        """Write an object that was changed."""
        if document["id"] in self.of(document["object"]):
            self._store.add(
                "INSERT INTO payment_objects (id, document) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                document["id"],
                msgspec.json.encode(document),
            )

    def find(self, kind: str, document_id: object, param: str = "id") -> StripeDocument:
        """The object of that id. Raises StripeError 404 for one that is not there, as Stripe does."""
        found = self.of(kind).get(str(document_id))
        if found is None:
            message = f"No such {kind.replace('.', ' ')}: '{document_id}'"
            raise StripeError(
                404, "invalid_request_error", message, kept=False, code="resource_missing", param=param
            )
        return found

    def keep_answer(self, key: str, asked: str, status: int, body: StripeDocument) -> None:
        """Remember what was answered to a key, and forget what is older than a day or too much."""
        answer = KeptAnswer(asked, status, body, self.now())
        self.answers[key] = answer
        self._store.add(
            "INSERT OR REPLACE INTO payment_answers (key, document) VALUES (?, ?)",
            key,
            msgspec.json.encode(answer),
        )
        while self.answers:
            oldest = next(iter(self.answers))
            if len(self.answers) <= self._most and self.answers[oldest].at > self.now() - ANSWERS_SECONDS:
                return
            del self.answers[oldest]
            self._store.add("DELETE FROM payment_answers WHERE key = ?", oldest)

    def plan(self, document: StripeDocument, seconds: float, move: str) -> None:
        """Let a move happen to an object after so many seconds; it takes the place of one that was planned before."""
        at = self._clock() + seconds
        document["_planned"] = [at, move]
        self.save(document)
        self._push(document["id"], at, move)

    def unplan(self, document: StripeDocument) -> None:
        """Nothing happens to the object by itself any more."""
        document.pop("_planned", None)

    def next_at(self) -> float | None:
        """When the next move is due; None where none is planned."""
        return self._planned[0].at if self._planned else None

    def due(self) -> Iterator[tuple[StripeDocument, str]]:
        """The moves that are due. One that was replaced or taken back is passed over."""
        while self._planned and self._planned[0].at <= self._clock():
            planned = heapq.heappop(self._planned)
            document = self.anywhere(planned.document_id)
            if document and document.get("_planned") == [planned.at, planned.move]:
                self.unplan(document)
                self.save(document)
                yield document, planned.move

    def _push(self, document_id: str, at: float, move: str) -> None:
        self._numbers += 1
        heapq.heappush(self._planned, PlannedMove(at, self._numbers, document_id, move))

    def anywhere(self, document_id: str) -> StripeDocument | None:
        """The object of an id, of whatever kind; None where there is none."""
        return next((known[document_id] for known in self.kinds.values() if document_id in known), None)

    def forget_all(self) -> None:
        """Empty the book."""
        self.kinds.clear()
        self.answers.clear()
        self._planned.clear()
        self._store.add("DELETE FROM payment_objects")
        self._store.add("DELETE FROM payment_answers")
