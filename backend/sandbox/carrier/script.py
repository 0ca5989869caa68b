"""How a sandbox carrier is set to behave: from now on, or for the next orders of some numbers."""

from typing import Any

import msgspec

from backend.sandbox.carrier.behaviour import Behaviour, ScriptState
from backend.sandbox.carrier.documents import CarrierOrder, TmfError
from backend.sandbox.carrier.requests import read_orders
from backend.sandbox.store import Store


class CarrierScript:
    """The script of one carrier, kept over restarts."""

    def __init__(self, code: str, store: Store, base: Behaviour, most_items: int) -> None:
        self.code = code
        # Items that it takes in one order
        self.most_items = most_items
        self.base = base
        self.script = ScriptState(standing=base)
        self.by_external: dict[str, CarrierOrder] = {}
        self._journal = store

    def behaviour_for(self, body: bytes) -> Behaviour:
        """What a request meets before it is read: an outage for all, or for an order in it."""
        try:
            orders = read_orders(body, self.most_items).orders
        except TmfError:
            return self.script.standing
        for received in orders:
            for rule in reversed(self.script.rules):
                if rule.applies_to(received.msisdn) and received.external_id not in self.by_external:
                    return rule.behaviour
        return self.script.standing

    def count_outage(self, body: bytes) -> None:
        """An order that met an outage counts among the next ones that a rule speaks of."""
        try:
            self.script.take(read_orders(body, self.most_items).orders[0].msisdn)
        except TmfError:
            return
        self.save_script()

    async def change_behaviour(self, wish: dict[str, Any]) -> None:
        self.script.change(self.base, wish)
        self.save_script()
        await self._journal.settled()

    async def forget_rules(self) -> None:
        self.script = ScriptState(standing=self.base)
        self.save_script()
        await self._journal.settled()

    def save_script(self) -> None:
        self._journal.add(
            "INSERT OR REPLACE INTO scripts VALUES (?, ?)", self.code, msgspec.json.encode(self.script)
        )
