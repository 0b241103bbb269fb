"""What every door shares about HTTP.

Owns: callers, problems, limits and strict JSON, cookies and cross-site rules, idempotent answers,
the description of the API, operations, and the server.
Does not own: any route of the product.

An application is put together as ``DataPlane(build_stack(FastAPI))``; handlers use ``callers``
and ``wire``.
"""

from dream_api.services.http.application import Application, assemble, describe_routers
from dream_api.services.http.callers import Doorkeeper
from dream_api.services.http.development import Development
from dream_api.services.http.documentation import install_documentation
from dream_api.services.http.logs import configure_logs
from dream_api.services.http.measures import Measures
from dream_api.services.http.openapi import Description
from dream_api.services.http.operations import Operations
from dream_api.services.http.problems import Problem, ProblemWriter, install_problems
from dream_api.services.http.server import server_config
from dream_api.services.http.settings import DoorSettings
from dream_api.services.http.stack import build_stack

__all__ = [
    "Application",
    "Description",
    "Development",
    "DoorSettings",
    "Doorkeeper",
    "Measures",
    "Operations",
    "Problem",
    "ProblemWriter",
    "assemble",
    "build_stack",
    "configure_logs",
    "describe_routers",
    "install_documentation",
    "install_problems",
    "server_config",
]
