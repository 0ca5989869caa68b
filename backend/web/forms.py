"""Forms of people who are not signed in yet, or need not be: small, with few fields, read before anything is done."""

from urllib.parse import parse_qsl

from litestar.exceptions import HTTPException

from backend.web.types import AnyRequest

# Of a request to the routes that read such forms: a password of 1,024 characters, each escaped, takes half of it
LARGEST_FORM = 16 * 1024
MOST_FIELDS = 50
URL_ENCODED = "application/x-www-form-urlencoded"


async def read_form(request: AnyRequest) -> dict[str, str]:
    """The last value of each field. Raises as `read_pairs` does."""
    return dict(await read_pairs(request))


async def read_pairs(request: AnyRequest) -> list[tuple[str, str]]:
    """The fields of a form in their order, empty ones too.

    Raises HTTPException: 413 over the limit of the route, 400 for another kind of body, more than 50 fields, bytes
    that are no text, and for a NUL, which nothing can store.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in {URL_ENCODED, ""}:
        raise HTTPException(status_code=400, detail="Send a form.")
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(status_code=400, detail="The form cannot be read.") from None
    if any("\0" in part for pair in pairs for part in pair):
        raise HTTPException(status_code=400, detail="The form cannot be read.")
    return pairs
