"""Files that people handed in, kept in the database so that several hosts need no shared disk."""

from piccolo.columns import UUID, Bytea, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


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
