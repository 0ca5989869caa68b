"""What is proven of an invoice, why it differs from the one before, and its disputes, over REST."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.billing.differences import service as differences
from backend.billing.differences.causes import CauseKind
from backend.billing.differences.service import Difference
from backend.billing.disputes import deciding, opening
from backend.billing.disputes import service as disputes
from backend.billing.disputes.schemas import InvoiceDisputes, NewDispute
from backend.billing.proof import service as proof
from backend.billing.proof.schemas import Verdict
from backend.billing.proof.service import ProofSummary, ProvenCharge
from backend.web.problems import problem_specs
from tenants.scope import Actor

ProofLimit = Annotated[int, QueryParameter(ge=1, le=proof.MOST_LISTED)]
DisputeLimit = Annotated[int, QueryParameter(ge=1, le=disputes.MOST_LISTED)]
ProofOffset = Annotated[int, QueryParameter(ge=0, le=10**6)]
ByVerdict = Annotated[Verdict, QueryParameter(description="proven, different or unchecked.")]
ChargedNumber = Annotated[
    str, QueryParameter(description="In E.164; empty: of the customer number as a whole.", max_length=20)
]
OfCause = Annotated[CauseKind | None, QueryParameter(name="kind", description="Only the causes of one kind.")]


class OpenedDisputes(msgspec.Struct, frozen=True, kw_only=True):
    """How many disputes are new: a charge that is disputed already keeps the one that it has."""

    opened: int


class InvoiceProofController(Controller):
    """The proof, the difference and the disputes of an invoice."""

    path = "/invoices/{invoice_id:uuid}"
    tags = ("Invoices",)

    @get("/proof", responses=problem_specs(400, 401, 403, 404), summary="How much of an invoice is proven")
    async def summary(self, actor: NamedDependency[Actor], invoice_id: FromPath[UUID]) -> ProofSummary:
        return await proof.proof_of(actor, invoice_id)

    @get(
        "/proof/charges",
        responses=problem_specs(400, 401, 403, 404),
        summary="The charges with one verdict, the highest difference first",
    )
    async def proven_charges(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        verdict: ByVerdict = Verdict.DIFFERENT,
        limit: ProofLimit = 50,
        offset: ProofOffset = 0,
    ) -> list[ProvenCharge]:
        return await proof.proven_charges(actor, invoice_id, verdict, limit=limit, offset=offset)

    @get(
        "/proof/number",
        responses=problem_specs(400, 401, 403, 404),
        summary="The charges of one number with their proof",
    )
    async def number_charges(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        msisdn: ChargedNumber = "",
        limit: ProofLimit = proof.MOST_LISTED,
        offset: ProofOffset = 0,
    ) -> list[ProvenCharge]:
        return await proof.number_charges(actor, invoice_id, msisdn, limit=limit, offset=offset)

    @post(
        "/proof",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404),
        summary="Have an invoice proven again by what is known now",
    )
    async def prove_again(self, actor: NamedDependency[Actor], invoice_id: FromPath[UUID]) -> None:
        await proof.check_again(actor, invoice_id)

    @get(
        "/difference",
        responses=problem_specs(400, 401, 403, 404),
        summary="Why it differs from the invoice before; null for a credit note",
    )
    async def difference(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        kind: OfCause = None,
        limit: ProofLimit = 50,
        offset: ProofOffset = 0,
    ) -> Difference | None:
        return await differences.difference_of(actor, invoice_id, kind=kind, limit=limit, offset=offset)

    @get(
        "/disputes",
        responses=problem_specs(400, 401, 403, 404),
        summary="The disputes of an invoice, and what they keep apart",
    )
    async def disputes_of_invoice(
        self,
        actor: NamedDependency[Actor],
        invoice_id: FromPath[UUID],
        limit: DisputeLimit = disputes.MOST_LISTED,
        offset: ProofOffset = 0,
    ) -> InvoiceDisputes:
        return await disputes.disputes_of(actor, invoice_id, limit=limit, offset=offset)

    @post(
        "/disputes",
        status_code=201,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Dispute charges of an invoice, or an amount of one without charges per number",
    )
    async def dispute(
        self, actor: NamedDependency[Actor], invoice_id: FromPath[UUID], data: JSONBody[NewDispute]
    ) -> OpenedDisputes:
        return OpenedDisputes(opened=await opening.open_disputes(actor, invoice_id, data))


class DisputesController(Controller):
    """One dispute."""

    path = "/disputes"
    tags = ("Invoices",)

    @post(
        "/{dispute_id:uuid}/withdrawal",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Take a dispute back",
    )
    async def withdraw(self, actor: NamedDependency[Actor], dispute_id: FromPath[UUID]) -> None:
        await deciding.withdraw_dispute(actor, dispute_id)
