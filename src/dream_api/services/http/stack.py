"""The layers around a service's application, outermost first."""

from starlette.types import ASGIApp

from dream_api.customers.platforms import Platforms
from dream_api.services.http.cors import Cors
from dream_api.services.http.entrance import Entrance
from dream_api.services.http.limits import Limits
from dream_api.services.http.measures import Measures
from dream_api.services.http.problems import Problems, ProblemWriter
from dream_api.services.http.settings import DoorSettings


def build_stack(
    app: ASGIApp,
    *,
    settings: DoorSettings,
    writer: ProblemWriter,
    measures: Measures,
    platforms: Platforms | None,
) -> ASGIApp:
    """Wrap the data plane and FastAPI in what every request passes.

    Problems stand twice: inside CORS, so that a browser may read why its call was refused, and
    outside, for what CORS itself refuses.
    """
    limited = Limits(app, loopback_only=settings.development)
    answered: ASGIApp = Problems(limited, writer)
    if platforms is not None:
        answered = Problems(Cors(answered, settings=settings, platforms=platforms), writer)
    return Entrance(answered, settings=settings, measures=measures)
