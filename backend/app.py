"""The HTTP side of the product as one Litestar application: sign-in, the issuer, and what features add."""

from collections.abc import Sequence

from litestar import Litestar
from litestar.middleware import DefineMiddleware

from backend.api.auth import identity_routers
from backend.api.origin import OriginCheck
from backend.settings import Settings


def create_api(settings: Settings, *, stylesheets: Sequence[str] = ()) -> Litestar:
    """The application. `stylesheets` are the addresses of the assets that the sign-in pages use."""
    return Litestar(
        identity_routers(settings, stylesheets),
        middleware=[DefineMiddleware(OriginCheck, public_url=settings.public_url)],
        openapi_config=None,
        logging_config=None,
    )
