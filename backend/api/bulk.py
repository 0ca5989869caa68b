"""Files of many requests over REST: the template, hand one in, follow it; it is ordered as any change is, by its id."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Response

from backend.bulk import service
from backend.bulk.lifecycle import RowStatus
from backend.bulk.schemas import BulkRowView, Upload
from backend.tabular.formats import TYPES
from backend.web.files import download
from backend.web.problems import problem_specs
from tenants.scope import Actor


class NewUpload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order kind, and the id of a document that was stored with the purpose `bulk`."""

    kind: str
    document_id: UUID


class CheckedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file and a page of its rows; `rows_total` counts those that match."""

    upload: Upload
    rows: list[BulkRowView]
    rows_total: int


class BulkController(Controller):
    """Files with many requests."""

    path = "/bulk"
    tags = ("Files of many requests",)

    @get(
        "/templates/{kind:str}",
        responses={
            200: ResponseSpec(bytes, description="The template", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="The template of a kind",
    )
    async def template(
        self,
        actor: NamedDependency[Actor],
        kind: FromPath[str],
        format: FromQuery[Literal["csv", "xlsx"]] = "xlsx",  # noqa: A002 - the word people use
    ) -> Response[bytes]:
        content = await service.file_template(actor, kind, format=format)
        return download(content, f"{kind}.{format}", TYPES[format])

    @post(
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 413, 415, 422),
        summary="Hand in a stored file",
    )
    async def start(self, actor: NamedDependency[Actor], data: JSONBody[NewUpload]) -> Upload:
        return await service.start_upload(actor, kind=data.kind, document_id=data.document_id)

    @get("/{upload_id:uuid}", responses=problem_specs(400, 401, 403, 404, 422), summary="Follow a file")
    async def follow(
        self,
        actor: NamedDependency[Actor],
        upload_id: FromPath[UUID],
        status: FromQuery[RowStatus | None] = None,
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    ) -> CheckedFile:
        upload = await service.get_upload(actor, upload_id)
        rows = await service.upload_rows(actor, upload_id, status=status, page=page, limit=limit)
        return CheckedFile(upload=upload, rows=rows.items, rows_total=rows.total)

    @post(
        "/{upload_id:uuid}/skip-bad-rows",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Go on without the rows that have errors",
    )
    async def skip_bad_rows(self, actor: NamedDependency[Actor], upload_id: FromPath[UUID]) -> Upload:
        return await service.skip_bad_rows(actor, upload_id)

    @get(
        "/{upload_id:uuid}/result",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="The file with the result of each row",
    )
    async def result(self, actor: NamedDependency[Actor], upload_id: FromPath[UUID]) -> Response[bytes]:
        found = await service.result_file(actor, upload_id)
        return download(found.content, found.file.name, found.file.type)
