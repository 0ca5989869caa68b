"""Files that people handed in, kept in the database so that several hosts need no shared disk."""

from piccolo.columns import UUID, Bytea, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.documents.attachments import SubjectKind
from tenants.checks import one_of


class Document(Table):
    """One file, as it came. Never changed; its type was read from its bytes, not from its name."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    purpose = Text()
    file_name = Text()
    media_type = Text()
    size = Integer()
    sha256 = Bytea()
    content = Bytea()
    uploaded_by = UUID(null=True, default=None)
    created_at = Timestamptz()

    document_tenant_id_id_key = Unique(["tenant_id", "id"])
    document_check = Check("size BETWEEN 1 AND 10485760 AND octet_length(content) = size")
    document_sha256_check = Check("octet_length(sha256) = 32")


class DocumentAttachment(Table):
    """What a file belongs to. A file without one is deleted after a while."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    document_id = UUID(default=None)
    subject_kind = Text()
    subject_id = UUID(default=None)
    attached_at = Timestamptz()

    document_attachment_tenant_id_document_id_subject_id_key = Unique(
        ["tenant_id", "document_id", "subject_id"]
    )
    document_attachment_subject_kind_check = one_of("subject_kind", SubjectKind)
