"""The operator's door: REST for the operator's staff, in one tenant a call, or in the operator's own scope.

A controller of it derives from `OperatorController`, names the permission of each use case in
`core/permissions.py` (`OPERATOR_PERMISSIONS`), and takes `actor`: the person of the staff in the tenant of the address.
"""

from typing import Annotated

from litestar import Controller
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import PathParameter

from backend.core.errors import AppError
from backend.members.operators import authenticate_operator, operator_actor
from backend.web.bodies import json_is_json
from backend.web.refusals import bearer_token, log_refusal
from backend.web.types import AnyConnection, AnyRequest
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor

Slug = Annotated[
    str,
    PathParameter(description="The company, as in `fleetline tenant create`.", pattern="^[a-z0-9-]{1,40}$"),
]


class TooLarge(AppError):
    """More than one request may hold."""

    code = "too_large"
    status = 413


async def operator_required(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """A guard: the owner of an operator token is known before a body is read. Cookies are not looked at."""
    operator = await authenticate_operator(bearer_token(connection))
    if operator is None:
        log_refusal(connection, "operator token")
        raise NotAuthorizedException("Send a valid operator token: Authorization: Bearer …")
    slug = connection.path_params.get("slug")
    # An address without a company is about what belongs to none
    connection.state.actor = (
        Actor(OPERATOR_SCOPE, name=operator, operator=operator)
        if slug is None
        else await operator_actor(operator, slug)
    )


def operator_in_tenant(request: AnyRequest) -> Actor:
    """Who acts, in the tenant that the address names or in the operator's scope, as the guard found."""
    actor: Actor = request.state.actor
    return actor


class OperatorController(Controller):
    """What every controller of this door shares: the address may name the tenant, the token names the person."""

    guards = (operator_required, json_is_json)
    dependencies = {"actor": Provide(operator_in_tenant, sync_to_thread=False)}  # noqa: RUF012 - Litestar's own form
