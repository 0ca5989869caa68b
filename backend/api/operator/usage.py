"""The operator's staff load usage records and bundles."""

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from backend.api.operator.access import OperatorController, Slug
from backend.api.operator.bodies import spooled
from backend.tabular.text import text_lines
from backend.usage.loading import LoadResult, load_file
from backend.usage.records import UsageFileKind
from backend.web.problems import problem_specs
from backend.web.types import AnyRequest
from tenants.scope import Actor

LARGEST_FILE = 64 * 1024 * 1024


class RejectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was not taken, counted as in a spreadsheet."""

    row: int
    column: str
    reason: str


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file. `errors` holds the first 1,000 rows that were rejected."""

    rows: int
    taken: int
    repeated: int
    rejected: int
    errors: list[RejectedRow]

    @classmethod
    def of(cls, loaded: LoadResult) -> "LoadReport":
        return cls(
            rows=loaded.rows,
            taken=loaded.taken,
            repeated=loaded.repeated,
            rejected=loaded.rejected,
            errors=[
                RejectedRow(row=one.row, column=one.column, reason=one.message()) for one in loaded.errors
            ],
        )


class CsvOperation(Operation):
    """Documents a body that the handler reads as a stream."""

    def __post_init__(self) -> None:
        schema = Schema(
            type=OpenAPIType.STRING, description="CSV in UTF-8 with its header: see docs/usage.md."
        )
        self.request_body = RequestBody(content={"text/csv": OpenAPIMediaType(schema=schema)}, required=True)


class OperatorUsageController(OperatorController):
    """Loading usage."""

    path = "/tenants/{slug:str}/usage"
    tags = ("Operator: usage",)

    @post(
        "/records",
        status_code=200,
        operation_class=CsvOperation,
        request_max_body_size=None,
        responses=problem_specs(400, 401, 403, 404, 413, 422),
        summary="Load usage records",
    )
    async def records(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> LoadReport:
        return await _load(request, actor, UsageFileKind.RECORDS)

    @post(
        "/buckets",
        status_code=200,
        operation_class=CsvOperation,
        request_max_body_size=None,
        responses=problem_specs(400, 401, 403, 404, 413, 422),
        summary="Load the state of bundles",
    )
    async def buckets(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> LoadReport:
        return await _load(request, actor, UsageFileKind.BUCKETS)


async def _load(request: AnyRequest, actor: Actor, kind: UsageFileKind) -> LoadReport:
    with await spooled(request, LARGEST_FILE, "fleetline usage import") as file, text_lines(file) as lines:
        return LoadReport.of(await load_file(actor, lines, kind=kind))
