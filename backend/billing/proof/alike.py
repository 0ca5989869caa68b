"""Proves the numbers of a document; those that are alike are worked out once. Pure.

Most numbers of a large document have one line, on which no request was done, with the same plan and the same charges as
many others: one verdict serves them all. Charges for use are compared number by number.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from backend.billing.proof.history import History, history_of
from backend.billing.proof.rules import NumberFacts, Prover
from backend.billing.proof.schemas import (
    ChargeFact,
    EarlierCharge,
    LineChange,
    LineFact,
    MonthUseFact,
    Proof,
)
from backend.billing.schemas import ChargeKind
from backend.core import clock
from backend.core.ids import made_at

Proven = list[tuple[ChargeFact, Proof]]
USAGE = ChargeKind.USAGE.value
NO_PAST = History((), (), date.min)
# Of an id made by `new_id`: an hour is within one day also in Belgian time
HOUR_MS, HOUR_BITS = 3_600_000, 80


class NumberProver:
    """Proves one number after the other. `first`: the first day that a charge of the document is for."""

    def __init__(
        self,
        prover: Prover,
        *,
        first: date,
        lines: Mapping[str, Sequence[LineFact]],
        changes: Mapping[UUID, Sequence[LineChange]],
        use: Mapping[str, Mapping[date, Sequence[MonthUseFact]]],
        earlier: Mapping[str, Sequence[EarlierCharge]],
    ) -> None:
        self.prover, self.first = prover, first
        self.lines, self.changes, self.use, self.earlier = lines, changes, use, earlier
        self._known: dict[tuple[object, ...], list[tuple[int, Proof]]] = {}

    def prove(self, number: str, charges: Sequence[ChargeFact]) -> Proven:
        """The verdict on each charge of a number."""
        lines, earlier = self.lines.get(number, ()), self.earlier.get(number, ())
        fixed = [one for one in charges if one.kind != USAGE]
        found: Proven = []
        if len(fixed) < len(charges) and lines:
            use = [one for one in charges if one.kind == USAGE]
            known = NumberFacts(history=NO_PAST, use=self.use.get(number, {}), earlier=earlier)
            found += self.prover.prove(use, known)
        elif not lines:
            fixed = list(charges)
        if not fixed:
            return found
        if len(lines) == 1 and not earlier and not self.changes.get(lines[0].id):
            return found + self._alike(fixed, lines[0])
        history = self._history(lines) if lines else None
        return found + list(self.prover.prove(fixed, NumberFacts(history=history, earlier=earlier)))

    def _history(self, lines: Sequence[LineFact]) -> History:
        rows = [(line, clock.local(made_at(line.id)).date(), self.changes.get(line.id, ())) for line in lines]
        return history_of(rows, self.prover.once)

    def _alike(self, charges: Sequence[ChargeFact], line: LineFact) -> Proven:
        begun = line.activated_on
        key = (
            line.plan,
            tuple(line.options),
            line.split_profile,
            line.account,
            line.status,
            # A day before any charge makes no difference
            begun if begun is not None and begun > self.first else None,
            line.gone_on,
            (line.id.int >> HOUR_BITS) // HOUR_MS,
            *(
                (one.kind, one.code, one.name, one.net_cents, one.period_start, one.period_end)
                for one in charges
            ),
        )
        proofs = self._known.get(key)
        if proofs is None:
            at = {one.id: index for index, one in enumerate(charges)}
            found = self.prover.prove(charges, NumberFacts(history=self._history([line])))
            # Where each charge stands among those of the number, with its verdict
            proofs = self._known[key] = [(at[one.id], proof) for one, proof in found]
        return [(charges[index], proof) for index, proof in proofs]
