"""Files that people handed in, kept in the database so that several hosts need no shared disk."""

from piccolo.columns import UUID, Bytea, Integer, Text, Timestamptz
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
