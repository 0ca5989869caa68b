"""The job that books a document which the operator's staff assigned. It may run twice."""

from uuid import UUID

from backend.billing.intake.receiving import ReadDocument, Received
from backend.billing.intake.taking import book_received
from backend.billing.lifecycle import DocumentState
from backend.billing.tables import ReceivedDocument
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Actor, Scope


class WaitingDocument(Received, frozen=True):
    """A claimed document with its bytes, on its way to its company."""

    content: bytes | None
    pdf: bytes | None
    content_sha256: bytes
    rules: str


@idempotent_job(JobName.BOOK_DOCUMENT)
async def book_document(actor: Actor, *, document_id: str) -> None:
    """Book a document that the operator's staff assigned. It passed the rules when it came in."""
    # The reader is loaded where it is used
    from backend.billing.ubl.reading import read_document
    from backend.billing.ubl.xml import parse

    waiting = await _waiting(actor, UUID(document_id))
    if waiting is None or waiting.content is None:
        return
    read = ReadDocument(
        document=read_document(parse(waiting.content)),
        content=waiting.content,
        content_sha256=waiting.content_sha256,
        pdf=waiting.pdf,
        rules=waiting.rules,
    )
    await book_received(actor, waiting, read)


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def _waiting(scope: Scope, document_id: UUID) -> WaitingDocument | None:
    return await scope.select_one(
        WaitingDocument,
        ReceivedDocument,
        (ReceivedDocument.id == document_id) & (ReceivedDocument.state == DocumentState.RECEIVED),
    )
