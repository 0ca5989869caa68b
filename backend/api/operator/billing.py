"""The operator's staff hand in invoices, follow how they are read, and decide what belongs to nobody yet."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response as Answer
from litestar import get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.api.operator.access import OperatorController
from backend.api.operator.bodies import FileOperation, whole_body
from backend.billing.intake import cases, import_log
from backend.billing.intake.cases import DocumentCase
from backend.billing.intake.import_log import LISTED, ImportReport
from backend.billing.intake.sources import LARGEST_FILE, LONGEST_NAME
from backend.billing.lifecycle import DocumentState
from backend.web.files import download
from backend.web.problems import problem_specs
from backend.web.types import AnyRequest
from tenants.scope import Actor

FileName = Annotated[
    str,
    QueryParameter(
        name="name",
        description="The name of the file: it ends in .xml, .zip or .csv.",
        max_length=LONGEST_NAME,
        pattern=r"^[^\x00-\x1f\x7f]{1,200}\.(?:xml|zip|csv)$",
    ),
]
CheckOnly = Annotated[
    bool, QueryParameter(name="check", description="Only say what the rules find; nothing is kept.")
]
After = Annotated[int, QueryParameter(description="Items after this position.", ge=-1, le=10**6)]
InState = Annotated[DocumentState | None, QueryParameter(name="state", description="Those in one state.")]
MostItems = Annotated[int, QueryParameter(description="At most so many items.", ge=1, le=LISTED)]


class StartedImport(msgspec.Struct, frozen=True, kw_only=True):
    """By this id the reading of a file is followed."""

    id: UUID


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """The company, as in `fleetline tenant create`, and its customer number."""

    tenant: Annotated[str, msgspec.Meta(max_length=40)]
    customer_number: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Dismissal(msgspec.Struct, frozen=True, kw_only=True):
    """Why the document stays out."""

    reason: Annotated[str, msgspec.Meta(max_length=cases.LONGEST_REASON)]


class OperatorImportsController(OperatorController):
    """Files of invoices: UBL documents, archives of them, charges."""

    path = "/billing/imports"
    tags = ("Operator: invoices",)

    @post(
        status_code=202,
        operation_class=FileOperation,
        request_max_body_size=None,
        responses=problem_specs(400, 401, 403, 413, 422),
        summary="Hand in invoices",
    )
    async def start(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        file_name: FileName,
        check_only: CheckOnly = False,
    ) -> StartedImport:
        content = await whole_body(request, LARGEST_FILE)
        return StartedImport(
            id=await import_log.start_import(
                actor, file_name=file_name, content=content, check_only=check_only
            )
        )

    @get(
        "/{import_id:uuid}",
        responses=problem_specs(400, 401, 403, 404),
        summary="How far a file is, and what became of its documents",
    )
    async def report(
        self,
        actor: NamedDependency[Actor],
        import_id: FromPath[UUID],
        after: After = -1,
        limit: MostItems = LISTED,
    ) -> ImportReport:
        return await import_log.import_report(actor, import_id, after=after, limit=limit)


class OperatorDocumentsController(OperatorController):
    """Documents that came in and are no invoice of a company."""

    path = "/billing/documents"
    tags = ("Operator: invoices",)

    @get(responses=problem_specs(400, 401, 403), summary="Documents that wait for a decision")
    async def waiting(
        self,
        actor: NamedDependency[Actor],
        # The framework keeps the word `state` for itself
        in_state: InState = None,
    ) -> list[DocumentCase]:
        return await cases.document_cases(actor, state=in_state)

    @get(
        "/{document_id:uuid}/content",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="The document, byte for byte",
    )
    async def content(self, actor: NamedDependency[Actor], document_id: FromPath[UUID]) -> Answer[bytes]:
        found = await cases.case_content(actor, document_id)
        return download(found.content, f"{found.number}.xml", "application/xml")

    @post(
        "/{document_id:uuid}/assignment",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Give a document to a customer number",
    )
    async def assign(
        self, actor: NamedDependency[Actor], document_id: FromPath[UUID], data: JSONBody[Assignment]
    ) -> None:
        await cases.assign_document(
            actor, document_id, slug=data.tenant, customer_number=data.customer_number
        )

    @post(
        "/{document_id:uuid}/dismissal",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Leave a document out",
    )
    async def dismiss(
        self, actor: NamedDependency[Actor], document_id: FromPath[UUID], data: JSONBody[Dismissal]
    ) -> None:
        await cases.dismiss_document(actor, document_id, reason=data.reason)
