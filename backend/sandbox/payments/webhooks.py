"""Tells the product what happened: events, signed as Stripe signs them, sent again later where nobody answers."""

import asyncio
import contextlib
import hashlib
import heapq
import hmac
import logging
import ssl
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

import httpx
import msgspec

from backend.sandbox.payments.behaviour import PaymentBehaviour
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.store import Store

LOG = logging.getLogger(__name__)
# After the first attempt: about a quarter of an hour in all. Stripe goes on for three days.
PAUSES_SECONDS = (0.5, 2.0, 8.0, 30.0, 120.0, 300.0, 600.0)
AT_ONCE = 4
# So many deliveries are listed; the one that ended first is forgotten first
MOST = 2_000
# Where nobody takes any, the oldest of so many is forgotten too: the events themselves can still be read
MOST_WAITING = 20_000
# With webhooks out of order, every second one waits so long
REORDER_SECONDS = 1.5
SIGNATURE = "stripe-signature"


class DeliveryState(StrEnum):
    """How far a webhook has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    # Nobody took it, however often it was sent
    GIVEN_UP = "given_up"
    # Lost on purpose
    DROPPED = "dropped"


class PaymentWebhook(msgspec.Struct, kw_only=True):
    """One delivery of one event. `last` is the HTTP status of the last attempt, or what went wrong."""

    id: str
    event_id: str
    kind: str
    body: msgspec.Raw
    due: float
    attempts: int = 0
    state: DeliveryState = DeliveryState.WAITING
    last: str = ""


def stripe_signature(secret: str, body: bytes, at: int) -> str:
    """The header of a signed webhook: the time in seconds, and the HMAC of time and body."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class WebhookSender:
    """Sends webhooks when they are due, a bounded number at once, to one address. No address: they wait."""

    def __init__(self, store: Store, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        # By id, the oldest first
        self.deliveries: dict[str, PaymentWebhook] = {}
        # Called with the id of an event that arrived
        self.on_delivered: Callable[[str], None] = lambda _: None
        self._store = store
        self._waiting: list[tuple[float, str]] = []
        self._ended: deque[str] = deque()
        self._wake = asyncio.Event()
        self._ready: asyncio.Queue[PaymentWebhook] = asyncio.Queue(AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []
        self._count = 0

    def load(self) -> None:
        """Read what an earlier process had not delivered."""
        for (text,) in self._store.rows("SELECT document FROM payment_webhooks ORDER BY number"):
            delivery = msgspec.json.decode(text, type=PaymentWebhook)
            self.deliveries[delivery.id] = delivery
            if delivery.state is DeliveryState.WAITING:
                heapq.heappush(self._waiting, (delivery.due, delivery.id))
            else:
                self._ended.append(delivery.id)
        self._count = len(self.deliveries)

    def start(self) -> None:
        trust = ssl.create_default_context()
        self._tasks = [asyncio.create_task(self._run())]
        self._tasks += [asyncio.create_task(self._walk(trust)) for _ in range(AT_ONCE)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, event: StripeDocument, behaviour: PaymentBehaviour) -> None:
        """Send an event as the behaviour says: once, twice, late, out of order, or not at all."""
        self._count += 1
        late = REORDER_SECONDS if behaviour.reorder_webhooks and self._count % 2 else 0.0
        due = time.time() + behaviour.webhook_delay_seconds + late
        for place in range(2 if behaviour.duplicate_webhooks else 1):
            self._put(event, f"{event['id']}-{place}", due, dropped=behaviour.drop_webhooks)

    def send_again(self, event: StripeDocument) -> None:
        """Send an event once more, now, with the same event id."""
        self._count += 1
        self._put(event, f"{event['id']}-again-{self._count}", time.time())

    def _put(self, event: StripeDocument, key: str, due: float, *, dropped: bool = False) -> None:
        delivery = PaymentWebhook(
            id=key,
            event_id=event["id"],
            kind=event["type"],
            body=msgspec.Raw(msgspec.json.encode(event)),
            due=due,
            state=DeliveryState.DROPPED if dropped else DeliveryState.WAITING,
        )
        self.deliveries[key] = delivery
        self._write(delivery)
        if dropped:
            self._ended.append(key)
        else:
            self._push(delivery)
        self._forget_some()

    def _push(self, delivery: PaymentWebhook) -> None:
        heapq.heappush(self._waiting, (delivery.due, delivery.id))
        self._wake.set()

    def _forget_some(self) -> None:
        while len(self.deliveries) > MOST and self._ended:
            self._forget(self._ended.popleft())
        while len(self.deliveries) > MOST_WAITING:
            self._forget(next(iter(self.deliveries)))

    def _forget(self, key: str) -> None:
        self.deliveries.pop(key, None)
        self._store.add("DELETE FROM payment_webhooks WHERE id = ?", key)

    def _write(self, delivery: PaymentWebhook) -> None:
        if delivery.id in self.deliveries:
            self._store.add(
                "INSERT INTO payment_webhooks (id, document) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                delivery.id,
                msgspec.json.encode(delivery),
            )

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = self._waiting[0][0] - time.time() if self._waiting else None
            if pause is None or pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                continue
            delivery = self.deliveries.get(heapq.heappop(self._waiting)[1])
            if delivery and delivery.state is DeliveryState.WAITING:
                await self._ready.put(delivery)

    async def _walk(self, trust: ssl.SSLContext) -> None:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(timeout=10.0, trust_env=False, limits=limits, verify=trust) as client:
            while True:
                await self._deliver(await self._ready.get(), client)

    async def _deliver(self, delivery: PaymentWebhook, client: httpx.AsyncClient) -> None:
        # What an event says is on disk before anybody hears of it
        await self._store.settled()
        arrived, delivery.last = await self._post(delivery, client)
        delivery.attempts += 1
        if arrived:
            delivery.state = DeliveryState.DELIVERED
            self.on_delivered(delivery.event_id)
        elif delivery.attempts > len(PAUSES_SECONDS):
            delivery.state = DeliveryState.GIVEN_UP
        else:
            delivery.due = time.time() + PAUSES_SECONDS[delivery.attempts - 1]
            self._push(delivery)
        self._write(delivery)
        if delivery.state is not DeliveryState.WAITING:
            self._ended.append(delivery.id)
            self._forget_some()

    async def _post(self, delivery: PaymentWebhook, client: httpx.AsyncClient) -> tuple[bool, str]:
        if not self.url or not self.secret:
            return False, "no address or no secret"
        body = bytes(delivery.body)
        headers = {
            "content-type": "application/json; charset=utf-8",
            SIGNATURE: stripe_signature(self.secret, body, int(time.time())),
        }
        try:
            response = await client.post(self.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            LOG.info("webhook %s: %s", delivery.id, type(error).__name__)
            return False, type(error).__name__
        return response.is_success, str(response.status_code)

    def forget_all(self) -> None:
        """Send nothing of what waits, and empty the list."""
        self.deliveries.clear()
        self._waiting.clear()
        self._ended.clear()
        self._store.add("DELETE FROM payment_webhooks")
