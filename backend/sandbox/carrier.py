"""One invented carrier: takes service orders, carries them out in their time, keeps the lines, counts its effects."""

import asyncio
import contextlib
import heapq
import time
from collections import Counter
from typing import Any

import msgspec

from backend.catalog.schemas import CarrierProfile
from backend.core.ids import new_id
from backend.sandbox.amending import check_amendment, go_on
from backend.sandbox.behaviour import WORDS, Behaviour, EsimTrouble, Outcome, PortRejection, Script
from backend.sandbox.books import Books
from backend.sandbox.callbacks import Callback, Postman
from backend.sandbox.categories import CATEGORIES, STEPS, category_of, seconds_before, too_late
from backend.sandbox.desk import Desk, End, Wait
from backend.sandbox.esims import may_fail, trouble
from backend.sandbox.journal import Journal
from backend.sandbox.porting import executes_at, reject
from backend.sandbox.reading import Asked, read_amendment, read_order, stored_order
from backend.sandbox.scripted import Scripted
from backend.sandbox.shapes import Order, TmfError, moment, order_document
from backend.sandbox.sims import Sims

OVERTAKEN_SECONDS = 0.3  # how much later an overtaken callback leaves


class Carrier(Scripted):
    """State in memory, every change in the journal in the same transaction as the effect that it counts."""

    def __init__(
        self,
        profile: CarrierProfile,
        number_range: str,
        *,
        journal: Journal,
        postman: Postman,
        base: Behaviour,
    ) -> None:
        super().__init__(profile.code, journal, base)
        self.name = profile.name
        self.orders: dict[str, Order] = {}
        self.books = Books(profile.code, journal, number_range)
        self.sims = Sims(profile, self.books, journal)
        self.desk = Desk(profile, self.books, self.sims, self.orders)
        self.effects: Counter[tuple[str, str]] = Counter()  # (external id, number) -> times carried out
        self.repeats = 0  # orders that came again and were answered with the first
        self._postman = postman
        self._due: list[tuple[float, str]] = []
        self._wake = asyncio.Event()

    def load(self) -> None:
        """Read what an earlier process left, and go on with what was running."""
        self.books.load()
        self.sims.load()
        rows = self._journal.rows
        for (document,) in rows("SELECT document FROM orders WHERE carrier = ? ORDER BY id", (self.code,)):
            order = stored_order(document)
            self.orders[order.id] = self.by_external[order.external_id] = order
            self._schedule(order)
            if CATEGORIES[order.category].new and not order.ended:
                self.books.reserve(order.msisdn)
        found = rows("SELECT external_id, msisdn, times FROM effects WHERE carrier = ?", (self.code,))
        self.effects.update({(external_id, msisdn): times for external_id, msisdn, times in found})
        for (document,) in rows("SELECT document FROM scripts WHERE carrier = ?", (self.code,)):
            self.script = msgspec.json.decode(document, type=Script)

    async def take(self, body: bytes) -> tuple[Order, bool]:
        """Take an order, or find the one that its externalId already names. On disk when this returns."""
        asked = read_order(body)
        if existing := self.by_external.get(asked.external_id):
            self.repeats += 1
            await self._journal.settled()
            return existing, False
        category, order = category_of(asked.category, asked.action), self._new_order(asked, body)
        if not category.new and self.desk.line(order).customer not in {order.customer, ""}:
            raise TmfError(404, "unknownLine", f"{order.msisdn} is not a line of {order.customer}.")
        category.check(self.desk, order)
        behaviour = self.script.take(asked.msisdn)
        if self.script.rules or behaviour != self.script.standing:
            self.save_script()
        if behaviour.refuse:
            raise TmfError(
                behaviour.refuse_status,
                behaviour.refuse,
                behaviour.message or "The carrier refuses this order.",
            )
        order.behaviour, order.pace = behaviour, behaviour.delay_seconds()
        category.keep(self.desk, order)
        order.steps = category.steps(order)
        order.due = order.ordered_at + seconds_before(order, order.steps[0])
        self.orders[order.id] = self.by_external[order.external_id] = order
        self._save(order)
        await self._journal.settled()
        self._schedule(order)
        return order, True

    def _new_order(self, asked: Asked, body: bytes) -> Order:
        return Order(
            id=str(new_id()),
            carrier=self.code,
            external_id=asked.external_id,
            customer=asked.customer,
            msisdn=asked.msisdn,
            category=asked.category,
            action=asked.action,
            asked=asked.values,
            original=msgspec.Raw(body),
            behaviour=self.script.standing,
            steps=[],
            pace=0.0,
            ordered_at=time.time(),
            due=None,
        )

    async def amend(self, order_id: str, body: bytes) -> Order:
        """Add to an order or correct it. What says nothing new changes nothing, however late it comes."""
        order, values = self.find(order_id), read_amendment(body)
        new = {name: value for name, value in values.items() if order.asked.get(name) != value}
        if not new and order.waits_for != "information":
            return order
        if order.ended:
            raise TmfError(409, "orderEnded", f"The order is {order.state} already.")
        check_amendment(order, new)
        order.asked, order.amended = order.asked | new, order.amended | new
        callbacks = []
        if order.waits_for == "information" or (
            order.waits_for == "confirmation" and "esimConfirmedAt" in order.asked
        ):
            callbacks = self._go_on(order, time.time())
        self._save(order)
        await self._journal.settled()
        self._send(callbacks)
        return order

    def _go_on(self, order: Order, now: float) -> list[Callback]:
        """What an order waited for has come."""
        if order.waits_for == "information":
            go_on(self.desk, order)
            calm = msgspec.structs.replace(
                order.behaviour, outcome=Outcome.COMPLETED, esim_trouble=EsimTrouble.NONE
            )
            order.behaviour = calm
        order.waits_for, order.state, order.code, order.message = "", "inProgress", "", ""
        order.due = now + seconds_before(order, order.steps[0])
        self._schedule(order)
        return self._tell(order, now) if order.due > now else []

    async def cancel(self, order_id: str, reason: str) -> Order:
        """Take an order back on the customer's wish. Raises TmfError where it is too late."""
        order = self.find(order_id)
        if order.state == Outcome.CANCELLED:
            return order
        if order.ended or too_late(order):
            raise TmfError(409, "tooLate", "This order can no longer be cancelled.")
        callbacks = self._end(
            order, Outcome.CANCELLED, "", reason or "Cancelled by the customer.", time.time()
        )
        await self._journal.settled()
        self._send(callbacks)
        return order

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

    def _advance(self, order: Order, now: float, *, by_hand: bool = False) -> list[Callback]:
        """The next step of an order, and those after it that take no time. `by_hand`: a person insists."""
        while True:
            behaviour, began = order.behaviour, order.state != "acknowledged"
            if began and behaviour.outcome is not Outcome.COMPLETED and not by_hand:
                return self._meet_outcome(order, behaviour, now)
            order.state, order.waits_for, order.code, order.message = "inProgress", "", "", ""
            try:
                answer = STEPS[order.steps[0]].run(self.desk, order, by_hand=by_hand)
            except TmfError as error:  # the line has changed since the order was taken: it is gone, say
                answer = End(Outcome.FAILED, error.body["code"], error.body["reason"])
            by_hand = False
            if isinstance(answer, End):
                return self._end(order, answer.outcome, answer.code, answer.message, now)
            if isinstance(answer, Wait):
                return self._wait(order, answer, now)
            del order.steps[0]
            if not order.steps:
                return self._end(order, Outcome.COMPLETED, "", "", now)
            order.due = now + seconds_before(order, order.steps[0])
            if order.steps[0] == "executing":
                order.due = max(order.due, executes_at(order))
            if order.due > now:
                self._save(order)
                self._schedule(order)
                return self._tell(order, now)

    def _meet_outcome(self, order: Order, behaviour: Behaviour, now: float) -> list[Callback]:
        message = behaviour.message or WORDS[behaviour.outcome]
        if behaviour.outcome is Outcome.HELD:
            return self._wait(order, Wait("information", True, behaviour.code or "held", message), now)
        return self._end(order, behaviour.outcome, behaviour.code, message, now)

    def _wait(self, order: Order, wait: Wait, now: float) -> list[Callback]:
        order.waits_for, order.due = wait.what, None
        order.state = "held" if wait.held else "inProgress"
        order.code, order.message = wait.code, wait.message
        self._save(order)
        return self._tell(order, now)

    def _end(self, order: Order, outcome: Outcome, code: str, message: str, now: float) -> list[Callback]:
        order.state, order.code, order.message = outcome.value, code, message
        order.due, order.ended_at, order.waits_for = None, now, ""
        if outcome is Outcome.PARTIAL:
            self._carry_out_a_part(order)
        elif outcome is not Outcome.COMPLETED:
            CATEGORIES[order.category].undo(self.desk, order)
        if outcome in {Outcome.COMPLETED, Outcome.PARTIAL}:
            self._count(order)
        order.steps = []
        self._save(order)
        return self._tell(order, now)

    def _carry_out_a_part(self, order: Order) -> None:
        """The first of the changes, where there are several; nothing else can be half done."""
        category = CATEGORIES[order.category]
        first = next((name for name in category.partial if order.asked.get(name)), None)
        if first is None:
            category.undo(self.desk, order)
            return
        part: dict[str, Any] = {name: [] for name in category.partial} | {first: order.asked[first][:1]}
        half = msgspec.structs.replace(order, asked=order.asked | part)
        order.told |= category.carry_out(self.desk, half)

    def _count(self, order: Order) -> None:
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
        if behaviour.reorder_callbacks and order.due is not None:  # all that is not the end is overtaken
            due += sum(seconds_before(order, step) for step in order.steps) + OVERTAKEN_SECONDS
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
        order = self._open(order_id)
        now = time.time()
        if outcome is Outcome.HELD:
            callbacks = self._wait(order, Wait("information", True, "held", message or WORDS[outcome]), now)
        elif outcome is Outcome.COMPLETED:
            for step in order.steps:  # whatever the steps to come would wait for
                STEPS[step].run(self.desk, order, by_hand=True)
            callbacks = self._end(order, outcome, "", "", now)
        else:
            callbacks = self._end(order, outcome, "", message or WORDS[outcome], now)
        return await self._done(order, callbacks)

    async def go_on(self, order_id: str) -> Order:
        """A person lets a held order go on, as an amendment would."""
        order = self._open(order_id)
        if order.waits_for != "information":
            raise TmfError(409, "notHeld", "The order waits for no information.")
        return await self._done(order, self._go_on(order, time.time()))

    async def step(self, order_id: str, step: str) -> Order:
        """A person takes the next step of an order, for the donor or the device."""
        order = self._open(order_id)
        if order.steps[:1] != [step] or order.state == "held" or order.waits_for == "confirmation":
            raise TmfError(409, "notNext", f"The next step of this order is {' '.join(order.steps[:1])}.")
        return await self._done(order, self._advance(order, time.time(), by_hand=True))

    async def donor_refuses(self, order_id: str, reason: PortRejection) -> Order:
        order = self._open(order_id)
        if order.steps[:1] != ["answered"] or order.state == "held":
            raise TmfError(409, "notNext", "This order does not wait for a donor's answer.")
        answer, now = reject(order, reason), time.time()
        if isinstance(answer, End):
            return await self._done(order, self._end(order, answer.outcome, answer.code, answer.message, now))
        return await self._done(order, self._wait(order, answer, now))

    async def trouble(self, order_id: str, kind: EsimTrouble) -> Order:
        """The activation code expires, or its download fails."""
        order = self._open(order_id)
        if not may_fail(order) or order.state == "held":
            raise TmfError(409, "notNow", "This order has no eSIM profile that could be downloaded now.")
        return await self._done(order, self._wait(order, trouble(order, kind), time.time()))

    def _open(self, order_id: str) -> Order:
        order = self.find(order_id)
        if order.ended:
            raise TmfError(409, "orderEnded", f"The order is {order.state} already.")
        return order

    async def _done(self, order: Order, callbacks: list[Callback]) -> Order:
        self._save(order)
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
        self.books.give_back_all()
        self.sims.forget_all()
        await self._journal.settled()

    def _save(self, order: Order) -> None:
        document = msgspec.json.encode(order)
        self._journal.add("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", self.code, order.id, document)

    def _schedule(self, order: Order) -> None:
        if order.due is not None:
            heapq.heappush(self._due, (order.due, order.id))
            self._wake.set()
