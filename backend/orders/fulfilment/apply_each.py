"""Applies updates of a carrier so that a bad one never stops the good ones: it is set aside, and the others count."""

import secrets
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
import structlog

from backend.core.database_errors import is_transient
from backend.core.errors import AppError
from backend.core.log_fields import order_field
from backend.core.messaging.set_aside import UnreadMessage, clear_set_aside, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.integrations.network import MalformedError, OrderUpdate, UnreadableAnswer
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.updates import apply_updates
from tenants.scope import Scope

log = structlog.get_logger()

# Unique indexes that only a carrier's word can break
WORDS: Mapping[str, str] = {
    "line_live_number": "the number is live on another line",
    "sim_live": "the SIM is in use on another line",
}
# What a complete answer about an item makes needless
ABOUT_ITEMS = (SetAsideSource.CALLBACK, SetAsideSource.ANSWER)


async def apply_each(
    scope: Scope, updates: Sequence[OrderUpdate], *, known: Sequence[KnownItem] = ()
) -> list[tuple[OrderUpdate, str]]:
    """Apply all updates together; where that fails, each half, down to a single one.

    Returns those that could not be applied, with the reason. Raises what is about the database and not about an update.
    """
    ordered = sorted(updates, key=lambda one: (one.external_id, one.state.final, str(one.at or "")))
    return await _apply(scope, ordered, known)


async def _apply(
    scope: Scope, updates: Sequence[OrderUpdate], known: Sequence[KnownItem]
) -> list[tuple[OrderUpdate, str]]:
    if not updates:
        return []
    try:
        async with scope.savepoint():
            await apply_updates(scope, updates, known=known)
    except Exception as error:
        if is_transient(error):
            raise
        if len(updates) == 1:
            about = await order_field(scope, [updates[0].external_id])
            return [(updates[0], reason_of(error, about))]
        middle = len(updates) // 2
        return [
            *await _apply(scope, updates[:middle], known),
            *await _apply(scope, updates[middle:], known),
        ]
    return []


def reason_of(error: Exception, about: Mapping[str, str]) -> str:
    """Why an update could not be applied, without its values; a bug is logged under a reference."""
    if isinstance(error, AppError):
        return error.message
    if isinstance(error, asyncpg.UniqueViolationError) and str(error.constraint_name) in WORDS:
        return WORDS[str(error.constraint_name)]
    reference = secrets.token_hex(4)
    log.error("carrier message not dealt with", **about, reference=reference, exc_info=error)
    return f"it could not be dealt with: {type(error).__name__} ({reference})"


def reason_unread(error: Exception, about: Mapping[str, str]) -> str:
    """Why a message could not be read, without its values; a bug is logged with `about`, under a reference."""
    return str(error) if isinstance(error, MalformedError) else reason_of(error, about)


async def apply_answers(
    scope: Scope, answers: Sequence[OrderUpdate], *, known: Sequence[KnownItem] = ()
) -> None:
    """Apply what the carrier answered of items; set aside what cannot be applied, close what was set aside before."""
    refused = await apply_each(scope, answers, known=known)
    bad = {update.external_id for update, _ in refused}
    good = [one.external_id for one in answers if one.external_id not in bad]
    await clear_set_aside(scope, ABOUT_ITEMS, good)
    await set_aside(
        scope,
        [_message(update.external_id, msgspec.json.encode(update).decode(), why) for update, why in refused],
    )


async def set_answers_aside(scope: Scope, answers: Mapping[str, object]) -> None:
    """Set aside the answers that cannot be read, by the item that they are about. Others are left alone."""
    await set_aside(
        scope,
        [
            _message(item_id, answer.body, answer.why)
            for item_id, answer in answers.items()
            if isinstance(answer, UnreadableAnswer)
        ],
    )


def _message(item_id: str, body: str, why: str) -> UnreadMessage:
    return UnreadMessage(source=SetAsideSource.ANSWER, key=item_id, subject=item_id, body=body, why=why)
