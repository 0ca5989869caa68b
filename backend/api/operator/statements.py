"""The operator's staff hand in bank statements, and decide whose the movements are that match by no communication."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.api.operator.access import OperatorController
from backend.api.operator.billing import Dismissal
from backend.api.operator.bodies import FileOperation, whole_body
from backend.billing.bank import decisions, keeping
from backend.billing.bank.decisions import MovementDecision, MovementInfo, StatementInfo
from backend.billing.bank.keeping import LARGEST_FILE, StatementOutcome
from backend.billing.intake.sources import LONGEST_NAME
from backend.billing.lifecycle import MovementState, StatementState
from backend.web.problems import problem_specs
from backend.web.types import AnyRequest
from tenants.scope import Actor

StatementFileName = Annotated[
    str,
    QueryParameter(
        name="name",
        description="The name of the file.",
        max_length=LONGEST_NAME,
        pattern=r"^[^\x00-\x1f\x7f]{1,200}$",
    ),
]
StatementsInState = Annotated[StatementState, QueryParameter(name="state", description="Those in one state.")]
MovementsInState = Annotated[
    MovementState | None, QueryParameter(name="state", description="Those in one state.")
]
OfStatement = Annotated[UUID | None, QueryParameter(description="Only those of one statement.")]


class TakenStatements(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each statement of a file. Payments are matched afterwards."""

    statements: list[StatementOutcome]


class OperatorStatementsController(OperatorController):
    """Bank statements: CODA, or CAMT.053."""

    path = "/billing/statements"
    tags = ("Operator: invoices",)

    @post(
        status_code=202,
        operation_class=FileOperation,
        request_max_body_size=None,
        responses=problem_specs(400, 401, 403, 413, 422),
        summary="Hand in bank statements",
    )
    async def take(
        self, request: AnyRequest, actor: NamedDependency[Actor], file_name: StatementFileName
    ) -> TakenStatements:
        content = await whole_body(request, LARGEST_FILE)
        return TakenStatements(statements=await keeping.take_file(actor, name=file_name, content=content))

    @get(responses=problem_specs(400, 401, 403), summary="Bank statements that are held")
    async def listed(
        self,
        actor: NamedDependency[Actor],
        # The framework keeps the word `state` for itself
        in_state: StatementsInState = StatementState.HELD,
    ) -> list[StatementInfo]:
        return await decisions.bank_statements(actor, state=in_state)

    @post(
        "/{statement_id:uuid}/dismissal",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Leave a held statement out",
    )
    async def dismiss(
        self, actor: NamedDependency[Actor], statement_id: FromPath[UUID], data: JSONBody[Dismissal]
    ) -> None:
        await decisions.dismiss_statement(actor, statement_id, reason=data.reason)


class OperatorMovementsController(OperatorController):
    """Movements of bank statements."""

    path = "/billing/movements"
    tags = ("Operator: invoices",)

    @get(responses=problem_specs(400, 401, 403), summary="Movements that wait for a decision")
    async def listed(
        self,
        actor: NamedDependency[Actor],
        in_state: MovementsInState = None,
        statement: OfStatement = None,
    ) -> list[MovementInfo]:
        return await decisions.bank_movements(actor, state=in_state, statement=statement)

    @post(
        "/{movement_id:uuid}/decision",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Decide whose a movement is",
    )
    async def decide(
        self, actor: NamedDependency[Actor], movement_id: FromPath[UUID], data: JSONBody[MovementDecision]
    ) -> None:
        await decisions.decide_movement(actor, movement_id, data)
