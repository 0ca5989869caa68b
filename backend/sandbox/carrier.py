"""One invented carrier: takes service orders, carries them out in their time, keeps the lines, counts its effects."""

import asyncio
import contextlib
import heapq
import time
from collections import Counter
from typing import Any

import msgspec

from backend.core.ids import new_id
from backend.sandbox.behaviour import Behaviour, Outcome, Script
from backend.sandbox.books import Books
from backend.sandbox.callbacks import Callback, Postman
from backend.sandbox.journal import Journal
from backend.sandbox.shapes import Order, TmfError, moment, order_document, read_order

OVERTAKEN_SECONDS = 0.3  # how much later an overtaken callback leaves
WORDS = {
    Outcome.FAILED: "The network could not carry out this change.",
    Outcome.PARTIAL: "Only a part of this change was carried out.",
    Outcome.CANCELLED: "The order was cancelled by the carrier.",
    Outcome.HELD: "The carrier needs information before it goes on.",
}


class Carrier:
    """State in memory, every change in the journal in the same transaction as the effect that it counts."""

    def __init__(self, code: str, name: str, *, journal: Journal, postman: Postman, base: Behaviour) -> None:
        self.code = code
        self.name = name
        self.base = base
        self.script = Script(standing=base)
        self.orders: dict[str, Order] = {}
        self.by_external: dict[str, Order] = {}
        self.books = Books(code, journal)
        self.effects: Counter[tuple[str, str]] = Counter()  # (external id, number) -> times carried out
        self.repeats = 0  # orders that came again and were answered with the first
        self._journal = journal
        self._postman = postman
        self._due: list[tuple[float, str]] = []
        self._wake = asyncio.Event()

    def load(self) -> None:
        """Read what an earlier process left, and go on with what was running."""
        self.books.load()
        rows = self._journal.rows
        for (document,) in rows("SELECT document FROM orders WHERE carrier = ? ORDER BY id", (self.code,)):
            order = msgspec.json.decode(document, type=Order)
            self.orders[order.id] = self.by_external[order.external_id] = order
            self._schedule(order)
        found = rows("SELECT external_id, msisdn, times FROM effects WHERE carrier = ?", (self.code,))
        self.effects.update({(external_id, msisdn): times for external_id, msisdn, times in found})
        for (document,) in rows("SELECT document FROM scripts WHERE carrier = ?", (self.code,)):
            self.script = msgspec.json.decode(document, type=Script)

    async def take(self, body: bytes) -> tuple[Order, bool]:
        """Take an order, or find the one that its externalId already names. On disk when this returns."""
        external_id, msisdn, add, remove = read_order(body)
        if existing := self.by_external.get(external_id):
            self.repeats += 1
            await self._journal.settled()
            return existing, False
        if msisdn not in self.books.lines:
            raise TmfError(404, "unknownLine", f"{msisdn} is not a line of {self.name}.")
        behaviour = self.script.take(msisdn)
        if self.script.rules or behaviour != self.script.standing:
            self.save_script()
        if behaviour.refuse:
            raise TmfError(
                behaviour.refuse_status,
                behaviour.refuse,
                behaviour.message or "The carrier refuses this order.",
            )
        now = time.time()
        delay = behaviour.delay_seconds()
        order = Order(
            id=str(new_id()),
            carrier=self.code,
            external_id=external_id,
            msisdn=msisdn,
            add=add,
            remove=remove,
            original=msgspec.Raw(body),
            behaviour=behaviour,
            ordered_at=now,
            due=now + delay / 2,
        )
        self.orders[order.id] = self.by_external[external_id] = order
        self._save(order)
        await self._journal.settled()
        self._schedule(order)
        return order, True

    def behaviour_for(self, body: bytes) -> Behaviour:
        """What a request meets before it is read: an outage for all, or for the order in it."""
        try:
            external_id, msisdn, _, _ = read_order(body)
        except TmfError:
            return self.script.standing
        for rule in reversed(self.script.rules):
            if rule.applies_to(msisdn) and external_id not in self.by_external:
                return rule.behaviour
        return self.script.standing

    def count_outage(self, body: bytes) -> None:
        """An order that met an outage counts among the next ones that a rule speaks of."""
        try:
            self.script.take(read_order(body)[1])
        except TmfError:
            return
        self.save_script()

    def counts(self) -> dict[str, Any]:
        """Orders by state, and how often each was carried out, by its external id and by number."""
        by_external: Counter[str] = Counter()
        by_line: Counter[str] = Counter()
        for (external_id, msisdn), times in self.effects.items():
            by_external[external_id] += times
            by_line[msisdn] += times
        return {
            "orders": len(self.orders),
            "repeats": self.repeats,
            "states": dict(Counter(order.state for order in self.orders.values())),
            "effects": sum(by_external.values()),
            "by_external_id": dict(by_external),
            "by_line": dict(by_line),
        }

    async def settled(self) -> None:
        await self._journal.settled()

    async def run(self) -> None:
        """Move orders on when they are due, for as long as the sandbox runs."""
        while True:
            self._wake.clear()
            pause = self._due[0][0] - time.time() if self._due else None
            if pause is None or pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                continue
            await self._advance_due()

    async def _advance_due(self) -> None:
        now = time.time()
        callbacks: list[Callback] = []
        while self._due and self._due[0][0] <= now:
            order = self.orders.get(heapq.heappop(self._due)[1])
            if order is None or order.due is None or order.due > now:
                continue  # forgotten, or moved on by a person in the meantime
            callbacks += self._advance(order, now)
        await self._journal.settled()
        self._send(callbacks)

    def _advance(self, order: Order, now: float) -> list[Callback]:
        """The next step of an order. Without a delay there is no time to be in progress."""
        remaining = (order.due or now) - order.ordered_at
        if order.state == "acknowledged" and remaining > 0:
            order.state = "inProgress"
            order.due = order.ordered_at + 2 * remaining
            self._save(order)
            self._schedule(order)
            late = 2 * remaining + OVERTAKEN_SECONDS if order.behaviour.reorder_callbacks else 0.0
            return self._tell(order, now + late)
        return self._end(order, order.behaviour.outcome, order.behaviour.message, now)

    def _end(self, order: Order, outcome: Outcome, message: str, now: float) -> list[Callback]:
        order.state = outcome.value
        order.message = "" if outcome is Outcome.COMPLETED else message or WORDS[outcome]
        order.due = None
        if outcome is not Outcome.HELD:
            order.ended_at = now
        if outcome is Outcome.COMPLETED:
            self._carry_out(order, order.add, order.remove)
        elif outcome is Outcome.PARTIAL:
            self._carry_out(order, order.add[:1], [] if order.add else order.remove[:1])
        self._save(order)
        return self._tell(order, now)

    def _carry_out(self, order: Order, add: list[str], remove: list[str]) -> None:
        line = self.books.lines.get(order.msisdn)
        if line is not None:
            kept = [code for code in line.options if code not in remove]
            line.options = kept + [code for code in add if code not in kept]
            order.confirmed = list(line.options)
            self.books.save(line)
        self.effects[order.external_id, order.msisdn] += 1
        self._journal.add(
            "INSERT INTO effects VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            self.code,
            order.external_id,
            order.msisdn,
        )

    def _tell(self, order: Order, due: float) -> list[Callback]:
        """Write down the callbacks for the state that an order has just reached."""
        behaviour = order.behaviour
        event = {
            "eventId": str(new_id()),
            "eventTime": moment(time.time()),
            "eventType": "ServiceOrderStateChangeEvent",
            "event": {"serviceOrder": order_document(order)},
        }
        body = msgspec.Raw(msgspec.json.encode(event))
        due += behaviour.callback_delay_ms / 1000
        callbacks = [
            Callback(id=str(new_id()), carrier=self.code, order_id=order.id, body=body, due=due)
            for _ in range(2 if behaviour.duplicate_callbacks else 1)
        ]
        for callback in callbacks if behaviour.lose_callbacks else ():
            self._postman.finish(callback, "lost")
        kept = [] if behaviour.lose_callbacks else callbacks
        for callback in kept:
            self._postman.note(callback)
        return kept

    def _send(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            self._postman.send(callback)

    async def end_now(self, order_id: str, outcome: Outcome, message: str = "") -> Order:
        """A person ends an order that is running or held. Raises TmfError where it has ended already."""
        order = self.find(order_id)
        if order.ended:
            raise TmfError(409, "orderEnded", f"The order is {order.state} already.")
        callbacks = self._end(order, outcome, message, time.time())
        await self._journal.settled()
        self._send(callbacks)
        return order

    async def resend(self, order_id: str) -> Order:
        """Tell the product once more how an order stands, whatever the behaviour says of callbacks."""
        order = self.find(order_id)
        heard = msgspec.structs.replace(order, behaviour=Behaviour())
        callbacks = self._tell(heard, time.time())
        await self._journal.settled()
        self._send(callbacks)
        return order

    def find(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise TmfError(404, "notFound", "This order does not exist.")
        return order

    async def change_behaviour(self, wish: dict[str, Any]) -> None:
        self.script.change(self.base, wish)
        self.save_script()
        await self._journal.settled()

    async def forget_rules(self) -> None:
        self.script = Script(standing=self.base)
        self.save_script()
        await self._journal.settled()

    async def forget_orders(self) -> None:
        """As if no order had ever come; the lines stay as the orders left them."""
        self.orders.clear()
        self.by_external.clear()
        self.effects.clear()
        self._due.clear()
        self.repeats = 0
        self._postman.forget(self.code)
        self._journal.add("DELETE FROM orders WHERE carrier = ?", self.code)
        self._journal.add("DELETE FROM effects WHERE carrier = ?", self.code)
        await self._journal.settled()

    def save_script(self) -> None:
        self._journal.add(
            "INSERT OR REPLACE INTO scripts VALUES (?, ?)", self.code, msgspec.json.encode(self.script)
        )

    def _save(self, order: Order) -> None:
        document = msgspec.json.encode(order)
        self._journal.add("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", self.code, order.id, document)

    def _schedule(self, order: Order) -> None:
        if order.due is not None:
            heapq.heappush(self._due, (order.due, order.id))
            self._wake.set()
