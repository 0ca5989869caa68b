"""Headers of downloads, and the style sheet that the portal and the sandbox share."""

from pathlib import Path
from urllib.parse import quote

from litestar import Response
from litestar.response import Response as Answer

# Colours, sizes and fonts: the same for all pages
TOKENS_CSS = Path(__file__).parent / "static" / "tokens.css"
# A file of a customer is never a page of ours: it is kept, not shown, and may do nothing where it is shown after all.
FILE_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


def download(content: bytes, name: str, media_type: str) -> Answer[bytes]:
    """Bytes to be kept under a name, never shown as a page of ours."""
    # A line break in a name would end the header
    kept = "".join(sign if sign.isprintable() else "_" for sign in name)
    plain = "".join(sign if sign.isascii() and sign not in '"\\' else "_" for sign in kept)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(kept, safe='')}"
    return Response(
        content,
        media_type=media_type,
        headers={**FILE_HEADERS, "content-disposition": disposition},
    )
