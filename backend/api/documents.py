"""Files over REST: store one to attach it to a request, and read it again."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, MultipartBody
from litestar.response import Response as Answer

from backend.api.problems import Problem, declares, on_http, on_refusal
from backend.documents import service
from backend.documents.service import Content, StoredFile
from backend.documents.sniffing import LARGEST, too_large
from tenants.scope import Actor

AROUND = 64 * 1024  # what the other fields and the boundaries may take
LARGEST_BODY = LARGEST + AROUND

# A file of a customer is never a page of ours: it is kept, not shown, and may do nothing where it is shown after all.
FILE_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


@dataclass
class NewDocument:
    """A file, and what it is for: `split_contract` (PDF, JPEG, PNG) or `bulk` (CSV, XLSX)."""

    purpose: str
    file: UploadFile


def attachment(content: Content) -> Answer[bytes]:
    """The file for download, under the name that was cleaned when it was stored."""
    return download(content.content, content.file.name, content.file.type)


def download(content: bytes, name: str, media_type: str) -> Answer[bytes]:
    """Bytes to be kept under a name, never shown as a page of ours."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\' else "_" for sign in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        content,
        media_type=media_type,
        headers={**FILE_HEADERS, "content-disposition": disposition},
    )


def on_large_body(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """A body that was too large was not read to its end: say so in the words for a file."""
    return on_refusal(request, too_large()) if error.status_code == 413 else on_http(request, error)


class DocumentsController(Controller):
    path = "/documents"
    tags = ("Documents",)

    @post(
        request_max_body_size=LARGEST_BODY,
        exception_handlers={HTTPException: on_large_body},
        responses=declares(400, 401, 403, 413, 422),
        summary="Store a file",
    )
    async def store(self, actor: NamedDependency[Actor], data: MultipartBody[NewDocument]) -> StoredFile:
        content = await data.file.read(LARGEST + 1)
        return await service.store(actor, purpose=data.purpose, file_name=data.file.filename, content=content)

    @get(
        "/{document_id:uuid}",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **declares(400, 401, 403, 404),
        },
        summary="Read a file",
    )
    async def read(self, actor: NamedDependency[Actor], document_id: FromPath[UUID]) -> Answer[bytes]:
        return attachment(await service.read_document(actor, document_id))
