"""Every call of ``/v1`` that the simulator answers; what is not here is refused."""

from functools import lru_cache

from stripe_simulator.routes import catalogue, money, selling, telling
from stripe_simulator.routes.route import Route, Verb

__all__ = ["Route", "Verb", "all_routes", "find_route"]

_ROUTES = [*catalogue.ROUTES, *selling.ROUTES, *money.ROUTES, *telling.ROUTES]


def all_routes() -> list[Route]:
    """Every route, in the order of the table."""
    return list(_ROUTES)


def find_route(method: str, path: str) -> tuple[Route, str] | None:
    """The route of a request and the id in its path, or nothing."""
    parts = path.strip("/").split("/")
    for place, part in [(None, "")] + [(at, parts[at]) for at in range(2, len(parts))]:
        template = [*parts]
        if place is not None:
            template[place] = "{id}"
        route = _by_path().get((method, "/" + "/".join(template)))
        if route is not None:
            return route, part
    return None


@lru_cache
def _by_path() -> dict[tuple[str, str], Route]:
    return {(route.method, route.path): route for route in _ROUTES}
