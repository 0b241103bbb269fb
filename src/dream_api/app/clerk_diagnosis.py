"""The Clerk applications that sign people in, looked at from here."""

from dream_api.app.clerk import build_clerk
from dream_api.app.findings import Finding, Verdict
from dream_api.gateways.clerk import Clerk, ClerkRefused
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import DreamError
from dream_api.settings import LOOPBACK_PREFIXES, Settings

AGAIN = "Run this again; if it stays so, look at https://status.clerk.com."


async def diagnose_clerk(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at the applications of the realms that are Clerk's. Changes nothing at Clerk."""
    realms = {
        "developers": ("DREAM_DEVELOPER_IDENTITY_CLERK", settings.developer_clerk),
        "end users": ("DREAM_CUSTOMER_IDENTITY_CLERK", settings.customer_clerk),
    }
    findings: list[Finding] = []
    for people, (prefix, given) in realms.items():
        clerk = build_clerk(given, clock)
        if clerk is None:
            continue
        try:
            findings += await _Examination(settings, people, prefix, clerk).run()
        finally:
            await clerk.close()
    return findings


class _Examination:
    """One realm's application."""

    def __init__(self, settings: Settings, people: str, prefix: str, clerk: Clerk) -> None:
        self._settings = settings
        self._people = people
        self._prefix = prefix
        self._clerk = clerk

    async def run(self) -> list[Finding]:
        return [self._issuer(), await self._keys(), await self._instance(), self._webhooks()]

    def _issuer(self) -> Finding:
        issuer = self._clerk.application.issuer
        is_safe = f"{issuer}:".startswith(("https://", *LOOPBACK_PREFIXES))
        return self._finding(
            "issuer",
            Verdict.FINE if is_safe else Verdict.BROKEN,
            issuer if is_safe else f"{issuer} is not https",
            "" if is_safe else f"Set {self._prefix}_ISSUER to the Frontend API URL.",
        )

    async def _keys(self) -> Finding:
        try:
            count = await self._clerk.count_keys()
        except DreamError as error:
            fix = f"Set {self._prefix}_ISSUER to the Frontend API URL. {AGAIN}"
            return self._finding("keys", Verdict.BROKEN, error.detail, fix)
        if count == 0:
            fix = f"Set {self._prefix}_ISSUER to the Frontend API URL of the application."
            return self._finding("keys", Verdict.BROKEN, "the issuer publishes none", fix)
        return self._finding("keys", Verdict.FINE, f"{count} published by the issuer")

    async def _instance(self) -> Finding:
        setting = f"{self._prefix}_SECRET_KEY"
        try:
            instance = await self._clerk.read_instance()
        except ClerkRefused as error:
            return self._finding("secret key", Verdict.BROKEN, error.detail, f"Correct {setting}.")
        except DreamError as error:
            return self._finding("secret key", Verdict.BROKEN, error.detail, AGAIN)
        shown = f"works for {instance.instance_id} ({instance.environment})"
        if instance.environment != "production" and not self._settings.is_loopback:
            fix = f"Set {setting} and {self._prefix}_ISSUER of the production instance."
            return self._finding("secret key", Verdict.DOUBTFUL, shown, fix)
        return self._finding("secret key", Verdict.FINE, shown)

    def _webhooks(self) -> Finding:
        if self._clerk.application.webhook_secrets:
            return self._finding("webhooks", Verdict.FINE, "a signing secret is set")
        return self._finding(
            "webhooks",
            Verdict.DOUBTFUL,
            "none are received; changes at Clerk are seen within a day",
            f"Set {self._prefix}_WEBHOOK_SECRET; docs/guides/clerk.md says how.",
        )

    def _finding(self, what: str, verdict: Verdict, detail: str, fix: str = "") -> Finding:
        return Finding(f"Clerk, {self._people}: {what}", verdict, detail, fix)
