"""What a request's body may be: JSON where JSON is read, and nothing that its readers stumble over."""

from types import TracebackType

from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.params import BodyKwarg

from backend.web.types import AnyConnection

# Functions of the framework that read a body
READERS = frozenset(
    {
        "json",
        "form",
        "json_extractor",
        "_extract_multipart",
        "parse_multipart_form",
        "parse_url_encoded_form_data",
    }
)


def json_is_json(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """A guard: a body that is read as JSON must say that it is. Raises 415."""
    data = handler.parsed_data_field
    if data is None:
        return
    about = data.kwarg_definition
    if isinstance(about, BodyKwarg) and about.media_type != RequestEncodingType.JSON:
        return
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != RequestEncodingType.JSON:
        raise HTTPException(status_code=415, detail="Send JSON: Content-Type: application/json.")


def is_unreadable_body(error: BaseException) -> bool:
    """Whether the framework gave up on a body: nested too deeply, or bytes that are no text."""
    if not isinstance(error, RecursionError | UnicodeDecodeError):
        return False
    frame: TracebackType | None = error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        if code.co_name in READERS and "litestar" in code.co_filename:
            return True
        frame = frame.tb_next
    return False
