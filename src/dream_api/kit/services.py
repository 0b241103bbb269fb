"""The services that a process may serve."""

from enum import StrEnum


class ServiceName(StrEnum):
    """The services, by the names of the table of bindings."""

    FRONT_AUTH_API = "front-auth-api"
    OAUTH_API = "oauth-api"
    API_MULTI = "api-multi"


ALL_SERVICES = frozenset(ServiceName)
