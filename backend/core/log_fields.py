"""Which requests entries of the log are about: the standard field `order`. `tenant_field` of jobs gives `tenant`."""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

from tenants.scope import Scope

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_IDS = 50

ReferenceFinder = Callable[[Scope, Sequence[UUID]], Awaitable[Sequence[str]]]
_finders: list[ReferenceFinder] = []


def set_reference_finder(finder: ReferenceFinder) -> None:
    """Set what finds requests by ids of theirs, of items or of batches; `backend/subscriptions.py` calls this once."""
    _finders[:] = [finder]


async def order_field(scope: Scope, texts: Iterable[str]) -> dict[str, str]:
    """The field `order`, where one of these texts has the id of a request, an item or a batch; empty otherwise."""
    ids = [UUID(found) for text in texts for found in ID.findall(text)][:MOST_IDS]
    references = await _finders[0](scope, ids) if ids and _finders else ()
    return {"order": ",".join(references)} if references else {}
