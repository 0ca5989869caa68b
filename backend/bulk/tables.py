"""Files of many requests, and their rows with what was found in each."""

from piccolo.columns import JSONB, UUID, Boolean, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.bulk.lifecycle import RowStatus, UploadState
from tenants.checks import one_of


class BulkUpload(Table):
    """One file for one order kind. States and moves: `lifecycle.py`."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    kind = Text()
    document_id = UUID(default=None)
    state = Text(default="uploaded")
    # Why the file as a whole cannot be read, in the requester's language
    problem = Text(default="")
    # Codes of notes about the whole file, such as an old character set
    notes = JSONB(default="[]")
    skip_bad = Boolean(default=False)
    total = Integer(default=0)
    checked = Integer(default=0)
    ok = Integer(default=0)
    warnings = Integer(default=0)
    errors = Integer(default=0)
    skipped = Integer(default=0)
    requester_id = UUID(default=None)
    language = Text(default="en")
    order_id = UUID(null=True, default=None)
    created_at = Timestamptz()
    validated_at = Timestamptz(null=True, default=None)

    bulk_upload_tenant_id_id_key = Unique(["tenant_id", "id"])
    bulk_upload_state_check = one_of("state", UploadState)
    bulk_upload_check = Check("(state = 'ordered') = (order_id IS NOT NULL)")


class BulkRow(Table):
    """One row of the file. `number` counts as in a spreadsheet: the header is row 1."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    upload_id = UUID(default=None)
    number = Integer()
    # Column code -> value as it was understood
    fields = JSONB()
    line_id = UUID(null=True, default=None)
    status = Text()
    problems = JSONB(default="[]")

    bulk_row_tenant_id_upload_id_number_key = Unique(["tenant_id", "upload_id", "number"])
    bulk_row_status_check = one_of("status", RowStatus)
