"""Reads a file that the operator handed in, each document alone; a run that was cut off goes on where it was."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from backend.billing.intake.import_log import begin, end, left_of, note
from backend.billing.intake.invoice_row import hash_of
from backend.billing.intake.receiving import SeenDocument, find_seen
from backend.billing.intake.rules_process import RulesProcess
from backend.billing.intake.taking import Check, DocumentOutcome, take_document
from backend.billing.intake.taking_charges import Work, take_charges, work_of
from backend.billing.lifecycle import ImportState
from backend.core.errors import FileRejected
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job
from backend.runtime import settings
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor

# Documents that are under way at once: one is checked while others are written
AT_ONCE = 4
# Documents whose bytes are looked up in one statement
LOOKED_UP = 200


@idempotent_job(JobName.RUN_BILLING_IMPORT)
async def run_import(actor: Actor, *, import_id: str) -> None:
    """Read a file to its end. A run that was cut off goes on with the documents that it had not noted."""
    file_id = UUID(import_id)
    row = await begin(actor, file_id)
    if row is None:
        return
    person = Actor(OPERATOR_SCOPE, name=row.created_by, operator=row.created_by)
    try:
        # Unpacking takes its time: not in the event loop
        works = await asyncio.to_thread(work_of, row.file_name, row.content)
    except FileRejected as refused:
        await end(actor, file_id, ImportState.FAILED, refused.message)
        return
    left = await left_of(actor, file_id, len(works))
    async with RulesProcess(settings().peppol_stylesheet) as rules:
        async for position, outcome in take_each(person, works, left, rules.check, check_only=row.check_only):
            await note(actor, file_id, position, outcome)
    await end(actor, file_id, ImportState.DONE)


async def take_each(
    actor: Actor, works: Sequence[Work], positions: Sequence[int], check: Check, *, check_only: bool
) -> AsyncIterator[tuple[int, DocumentOutcome]]:
    """Take what a file has, a few at once, and give each outcome as it comes. Charges come after all documents."""
    for charges in (False, True):
        chosen = [position for position in positions if (works[position].charges is not None) is charges]
        for start in range(0, len(chosen), LOOKED_UP):
            some = chosen[start : start + LOOKED_UP]
            async for done in _several(actor, works, some, check, check_only=check_only):
                yield done


async def _one(
    actor: Actor, work: Work, check: Check, *, check_only: bool, seen: SeenDocument | None
) -> DocumentOutcome:
    if work.charges is not None:
        return await take_charges(actor, work, check_only=check_only)
    return await take_document(actor, work.source, check, check_only=check_only, seen=seen)


async def _seen(actor: Actor, works: Sequence[Work], positions: Sequence[int]) -> dict[int, SeenDocument]:
    """What came in before, by position."""
    digests = {at: hash_of(works[at].source.content) for at in positions if works[at].charges is None}
    found = await find_seen(actor, sorted(set(digests.values()))) if digests else {}
    return {at: found[digest] for at, digest in digests.items() if digest in found}


async def _several(
    actor: Actor, works: Sequence[Work], positions: Sequence[int], check: Check, *, check_only: bool
) -> AsyncIterator[tuple[int, DocumentOutcome]]:
    waiting = iter(positions)
    seen = {} if check_only else await _seen(actor, works, positions)
    running: set[asyncio.Task[tuple[int, DocumentOutcome]]] = set()

    async def one(position: int) -> tuple[int, DocumentOutcome]:
        outcome = await _one(actor, works[position], check, check_only=check_only, seen=seen.get(position))
        return position, outcome

    try:
        while True:
            while len(running) < AT_ONCE and (position := next(waiting, None)) is not None:
                running.add(asyncio.create_task(one(position)))
            if not running:
                return
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
