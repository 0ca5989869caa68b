"""Files over REST: store one to attach it to a request, and read it again."""

from dataclasses import dataclass
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, MultipartBody
from litestar.response import Response as Answer

from backend.documents import service
from backend.documents.file_checks import LARGEST, LARGEST_BODY, too_large
from backend.documents.service import StoredFile
from backend.web.files import download
from backend.web.problems import Problem, on_app_error, on_http, problem_specs
from backend.web.types import AnyRequest
from tenants.scope import Actor


@dataclass
class NewDocument:
    """A file, and what it is for: `split_contract` (PDF, JPEG, PNG) or `bulk` (CSV, XLSX)."""

    purpose: str
    file: UploadFile


def on_large_body(request: AnyRequest, error: HTTPException) -> Response[Problem]:
    """A body that was too large was not read to its end: say so in the words for a file."""
    return on_app_error(request, too_large()) if error.status_code == 413 else on_http(request, error)


class DocumentsController(Controller):
    """Uploaded files."""

    path = "/documents"
    tags = ("Documents",)

    @post(
        request_max_body_size=LARGEST_BODY,
        exception_handlers={HTTPException: on_large_body},
        responses=problem_specs(400, 401, 403, 413, 422),
        summary="Store a file",
    )
    async def store(self, actor: NamedDependency[Actor], data: MultipartBody[NewDocument]) -> StoredFile:
        content = await data.file.read(LARGEST + 1)
        return await service.store_document(
            actor, purpose=data.purpose, file_name=data.file.filename, content=content
        )

    @get(
        "/{document_id:uuid}",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="Read a file",
    )
    async def read(self, actor: NamedDependency[Actor], document_id: FromPath[UUID]) -> Answer[bytes]:
        found = await service.read_document(actor, document_id)
        return download(found.content, found.file.name, found.file.type)
