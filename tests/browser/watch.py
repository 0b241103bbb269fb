"""What a browser must not have done by the end of a test."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Request


@dataclass
class Watch:
    """Collects console errors (each policy violation is one) and requests that leave us."""

    allowed: frozenset[str] | set[str]
    console_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)
    """Statuses of refusals that a test provokes: Chromium logs each as an error."""
    tolerated: set[str] = field(default_factory=set)
    """Parts of other messages that a test provokes."""

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("request", self._saw_request)
        context.on("console", lambda message: self._saw_console(message.type, message.text))
        context.on("weberror", lambda error: self.console_errors.append(str(error.error)))

    def _saw_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme in ("http", "https") and origin not in self.allowed:
            self.foreign_requests.append(request.url)

    def _saw_console(self, kind: str, text: str) -> None:
        expected = {f"status of {status} " for status in self.expected_statuses} | self.tolerated
        provoked = any(part in text for part in expected)
        if kind == "error" and not provoked:
            self.console_errors.append(text)
