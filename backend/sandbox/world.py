"""Everything that a sandbox is made of: its carriers, its postman, its mailbox, and their common memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backend.catalog.profiles import load_profiles
from backend.catalog.schemas import CarrierProfile
from backend.sandbox.behaviour import Behaviour
from backend.sandbox.callbacks import Postman, Target
from backend.sandbox.carrier import Carrier
from backend.sandbox.journal import Journal
from backend.sandbox.mailbox import Mailbox
from backend.sandbox.shapes import TmfError

NEW_NUMBERS = "+3245"  # a mobile range that no demonstration fleet uses; its next digit is the carrier's
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a sandbox is started. `callback_urls` and `secrets` are by carrier code."""

    data: Path  # a folder of its own
    callback_urls: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    carriers: Mapping[str, CarrierProfile] = field(default_factory=load_profiles)  # by code
    behaviour: Behaviour = field(default_factory=Behaviour)
    mail_host: str = "127.0.0.1"
    mail_port: int = 8025  # 0: any free one

    def target(self, code: str) -> Target:
        return Target(self.callback_urls.get(code, ""), self.secrets.get(code, ""))


def _say_if_broken(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        LOG.critical("a sandbox carrier stopped moving its orders", exc_info=error)


class World:
    def __init__(self, setup: Setup) -> None:
        self.journal = Journal(setup.data / "sandbox.sqlite3")
        self.postman = Postman(self.journal, {code: setup.target(code) for code in setup.carriers})
        self.mailbox = Mailbox(self.journal, setup.mail_host, setup.mail_port)
        self.carriers = {
            code: Carrier(
                profile,
                f"{NEW_NUMBERS}{place % 10}",
                journal=self.journal,
                postman=self.postman,
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
        self.journal.start()
        self.postman.start()
        await self.mailbox.start()
        tasks = [asyncio.create_task(carrier.run()) for carrier in self.carriers.values()]
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
            await self.journal.close()
