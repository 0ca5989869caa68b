"""What a use case may refuse with; three edges (API, pages, jobs) translate these and nothing else."""

from collections.abc import Mapping


class AppError(Exception):
    """An expected refusal: `code` is stable and for programs, the sentence (English) is fit for a customer."""

    code = "refused"
    status = 400

    def __init__(self, message: str, **details: object) -> None:
        """`code=` among the details replaces the kind's own code."""
        super().__init__(message)
        self.message = message
        self.code = str(details.pop("code", None) or self.code)
        self.details = details


class NotFound(AppError):
    """Missing, another tenant's, or outside the actor's reach: one answer for all three."""

    code = "not_found"
    status = 404

    def __init__(
        self, message: str = "This does not exist, or is not yours to see.", **details: object
    ) -> None:
        super().__init__(message, **details)


class Forbidden(AppError):
    """The actor's roles do not hold the permission."""

    code = "forbidden"
    status = 403

    def __init__(self, message: str = "You lack the right for this action.", **details: object) -> None:
        super().__init__(message, **details)


class NotAuthenticated(AppError):
    """The session or token has ended: expired, signed out, revoked, or the member is blocked."""

    code = "signed_out"
    status = 401

    def __init__(self, message: str = "You are signed out. Sign in to go on.", **details: object) -> None:
        super().__init__(message, **details)


class ReauthenticationRequired(Forbidden):
    """The action needs a sign-in of the last five minutes."""

    code = "fresh_sign_in_needed"

    def __init__(self, message: str = "Sign in again to go on.", **details: object) -> None:
        super().__init__(message, **details)


class Conflict(AppError):
    """Someone was faster, or the state does not allow it."""

    code = "conflict"
    status = 409


class ValidationFailed(AppError):
    """Input that does not hold: `fields` maps each field to its sentence."""

    code = "invalid"
    status = 422

    def __init__(self, message: str = "", *, code: str | None = None, **fields: str) -> None:
        super().__init__(message or "; ".join(fields.values()), code=code)
        self.fields: Mapping[str, str] = fields


class FileRejected(ValidationFailed):
    """A file that is not taken: the field `file` is the place where a form shows the sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code, file=sentence)


class Unavailable(AppError):
    """A counterpart does not answer; trying again later may work."""

    code = "unavailable"
    status = 503
