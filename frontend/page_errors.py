"""Errors of a page in words for the customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import structlog

from backend.core.errors import (
    AppError,
    ValidationFailed,
)
from frontend.error_messages import ERROR_MESSAGES
from frontend.page_context import PageContext

log = structlog.get_logger()


def new_error_reference() -> str:
    """A short name that ties what the customer sees to a line in the log."""
    return uuid4().hex[:8].upper()


@dataclass(frozen=True)
class PageError:
    """Why something did not work, in words for the customer."""

    words: str
    code: str = ""
    fields: Mapping[str, str] | None = None
    reference: str = ""
    # What a refusal names besides
    details: Mapping[str, object] = field(default_factory=dict)


def no_page_error() -> "PageError | None":
    """The state of a component before anything went wrong."""
    return None


def to_page_error(page: PageContext, error: Exception) -> PageError:
    """An error in words: the sentence of an AppError; anything else is logged and gets a reference."""
    text = page.text
    if isinstance(error, AppError):
        fields = dict(error.fields) if isinstance(error, ValidationFailed) else None
        words = text(ERROR_MESSAGES.get(error.code, error.message))
        return PageError(words, error.code, fields, details=error.details)
    ref = new_error_reference()
    log.error("request of a page failed", reference=ref, exc_info=error)
    sentence = text(
        "Something went wrong on our side. Try again, or give the support this reference: {reference}.",
        reference=ref,
    )
    return PageError(sentence, "unknown", None, ref)
