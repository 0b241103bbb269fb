"""What one call of ``/v1`` is."""

from collections.abc import Callable
from dataclasses import dataclass

from stripe_simulator.resources.call import Call
from stripe_simulator.shapes import Body

Verb = Callable[[Call], Body]
_PAGING = "limit starting_after ending_before expand"


@dataclass(frozen=True, slots=True)
class Route:
    """One call.

    Attributes:
        path: Its path, where ``{id}`` stands for the id that the verb is given.
        schema: The SDK's TypedDict of its parameters.
        honours: The parameters, dotted and separated by spaces, that the verb acts on. Others
            that Stripe knows are refused as not implemented, never silently ignored.
    """

    method: str
    path: str
    verb: Verb
    schema: type
    honours: str = ""

    @property
    def honoured(self) -> frozenset[str]:
        """The honoured parameters, with those that every call takes."""
        return frozenset(f"{self.honours} {_PAGING}".split())
