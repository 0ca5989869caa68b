"""From database rows to what is shown of a saved view; its name."""

import unicodedata
from uuid import UUID

import msgspec

from backend.core.errors import Conflict, ValidationFailed
from backend.saved_views.schemas import LONGEST_NAME, SavedViewInfo, ViewPage, ViewQuery, is_small


class ViewRow(msgspec.Struct, frozen=True):
    """One saved view that the actor sees."""

    id: UUID
    member_id: UUID
    page: str
    name: str
    shared: bool
    # None where it is too large to be read
    query: str | None
    own: bool
    left_behind: bool
    owner: str


def view_info(row: ViewRow) -> SavedViewInfo:
    """What the reader is shown of a view."""
    return SavedViewInfo(
        id=row.id,
        page=ViewPage(row.page),
        name=row.name,
        shared=row.shared,
        owner="" if row.left_behind else row.owner,
        own=row.own,
        may_change=row.own or row.left_behind,
        query=read_query(row.query),
    )


def read_query(body: str | None) -> ViewQuery | None:
    """What a view shows; None where it is too large or cannot be read any more: it must not show everything instead."""
    if body is None:
        return None
    try:
        query: ViewQuery = msgspec.json.decode(body, type=ViewQuery)
    except msgspec.ValidationError:
        return None
    return query if is_small(query) else None


def clean_name(name: str) -> str:
    """The name with single blanks. Raises ValidationFailed for none, a long one, or signs that cannot be seen."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValidationFailed(
            name=f"Give it a name of 1 to {LONGEST_NAME} characters.", code="bad_view_name"
        )
    return name


def name_key(name: str) -> str:
    """What makes two names the same."""
    return name.casefold()


def name_taken() -> Conflict:
    """The refusal of a name that the owner has given already."""
    return Conflict("You have a view with this name already.", code="view_name_taken")
