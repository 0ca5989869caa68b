"""Use cases on uploaded files: store one, read one. What a file may be, and who reads it, depends on its purpose."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import FileRejected, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.file_checks import JPEG, PDF, PNG, check_size, clean_name, media_type_of
from backend.documents.tables import Document
from backend.tabular.formats import CSV, XLSX
from tenants.scope import Scope

UNATTACHED = timedelta(days=7)
PURGE = """
DELETE FROM document d WHERE d.created_at < $1
  AND NOT EXISTS (SELECT FROM document_attachment a WHERE a.tenant_id = d.tenant_id AND a.document_id = d.id)
"""

AccessCheck = Callable[[Scope, UUID], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a kind of file may be, and the sentence for anything else."""

    types: frozenset[str]
    code: str
    sentence: str


PURPOSES: dict[str, Purpose] = {
    "split_contract": Purpose(
        frozenset({PDF, JPEG, PNG}), "file_type_scan", "Choose a PDF, JPEG or PNG file."
    ),
    "bulk": Purpose(frozenset({CSV, XLSX}), "file_type_table", "Choose a CSV or XLSX file."),
}

# Who may read a file besides who stored it and who reaches everything, by its purpose. An order kind that attaches
# files adds its own check: (scope, document id) -> whether its line is within reach.
ACCESS_CHECKS: dict[str, AccessCheck] = {}


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file without its content. `type` was read from the bytes."""

    id: UUID
    purpose: str
    name: str
    type: str
    size: int
    stored_at: datetime


class DocumentRow(msgspec.Struct, frozen=True):
    """What is known of a file without reading its bytes."""

    id: UUID
    purpose: str
    file_name: str
    media_type: str
    size: int
    created_at: datetime
    uploaded_by: UUID | None


class StoredBytes(msgspec.Struct, frozen=True):
    """The bytes of a file."""

    content: bytes


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """A stored file and its bytes."""

    file: StoredFile
    content: bytes


@use_case(Permission.ORDERS_PLACE)
async def store_document(scope: Scope, *, purpose: str, file_name: str, content: bytes) -> StoredFile:
    """Keep a file; returns what it is.

    Raises ValidationFailed with a sentence for a purpose, size, type or content that is not taken.
    """
    rule = PURPOSES.get(purpose)
    if rule is None:
        raise ValidationFailed(purpose=f"The purpose is one of {', '.join(sorted(PURPOSES))}.")
    check_size(len(content))
    try:
        # Unpacking a workbook takes its time: not in this loop.
        media_type = await asyncio.to_thread(media_type_of, content)
    except FileRejected as refused:
        if refused.code == "file_type":
            raise FileRejected(rule.code, rule.sentence) from None
        raise
    if media_type not in rule.types:
        raise FileRejected(rule.code, rule.sentence)
    stored = StoredFile(
        id=new_id(),
        purpose=purpose,
        name=clean_name(file_name, media_type),
        type=media_type,
        size=len(content),
        stored_at=clock.now(),
    )
    await Document.insert(
        Document(
            id=stored.id,
            tenant_id=scope.tenant_id,
            purpose=purpose,
            file_name=stored.name,
            media_type=media_type,
            size=stored.size,
            sha256=sha256(content).digest(),
            content=content,
            uploaded_by=scope.actor.member_id,
            created_at=stored.stored_at,
        )
    )
    await audit.record(scope, "document.stored", "document", stored.id, purpose=purpose, size=stored.size)
    return stored


@use_case(Permission.ORDERS_READ, read_only=True)
async def read_document(scope: Scope, document_id: UUID) -> DocumentContent:
    """A file with its bytes. Raises NotFound, also for one that is out of reach."""
    stored = await _readable(scope, document_id)
    kept = await scope.select_one(StoredBytes, Document, Document.id == document_id)
    if kept is None:
        raise NotFound
    return DocumentContent(stored, kept.content)


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def own_document(scope: Scope, document_id: UUID, *, purpose: str) -> StoredFile:
    """A file of this purpose, to be attached to a request. Raises NotFound for any other, or one out of reach."""
    stored = await _readable(scope, document_id)
    if stored.purpose != purpose:
        raise NotFound
    return stored


@use_case(Permission.SYSTEM)
async def purge_documents(scope: Scope) -> None:
    """Delete files that are older than a week and belong to nothing; a periodic task calls this for each tenant."""
    await scope.execute(PURGE, clock.now() - UNATTACHED)


async def _readable(scope: Scope, document_id: UUID) -> StoredFile:
    row = await scope.select_one(DocumentRow, Document, Document.id == document_id)
    if row is None or not await _may_read(scope, document_id, row.purpose, row.uploaded_by):
        raise NotFound
    return StoredFile(
        id=row.id,
        purpose=row.purpose,
        name=row.file_name,
        type=row.media_type,
        size=row.size,
        stored_at=row.created_at,
    )


async def _may_read(scope: Scope, document_id: UUID, purpose: str, uploaded_by: UUID | None) -> bool:
    actor = scope.actor
    if actor.system or uploaded_by == actor.member_id:
        return True
    if actor.reach.everything and actor.end_user_id is None:
        return True
    reader = ACCESS_CHECKS.get(purpose)
    return reader is not None and await reader(scope, document_id)
