"""The rules in a process of their own: their engine holds the interpreter while it works, for seconds on large documents."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

from backend.billing.intake.taking import Checked
from backend.billing.ubl.refusals import Because, DocumentRefused

# A process may be ended from outside once
TRIES = 2


def check_here(content: bytes, peppol_stylesheet: Path | None = None) -> Checked:
    """Check a document in this process; by `peppol_stylesheet` too, where one is given. Raises DocumentRefused."""
    # Loaded where it is used: a process that checks nothing stays small
    from backend.billing.ubl.checking import check_document, rules_version

    document = check_document(content, peppol_stylesheet=peppol_stylesheet)
    return Checked(document=document, rules=rules_version(peppol_stylesheet))


class RulesProcess:
    """Checks documents one after the other in another process, which is started with the first one.

    `peppol_stylesheet`: the operator's own copy of the official rules of Peppol, which is run too.
    """

    def __init__(self, peppol_stylesheet: Path | None = None) -> None:
        self._stylesheet = peppol_stylesheet
        self._pool: ProcessPoolExecutor | None = None
        # One at a time, so that it is known which document ended the process
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    async def check(self, content: bytes) -> Checked:
        """The document. Raises DocumentRefused, also where it twice ends the process that checks it."""
        async with self._lock:
            for _ in range(TRIES):
                if self._pool is None:
                    self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
                try:
                    return await asyncio.get_running_loop().run_in_executor(
                        self._pool, check_here, content, self._stylesheet
                    )
                except BrokenProcessPool:
                    self._end()
        raise DocumentRefused(Because.RULES, "The rules could not be applied to this document.")

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
