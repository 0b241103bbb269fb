"""One FastAPI application out of the routers and rooms that a process serves."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from dream_api.services.http import development, operations
from dream_api.services.http.documentation import install_documentation
from dream_api.services.http.openapi import Description, describe
from dream_api.services.http.problems import ProblemWriter, install_problems

Application = ASGIApp
"""What the layers of doors are made of, for those who may not know the framework."""


def assemble(
    routers: Sequence[APIRouter],
    *,
    rooms: Mapping[str, Any],
    writer: ProblemWriter,
    description: Description,
) -> FastAPI:
    """Put an application together.

    Args:
        routers: of the services, in the order in which paths are matched.
        rooms: what handlers find at ``app.state``, by name.
        writer: turns errors into answers.
        description: what the documentation says besides the routes.
    """
    application = FastAPI(
        openapi_url=None,  # Documentation is ours: no script of anybody else's.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # A wrong path is a 404 problem, not a redirect.
    )
    for name, value in rooms.items():
        setattr(application.state, name, value)
    for router in (operations.router, development.router, *routers):
        application.routes.extend(router.routes)  # To include it would build each route twice.
    install_documentation(application, description)
    install_problems(application, writer)
    return application


def describe_routers(routers: Sequence[APIRouter], description: Description) -> dict[str, Any]:
    """Build the OpenAPI document of routers, without any room behind them."""
    writer = ProblemWriter(description.public_url)
    application = assemble(routers, rooms={}, writer=writer, description=description)
    return describe(application, description)
