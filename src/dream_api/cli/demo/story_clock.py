"""A clock that says what the story needs: things are done when they happened."""

from datetime import datetime


class StoryClock:
    """Stands still until it is set; satisfies ``Clock``."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """Give the moment of the story."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Go to another moment of the story."""
        self._moment = moment
