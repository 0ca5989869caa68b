"""What pages and the API see of a bulk file."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.bulk.lifecycle import RowStatus, UploadState


class RowProblemView(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong: the column's code and label (empty: the whole row), a stable code, and the sentence."""

    column: str
    label: str
    code: str
    message: str
    warning: bool
    # What stood in the cell
    given: str = ""


class BulkRowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row, counted as in a spreadsheet."""

    row: int
    status: RowStatus
    fields: dict[str, Any]
    line_id: UUID | None
    problems: list[RowProblemView]


class BulkRows(msgspec.Struct, frozen=True):
    """A page of rows; `total` counts those that match."""

    items: list[BulkRowView]
    total: int


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A bulk file and how far it has come. `problem` is a code: why the file as a whole cannot be read."""

    id: UUID
    kind: str
    document_id: UUID
    file_name: str
    state: UploadState
    problem: str
    problems: list[RowProblemView]
    notes: list[str]
    skip_bad: bool
    total: int
    checked: int
    ok: int
    warnings: int
    errors: int
    skipped: int
    created_at: datetime
    order_reference: str
    # Whether the actor handed it in: only that member may order it
    own: bool


class UploadList(msgspec.Struct, frozen=True):
    """The latest files, newest first."""

    items: list[Upload]


class FileTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """One kind that comes as a file, with its columns; `refused`: the sentence that support does it, or ""."""

    kind: str
    title: str
    columns: list["TemplateColumn"]
    refused: str = ""


class TemplateColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a template."""

    code: str
    label: str
    hint: str
    required: bool
