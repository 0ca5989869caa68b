"""The operator's door: REST for the operator's staff, in one tenant a call.

A controller of it derives from `OperatorController`, names the permission of each use case in
`core/permissions.py` (`OPERATOR_PERMISSIONS`), and takes `actor`: the person of the staff in the tenant of the address.
"""

from typing import Annotated

from litestar import Controller
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.params import PathParameter

from backend.core.errors import AppError
from backend.members.operators import authenticate_operator, operator_actor
from backend.web.types import AnyRequest
from tenants.scope import Actor

Slug = Annotated[
    str,
    PathParameter(description="The company, as in `fleetline tenant create`.", pattern="^[a-z0-9-]{1,40}$"),
]


class TooLarge(AppError):
    """More than one request may hold."""

    code = "too_large"
    status = 413


async def operator_in_tenant(request: AnyRequest) -> Actor:
    """Who acts: the owner of an operator token, in the tenant that the address names. Cookies are not looked at."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    operator = await authenticate_operator(token.strip()) if scheme.lower() == "bearer" else None
    if operator is None:
        raise NotAuthorizedException("Send a valid operator token: Authorization: Bearer …")
    return await operator_actor(operator, request.path_params["slug"])


class OperatorController(Controller):
    """What every controller of this door shares: the address names the tenant, the token the person."""

    dependencies = {"actor": Provide(operator_in_tenant)}  # noqa: RUF012 - Litestar's own form
