"""Everything that a sandbox is made of: its carriers, its postman, its mailbox, its payments, and their common memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backend.catalog.profiles import load_profiles
from backend.catalog.schemas import CarrierProfile
from backend.sandbox.carrier.behaviour import Behaviour
from backend.sandbox.carrier.callbacks import CallbackSender, CallbackTarget
from backend.sandbox.carrier.carrier import Carrier
from backend.sandbox.carrier.documents import TmfError
from backend.sandbox.mailbox import Mailbox
from backend.sandbox.payments.moves import MOVES
from backend.sandbox.payments.payments import PaymentSetup, PaymentsSandbox
from backend.sandbox.store import Store

# A mobile range that no demonstration fleet uses; its next digit is the carrier's
NEW_NUMBERS = "+3245"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """How a sandbox is started. `callback_urls` and `secrets` are by carrier code."""

    # A folder of its own
    data: Path
    callback_urls: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    # By code
    carriers: Mapping[str, CarrierProfile] = field(default_factory=load_profiles)
    behaviour: Behaviour = field(default_factory=Behaviour)
    mail_host: str = "127.0.0.1"
    # 0: any free one
    mail_port: int = 8025
    payments: PaymentSetup = field(default_factory=PaymentSetup)

    def target(self, code: str) -> CallbackTarget:
        return CallbackTarget(self.callback_urls.get(code, ""), self.secrets.get(code, ""))


def _say_if_broken(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        LOG.critical("the sandbox stopped moving what it has in hand", exc_info=error)


class Sandbox:
    """The carriers, the sender of callbacks, the mailbox and the payments, which share one store."""

    def __init__(self, setup: SandboxConfig) -> None:
        self.journal = Store(setup.data / "sandbox.sqlite3")
        self.postman = CallbackSender(self.journal, {code: setup.target(code) for code in setup.carriers})
        self.mailbox = Mailbox(self.journal, setup.mail_host, setup.mail_port)
        self.payments = PaymentsSandbox(self.journal, setup.payments, MOVES)
        self.carriers = {
            code: Carrier(
                profile,
                f"{NEW_NUMBERS}{place % 10}",
                store=self.journal,
                sender=self.postman,
                base=setup.behaviour,
            )
            for place, (code, profile) in enumerate(sorted(setup.carriers.items()))
        }

    def carrier(self, code: str) -> Carrier:
        if code not in self.carriers:
            raise TmfError(404, "unknownCarrier", f"No carrier is called {code}.")
        return self.carriers[code]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Go on where an earlier process stopped, and stop so that a later one can."""
        for carrier in self.carriers.values():
            carrier.load()
        self.payments.load()
        self.journal.start()
        self.postman.start()
        self.payments.webhooks.start()
        await self.mailbox.start()
        tasks = [asyncio.create_task(carrier.run()) for carrier in self.carriers.values()]
        tasks.append(asyncio.create_task(self.payments.run()))
        for task in tasks:
            task.add_done_callback(_say_if_broken)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.mailbox.stop()
            await self.postman.stop()
            await self.payments.webhooks.stop()
            await self.journal.close()
