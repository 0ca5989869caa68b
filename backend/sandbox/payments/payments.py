"""The payments sandbox as a whole: its book, its webhooks, how it behaves, and what happens by itself."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from backend.sandbox.payments.behaviour import PaymentBehaviour
from backend.sandbox.payments.book import MOST, PaymentBook
from backend.sandbox.payments.documents import API_VERSION, StripeDocument, public
from backend.sandbox.payments.transfers import BankFiles
from backend.sandbox.payments.webhooks import WebhookSender
from backend.sandbox.store import Store

LOG = logging.getLogger(__name__)
BEHAVIOUR = "behaviour"
# Who is paid, where nobody says it
MERCHANT = "Comptoir Mobile SA"
# The longest wait of the loop: a clock that was put back is noticed
LONGEST_PAUSE_SECONDS = 60.0


class PaymentSetup(msgspec.Struct, frozen=True, kw_only=True):
    """How the payments part is started. No `key`: every call is refused. No `webhook_url`: events wait."""

    key: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    merchant: str = MERCHANT
    behaviour: PaymentBehaviour = PaymentBehaviour()
    # The operator's account, to which people transfer
    iban: str = ""
    # What the bank of that account writes
    bank_files: BankFiles = {}
    most: int = MOST

    def __repr__(self) -> str:
        return f"PaymentSetup(merchant={self.merchant!r})"


Move = Callable[["PaymentsSandbox", StripeDocument, str], None]


class PaymentsSandbox:
    """Payments without money. Between two awaits a change is whole: nobody sees half of it, on disk or over HTTP."""

    def __init__(
        self,
        store: Store,
        setup: PaymentSetup,
        moves: Mapping[str, Move],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.setup = setup
        self.book = PaymentBook(store, clock, most=setup.most)
        self.webhooks = WebhookSender(store, setup.webhook_url, setup.webhook_secret)
        self.webhooks.on_delivered = self._note_delivery
        self.behaviour = setup.behaviour
        # Keys of calls that are under way
        self.in_use: set[str] = set()
        self._store = store
        self._moves = moves
        self._wake = asyncio.Event()

    def load(self) -> None:
        self.book.load()
        self.webhooks.load()
        for (text,) in self._store.rows("SELECT document FROM payment_settings WHERE name = ?", (BEHAVIOUR,)):
            self.behaviour = msgspec.json.decode(text, type=PaymentBehaviour)

    def behave(self, **wish: Any) -> None:
        """Set how it behaves; what is not named stays. Raises msgspec.ValidationError."""
        self.behaviour = msgspec.convert(msgspec.to_builtins(self.behaviour) | wish, PaymentBehaviour)
        self._store.add(
            "INSERT OR REPLACE INTO payment_settings VALUES (?, ?)",
            BEHAVIOUR,
            msgspec.json.encode(self.behaviour),
        )

    def take(self, counter: str) -> bool:
        """Whether one of the calls that `counter` counts down is this one."""
        left: int = getattr(self.behaviour, counter)
        if left:
            self.behave(**{counter: left - 1})
        return left > 0

    def emit(self, kind: str, document: StripeDocument, previous: StripeDocument | None = None) -> None:
        """Say that something happened to an object, as it is now. `previous`: what its changed fields were."""
        data: StripeDocument = {"object": public(document)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.book.add(
            "event",
            type=kind,
            api_version=API_VERSION,
            data=data,
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        self.webhooks.tell(public(event), self.behaviour)

    def plan(self, document: StripeDocument, seconds: float, move: str) -> None:
        """Let a move happen by itself after so many seconds."""
        self.book.plan(document, seconds, move)
        self._wake.set()

    def move(self, document: StripeDocument, move: str) -> None:
        """Carry out a move: its name, and after a colon what it needs to know."""
        name, _, detail = move.partition(":")
        self._moves[name](self, document, detail)

    async def run(self) -> None:
        """Do what is planned, when it is due. One move that fails does not stop the others."""
        while True:
            self._wake.clear()
            for document, move in self.book.due():
                try:
                    self.move(document, move)
                except Exception:
                    LOG.exception("the payments sandbox could not %s %s", move, document["id"])
            at = self.book.next_at()
            pause = LONGEST_PAUSE_SECONDS if at is None else max(0.0, at - time.time())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(pause, LONGEST_PAUSE_SECONDS))

    def forget_all(self) -> None:
        """As if nothing had ever been paid, with the behaviour as it was started."""
        self.book.forget_all()
        self.webhooks.forget_all()
        self.behave(**msgspec.to_builtins(self.setup.behaviour))

    def _note_delivery(self, event_id: str) -> None:
        event = self.book.of("event").get(event_id)
        if event:
            event["pending_webhooks"] = 0
            self.book.save(event)
