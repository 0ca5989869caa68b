"""SIM cards and eSIM profiles of a sandbox carrier: who has which, new ones by the carrier's rule, their secrets."""

import re
import secrets
import time

import msgspec

from backend.catalog.identifiers import REFERENCE_LETTERS, sim_number, with_luhn
from backend.catalog.schemas import CarrierProfile
from backend.sandbox.carrier.behaviour import Behaviour
from backend.sandbox.carrier.documents import CarrierSim, TmfError
from backend.sandbox.carrier.line_register import LineRegister
from backend.sandbox.store import Store

# How long an activation code may be used
VALID_SECONDS = 30 * 86_400
# Of the profile's example: new numbers look like it where the pattern fixes nothing
KEPT_DIGITS = 4
TRIES = 1000


class Sims:
    """Cards that lie in the customers' drawers are unknown here until an order or a line names them."""

    def __init__(self, profile: CarrierProfile, register: LineRegister, store: Store) -> None:
        self._profile = profile
        self._books = register
        self._journal = store
        self._known: dict[str, CarrierSim] = {}

    def load(self) -> None:
        for (document,) in self._journal.rows(
            "SELECT document FROM sims WHERE carrier = ?", (self._profile.code,)
        ):
            sim = msgspec.json.decode(document, type=CarrierSim)
            self._known[sim.number] = sim

    def find(self, number: str) -> CarrierSim | None:
        """A SIM with its secrets, of an order or of a line in the books."""
        if number in self._known:
            return self._known[number]
        line = self._books.holder(number)
        if line is None:
            return None
        return CarrierSim(number=number, kind=line.sim_kind, puk=line.puk, msisdn=line.msisdn, state="active")

    def check(self, number: object) -> str:
        """The number of a blank card that a line may have. Raises TmfError."""
        found = sim_number(str(number or ""), self._profile.sim_number)
        if found is None:
            raise TmfError(422, "invalidSimNumber", "This is not a SIM number of this carrier.")
        if found in self._known or self._books.holder(found):
            raise TmfError(409, "simInUse", f"The SIM {found} is in use, or was.")
        return found

    def take(self, number: str, msisdn: str) -> CarrierSim:
        """Keep a blank card for a line; its order may still fail."""
        return self._save(CarrierSim(number=number, kind="physical", puk=_puk(), msisdn=msisdn))

    def new_card(self, msisdn: str) -> CarrierSim:
        return self.take(self._new_number(), msisdn)

    def new_profile(self, msisdn: str, behaviour: Behaviour) -> CarrierSim:
        """An eSIM profile with its activation code (GSMA SGP.22)."""
        matching = "-".join(_letters(4) for _ in range(4))
        code = f"1$smdp.{self._profile.code}.example${matching}"
        return self._save(
            CarrierSim(
                number=self._new_number(),
                kind="esim",
                puk=_puk(),
                msisdn=msisdn,
                activation_code=f"{code}$$1" if behaviour.esim_code else code,
                confirmation_code=f"{secrets.randbelow(10_000):04}" if behaviour.esim_code else "",
                valid_until=time.time() + VALID_SECONDS,
            )
        )

    def activate(self, number: str) -> CarrierSim | None:
        return self._move(number, "active")

    def give_up(self, number: str, msisdn: str = "") -> None:
        """A SIM that was replaced, or whose order came to nothing. Its secrets are worth nothing any more."""
        if number and number not in self._known:
            line = self._books.holder(number)
            kind, puk = (line.sim_kind, line.puk) if line else ("physical", "")
            self._known[number] = CarrierSim(number=number, kind=kind, puk=puk, msisdn=msisdn)
        if sim := self._move(number, "gone"):
            sim.activation_code = sim.confirmation_code = ""
            sim.valid_until = None
            self._save(sim)

    def forget(self, number: str) -> None:
        """A blank card goes back to its drawer: its order came to nothing."""
        self._known.pop(number, None)
        self._journal.add("DELETE FROM sims WHERE carrier = ? AND number = ?", self._profile.code, number)

    def forget_all(self) -> None:
        """What orders brought; the lines keep the SIMs they have."""
        self._known.clear()
        self._journal.add("DELETE FROM sims WHERE carrier = ?", self._profile.code)

    def _move(self, number: str, state: str) -> CarrierSim | None:
        sim = self._known.get(number)
        if sim is not None:
            sim.state = state
            self._save(sim)
        return sim

    def _save(self, sim: CarrierSim) -> CarrierSim:
        self._known[sim.number] = sim
        self._journal.add(
            "INSERT OR REPLACE INTO sims VALUES (?, ?, ?)",
            self._profile.code,
            sim.number,
            msgspec.json.encode(sim),
        )
        return sim

    def _new_number(self) -> str:
        """A free number that follows the carrier's own rule: its fixed digits, chance, its check digit."""
        rule = self._profile.sim_number
        fixed = re.match(r"\d*", rule.pattern)
        start = (fixed.group() if fixed else "") or rule.example[:KEPT_DIGITS]
        missing = len(rule.example) - len(start) - rule.luhn
        for _ in range(TRIES):
            digits = start + "".join(secrets.choice("0123456789") for _ in range(missing))
            number = with_luhn(digits) if rule.luhn else digits
            if sim_number(number, rule) and number not in self._known and not self._books.holder(number):
                return number
        raise TmfError(409, "noSimNumbers", "This carrier has no SIM numbers left.")


def _puk() -> str:
    return f"{secrets.randbelow(10**8):08}"


def _letters(count: int) -> str:
    return "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(count))
