"""What a stored file belongs to. Whoever keeps a file says so here; files that belong to nothing are deleted."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from backend.core import clock
from backend.core.ids import new_id
from tenants.scope import Scope


class SubjectKind(StrEnum):
    """What a file may be attached to."""

    # A request, from its draft on
    ORDER = "order"
    # Shared billing of a line
    AGREEMENT = "agreement"
    # A file of requests
    BULK_UPLOAD = "bulk_upload"


ATTACH = """
INSERT INTO document_attachment (id, tenant_id, document_id, subject_kind, subject_id, attached_at)
SELECT $1, tenant_id, id, $3, $4, $5 FROM document WHERE id = $2
ON CONFLICT (tenant_id, document_id, subject_id) DO NOTHING
"""
DETACH = "DELETE FROM document_attachment WHERE subject_kind = $1 AND subject_id = ANY($2)"


async def attach(scope: Scope, document_id: UUID, *, subject_kind: SubjectKind, subject_id: UUID) -> None:
    """Keep a file for as long as its subject needs it. A file that is not there, or attached to it, changes nothing."""
    await scope.execute(ATTACH, new_id(), document_id, subject_kind, subject_id, clock.now())


async def detach(scope: Scope, *, subject_kind: SubjectKind, subject_ids: Sequence[UUID]) -> None:
    """These subjects need no file any more: they were deleted, or have another file."""
    await scope.execute(DETACH, subject_kind, list(subject_ids))
