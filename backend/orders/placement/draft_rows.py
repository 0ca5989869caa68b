"""Rows of drafts: reading a member's own, writing what it asks, and the file that belongs to it."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from piccolo.columns import Column

from backend.core import clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.documents.attachments import SubjectKind, attach, detach
from backend.orders.kinds import KINDS, decode_request
from backend.orders.lifecycle import OrderState
from backend.orders.schemas import COMMON, OrderRequest
from backend.orders.tables import ChangeOrder
from backend.orders.topics import invalidate_drafts
from tenants.scope import Scope

# Of `change_order`: a draft that somebody filled in, or that holds a file; not one whose form was only opened
FILLED_IN = "(touched_at <> created_at OR body->>'upload_id' IS NOT NULL)"
PAGE_NAME = re.compile("[a-z-]{1,30}")


class DraftKey(msgspec.Struct, frozen=True):
    """The id of a draft."""

    id: UUID


async def insert_draft(scope: Scope, kind: str, body: str, lines: int) -> UUID:
    """Write a draft of the actor. `body`: what it asks, as JSON; `lines`: how many it is about. Returns its id."""
    draft_id, now = new_id(), clock.now()
    await ChangeOrder.insert(
        ChangeOrder(
            id=draft_id,
            tenant_id=scope.tenant_id,
            kind=kind,
            state=OrderState.DRAFT,
            requester_id=scope.actor.member_id,
            requester_name=scope.actor.name,
            requester_email=scope.actor.email,
            language=scope.actor.language,
            body=body,
            created_at=now,
            touched_at=now,
            lines=lines,
        )
    )
    return draft_id


class DraftRecord(msgspec.Struct, frozen=True):
    """A draft, or the order that it became."""

    body: str
    state: str
    reference: str | None


async def load_draft(scope: Scope, draft_id: UUID, *, lock: bool = False) -> OrderRequest:
    """What the actor's own draft asks; `lock` keeps another save of it waiting: each changes some of the fields.

    Raises NotFound, and Conflict (`already_placed`, with its reference).
    """
    draft = await scope.select_one(
        DraftRecord,
        ChangeOrder,
        (ChangeOrder.id == draft_id) & (ChangeOrder.requester_id == scope.actor.member_id),
        lock=lock,
    )
    if draft is None:
        raise NotFound
    if draft.state != OrderState.DRAFT:
        raise Conflict("This request has been sent.", code="already_placed", reference=draft.reference)
    return decode_request(draft.body)


async def write_draft(
    scope: Scope, draft_id: UUID, request: OrderRequest, *, page: str = "", lines: int | None = None
) -> None:
    """Write what the draft asks. `page`: the page of the form that comes next; `lines`: how many it is about now."""
    changed: dict[Column | str, Any] = {
        ChangeOrder.kind: request.kind,
        ChangeOrder.body: msgspec.json.encode(request).decode(),
        ChangeOrder.touched_at: clock.now(),
    }
    if PAGE_NAME.fullmatch(page):
        changed[ChangeOrder.draft_page] = page
    if lines is not None:
        changed[ChangeOrder.lines] = lines
    await ChangeOrder.update(changed).where(
        (ChangeOrder.id == draft_id) & (ChangeOrder.state == OrderState.DRAFT)
    )
    await keep_file(scope, draft_id, request)
    invalidate_drafts(scope)


async def keep_file(scope: Scope, draft_id: UUID, request: OrderRequest) -> None:
    """Keep the file that the draft names, and no other, for as long as the draft or its order is there."""
    if not hasattr(request, "document_id"):
        return
    await detach(scope, subject_kind=SubjectKind.ORDER, subject_ids=[draft_id])
    if request.document_id:
        await attach(scope, request.document_id, subject_kind=SubjectKind.ORDER, subject_id=draft_id)


def with_fields(request: OrderRequest, kind_fields: Mapping[str, Any]) -> OrderRequest:
    """The request with these fields; `kind` makes a new line one of the other kind, with the fields that both have.

    Raises ValidationFailed for values of the wrong type.
    """
    known = _kind_asked(request, kind_fields)
    names = set(known.__struct_fields__) - COMMON | {"on"}
    given = {name: value for name, value in kind_fields.items() if name in names}
    before = msgspec.to_builtins(request)
    if known is not type(request):
        # A reserved number is no number that is transferred
        before = {name: value for name, value in before.items() if name in COMMON | names - {"number"}}
    try:
        return msgspec.convert({**before, **given, "kind": known.__struct_config__.tag}, known)
    except msgspec.ValidationError as error:
        raise ValidationFailed(str(error), code="malformed") from None


def _kind_asked(request: OrderRequest, kind_fields: Mapping[str, Any]) -> type[OrderRequest]:
    wanted, present = KINDS.get(str(kind_fields.get("kind", ""))), KINDS[request.kind]
    if wanted is None or wanted.creates is None or present.creates is None:
        return present.request
    return wanted.request
