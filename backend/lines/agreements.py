"""Split-billing agreements of lines (domain 3.7): signed, looked at by the operator, in force, ended."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound
from backend.core.facts import ContractClosed
from backend.core.ids import AgreementId, new_id
from backend.core.outbox import dump
from backend.documents.attachments import SubjectKind, attach
from backend.lines.lifecycle import ENDED, AgreementState
from backend.lines.line_writes import lock_lines, update_lines
from backend.lines.tables import SplitAgreement
from backend.lines.timeline_codes import LineTimelineCode
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

UNDER_REVIEW = AgreementState.UNDER_REVIEW
UNDECIDED = (AgreementState.DOCUMENT_PENDING, UNDER_REVIEW)
END_OF_LINES = """
UPDATE split_agreement SET state = $3, ended_at = $2 WHERE line_id = ANY($1) AND state <> $3 RETURNING id
"""
END_OF_ITEMS = """
UPDATE split_agreement SET state = $3, ended_at = $2 WHERE item_id = ANY($1) AND state = $4 RETURNING id
"""


class Agreement(msgspec.Struct, frozen=True):
    """What the operator decides on."""

    line_id: UUID
    profile: str
    state: str


async def open_agreement(
    scope: Scope,
    *,
    line_id: UUID,
    item_id: UUID,
    profile: str,
    document_id: UUID | None,
    end_user_id: UUID | None,
    billing: Mapping[str, Any],
) -> UUID:
    """Write a new agreement of a line; returns its id.

    An agreement in force stays so until this one is accepted. One that is not decided yet ends.
    """
    agreement_id, now = new_id(), clock.now()
    await _end_of_line(scope, line_id, UNDECIDED)
    await SplitAgreement.insert(
        SplitAgreement(
            id=agreement_id,
            tenant_id=scope.tenant_id,
            line_id=line_id,
            item_id=item_id,
            end_user_id=end_user_id,
            profile=profile,
            state=UNDER_REVIEW if document_id else AgreementState.DOCUMENT_PENDING,
            document_id=document_id,
            billing=dump(dict(billing)),
            created_at=now,
        )
    )
    if document_id:
        await attach(scope, document_id, subject_kind=SubjectKind.AGREEMENT, subject_id=agreement_id)
    scope.invalidate(f"line:{line_id}")
    return agreement_id


async def decide_agreement(scope: Scope, agreement_id: UUID, *, accepted: bool, reason: str, by: str) -> UUID:
    """Write the operator's decision on a signed contract; returns its line.

    Accepted, it is in force in place of an earlier one. Refused, a new scan is needed, and `reason` says why.
    Raises NotFound, and Conflict (`not_under_review`) where it was decided before.
    """
    found = await scope.select_one(Agreement, SplitAgreement, SplitAgreement.id == agreement_id, lock=True)
    if found is None:
        raise NotFound
    if found.state != UNDER_REVIEW:
        raise Conflict("This contract is not under review any more.", code="not_under_review")
    now = clock.now()
    if accepted:
        await _put_in_force(scope, found)
    await SplitAgreement.update(
        {
            SplitAgreement.state: AgreementState.ACTIVE if accepted else AgreementState.DOCUMENT_PENDING,
            SplitAgreement.reason: "" if accepted else reason,
            SplitAgreement.decided_by: by,
            SplitAgreement.decided_at: now,
        }
    ).where(SplitAgreement.id == agreement_id)
    code = LineTimelineCode.CONTRACT_ACCEPTED if accepted else LineTimelineCode.CONTRACT_REFUSED
    await audit.record(scope, code, "line", found.line_id, profile=found.profile, reason=reason)
    await timeline.record(
        scope, TimelineSubject.LINE, found.line_id, code, profile=found.profile, reason=reason
    )
    scope.emit(ContractClosed(agreement_id=agreement_id))
    scope.invalidate(f"line:{found.line_id}")
    return found.line_id


async def _put_in_force(scope: Scope, agreement: Agreement) -> None:
    """End the agreement that was in force, and write the new profile to the line, unless the line has ended."""
    line_id = agreement.line_id
    await _end_of_line(scope, line_id, (AgreementState.ACTIVE,))
    lines = await lock_lines(scope, [line_id])
    if lines[line_id].status not in ENDED:
        await update_lines(scope, [(lines[line_id], {"split_profile": agreement.profile})])


async def _end_of_line(scope: Scope, line_id: UUID, states: Sequence[AgreementState]) -> None:
    """End the agreements of a line that are in one of these states."""
    ended = (
        await SplitAgreement.update(
            {SplitAgreement.state: AgreementState.ENDED, SplitAgreement.ended_at: clock.now()}
        )
        .where((SplitAgreement.line_id == line_id) & SplitAgreement.state.is_in(list(states)))
        .returning(SplitAgreement.id)
    )
    for row in ended:
        scope.emit(ContractClosed(agreement_id=row["id"]))


async def end_agreements(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """End every agreement of these lines: the line left, its user changed, or shared billing was stopped."""
    await _end(scope, END_OF_LINES, list(line_ids), clock.now(), AgreementState.ENDED)
    for line_id in line_ids:
        scope.invalidate(f"line:{line_id}")


async def cancel_agreements(scope: Scope, item_ids: Sequence[UUID]) -> None:
    """End agreements of requests that came to nothing before the operator decided."""
    await _end(scope, END_OF_ITEMS, list(item_ids), clock.now(), AgreementState.ENDED, UNDER_REVIEW)


async def _end(scope: Scope, statement: str, *values: Any) -> None:
    """End agreements, and emit it: a request may wait for the decision on one of them."""
    for agreement_id in await scope.fetch_all(AgreementId, statement, *values):
        scope.emit(ContractClosed(agreement_id=agreement_id))
