"""Our own Stripe account, looked at in each mode that is set up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from dream_api.app.findings import Finding, Verdict
from dream_api.app.jobs import STRIPE_ACCOUNT_EVENTS, STRIPE_CONNECT_EVENTS
from dream_api.app.rooms import CALLBACK_PATH, stripe_of
from dream_api.gateways.clock import Clock, SystemClock
from dream_api.gateways.stripe import (
    API_VERSION,
    SIGNATURE_TOLERANCE_SECONDS,
    ConnectedAccount,
    Stripe,
    StripeNotConfigured,
    StripeNotFound,
    StripeRefused,
    WebhookEndpoint,
)
from dream_api.kit.errors import DreamError
from dream_api.kit.keys import Mode
from dream_api.kit.money import format_money
from dream_api.settings import LOOPBACK_PREFIXES, Settings

STRIPE_ACCOUNT_PATH = "/platform/webhook/stripe"
STRIPE_CONNECT_PATH = "/webhook/stripe"
SKEW_MAX = timedelta(seconds=SIGNATURE_TOLERANCE_SECONDS)
"""A clock that is off by more refuses every webhook, since its signature looks too old."""
SKEW_DOUBTFUL = timedelta(seconds=30)
SETUP = "Run: dream-api stripe setup"
AGAIN = "Run this again; if it stays so, look at https://status.stripe.com."
DELIVERY_PATIENCE = timedelta(minutes=5)
"""What is younger may still be on its way."""
DELIVERIES_SEEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ModeSettings:
    """The settings of one mode, by the names that they have in both."""

    mode: Mode
    secret_key: str
    client_id: str | None
    price_id: str | None
    account_secrets: frozenset[SecretStr]
    connect_secrets: frozenset[SecretStr]

    @classmethod
    def of(cls, settings: Settings, mode: Mode) -> "ModeSettings | None":
        """Read them; None where the mode has no secret key."""
        prefix = "stripe_" if mode is Mode.LIVE else "stripe_test_"
        secret_key = getattr(settings, f"{prefix}secret_key")
        if secret_key is None:
            return None
        return cls(
            mode=mode,
            secret_key=secret_key.get_secret_value(),
            client_id=getattr(settings, f"{prefix}client_id"),
            price_id=getattr(settings, f"{prefix}price_id"),
            account_secrets=frozenset(getattr(settings, f"{prefix}webhook_secrets")),
            connect_secrets=frozenset(getattr(settings, f"{prefix}connect_webhook_secrets")),
        )

    def name(self, setting: str) -> str:
        """Name a setting as the operator writes it."""
        return f"DREAM_STRIPE_{'' if self.mode is Mode.LIVE else 'TEST_'}{setting}"


async def diagnose_stripe(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at keys, mode, price, endpoints, clock and OAuth. Changes nothing at Stripe."""
    findings: list[Finding] = []
    for mode in Mode:
        given = ModeSettings.of(settings, mode)
        stripe = stripe_of(settings, mode)
        if given is None or stripe is None:
            findings.append(_absent(settings, mode))
            continue
        try:
            findings += await _Examination(settings, given, stripe, clock).run()
        finally:
            await stripe.close()
    return findings


def _absent(settings: Settings, mode: Mode) -> Finding:
    is_needed = mode is Mode.LIVE and not settings.is_loopback
    return Finding(
        f"Stripe, {mode} mode",
        Verdict.BROKEN if is_needed else Verdict.DOUBTFUL,
        "is not set up",
        "Set its DREAM_STRIPE_… settings; docs/guides/go-live.md lists them."
        if is_needed
        else f"Platforms in {mode} mode cannot connect an account.",
    )


class _Examination:
    """One mode, looked at from top to bottom; what builds on a broken thing is left out."""

    def __init__(
        self, settings: Settings, given: ModeSettings, stripe: Stripe, clock: Clock
    ) -> None:
        self._settings = settings
        self._our_clock = clock
        self._given = given
        self._stripe = stripe
        base = f"{settings.stripe_api_base}:"
        self._is_simulated = base.startswith(LOOPBACK_PREFIXES)

    async def run(self) -> list[Finding]:
        mode = self._mode()
        try:
            account = await self._stripe.own_account.read()
        except StripeNotConfigured as error:
            key = self._given.name("SECRET_KEY")
            return [mode, self._finding("key", Verdict.BROKEN, error.detail, f"Correct {key}.")]
        except DreamError as error:
            return [mode, self._finding("answers", Verdict.BROKEN, error.detail, AGAIN)]
        findings = [mode, *self._account(account)]
        for look in (self._clock, self._price, self._endpoints, self._deliveries, self._oauth):
            try:
                findings += await look()
            except DreamError as error:
                findings.append(self._finding("answers", Verdict.BROKEN, error.detail, AGAIN))
        return findings

    def _account(self, account: ConnectedAccount) -> list[Finding]:
        """Without a name Checkout is refused; without charges nobody can pay us in live mode."""
        name = account.business_name
        findings = [
            self._finding("key", Verdict.FINE, f"works for {account.id} ({name or 'no name'})")
        ]
        if name is None:
            findings.append(
                self._finding(
                    "account",
                    Verdict.BROKEN,
                    "has no business name, so that Checkout is refused",
                    "Set one at https://dashboard.stripe.com/account.",
                )
            )
        if self._given.mode is Mode.LIVE and not account.charges_enabled:
            findings.append(
                self._finding(
                    "account",
                    Verdict.BROKEN,
                    "may not take payments yet",
                    "Finish what Stripe asks for at https://dashboard.stripe.com/account.",
                )
            )
        return findings

    def _finding(self, what: str, verdict: Verdict, detail: str, fix: str = "") -> Finding:
        return Finding(f"Stripe, {self._given.mode} mode: {what}", verdict, detail, fix)

    def _mode(self) -> Finding:
        """A live key in the place of the test key would take real money for tests."""
        kinds = ("sk_test_", "rk_test_")
        if self._given.mode is Mode.LIVE and not self._is_simulated:
            kinds = ("sk_live_", "rk_live_")
        if self._given.secret_key.startswith(kinds):
            return self._finding("mode", Verdict.FINE, f"the key is a {kinds[0]}… or {kinds[1]}…")
        verdict = Verdict.BROKEN if not self._settings.is_loopback else Verdict.DOUBTFUL
        return self._finding(
            "mode",
            verdict,
            f"{self._given.name('SECRET_KEY')} is not a key of {self._given.mode} mode",
            f"Set a key that starts with {kinds[0]} or {kinds[1]}.",
        )

    async def _clock(self) -> list[Finding]:
        theirs = await self._stripe.own_account.read_clock()
        skew = abs(SystemClock().now() - theirs)
        detail = f"{skew.total_seconds():.0f} s between Stripe's clock and this machine's"
        if skew < SKEW_DOUBTFUL:
            return [self._finding("clock", Verdict.FINE, detail)]
        verdict = Verdict.BROKEN if skew >= SKEW_MAX else Verdict.DOUBTFUL
        return [self._finding("clock", verdict, detail, "Let this machine keep time by NTP.")]

    async def _price(self) -> list[Finding]:
        """The price is ours alone in live mode, where developers pay us."""
        wanted = self._settings.platform_price_cents
        if self._given.price_id is None:
            return [
                self._finding(
                    "price", Verdict.DOUBTFUL, f"{self._given.name('PRICE_ID')} is not set", SETUP
                )
            ]
        try:
            price = await self._stripe.get_price(None, self._given.price_id)
        except (StripeNotFound, StripeRefused) as error:
            return [self._finding("price", Verdict.BROKEN, error.detail, SETUP)]
        shown = format_money(price["unit_amount"] or 0, price["currency"])
        recurring = price.get("recurring") or {}
        is_right = (
            price["active"]
            and price["unit_amount"] == wanted
            and (recurring.get("interval"), recurring.get("interval_count")) == ("month", 1)
        )
        if is_right:
            return [self._finding("price", Verdict.FINE, f"{shown} a month, on sale")]
        detail = f"{self._given.price_id} is {shown}, which is not the price on sale"
        return [self._finding("price", Verdict.BROKEN, detail, SETUP)]

    async def _endpoints(self) -> list[Finding]:
        existing = await self._stripe.own_account.list_webhook_endpoints()
        return [
            self._endpoint(existing, STRIPE_ACCOUNT_PATH, STRIPE_ACCOUNT_EVENTS, is_connect=False),
            self._endpoint(existing, STRIPE_CONNECT_PATH, STRIPE_CONNECT_EVENTS, is_connect=True),
        ]

    def _endpoint(
        self,
        existing: Sequence[WebhookEndpoint],
        path: str,
        events: Sequence[str],
        *,
        is_connect: bool,
    ) -> Finding:
        url = self._settings.public_url + path
        found = [one for one in existing if one.url == url and one.is_connect == is_connect]
        secrets, others = self._given.account_secrets, self._given.connect_secrets
        if is_connect:
            secrets, others = others, secrets
        name = self._given.name("CONNECT_WEBHOOK_SECRETS" if is_connect else "WEBHOOK_SECRETS")
        problems = [
            (not found, "is missing at Stripe", SETUP),
            (bool(found) and not found[0].is_enabled, "is switched off at Stripe", SETUP),
            (
                bool(found) and not set(events) <= set(found[0].enabled_events),
                "does not hear everything",
                SETUP,
            ),
            (
                bool(found) and found[0].api_version != API_VERSION,
                "speaks another API version",
                f"Delete it in Stripe's dashboard, then {SETUP[0].lower()}{SETUP[1:]}",
            ),
            (not secrets, f"cannot be verified: {name} is not set", f"Set {name}."),
            (
                bool(secrets & others),
                f"{name} holds a secret of the other endpoint too",
                "Each endpoint has secrets of its own; Stripe's dashboard shows them.",
            ),
        ]
        wrong = next(((detail, fix) for is_wrong, detail, fix in problems if is_wrong), None)
        what = f"endpoint {path}"
        if wrong is None:
            detail = f"hears {len(events)} events; {len(secrets)} signing secret(s)"
            return self._finding(what, Verdict.FINE, detail)
        return self._finding(what, Verdict.BROKEN, *wrong)

    async def _deliveries(self) -> list[Finding]:
        """A wrong signing secret, address or certificate shows in what Stripe could not deliver."""
        until = self._our_clock.now() - DELIVERY_PATIENCE
        lost = await self._stripe.own_account.count_undelivered(until - DELIVERIES_SEEN, until)
        if not lost:
            return [self._finding("deliveries", Verdict.FINE, "every event of a day has arrived")]
        return [
            self._finding(
                "deliveries",
                Verdict.DOUBTFUL,
                f"{lost} events of the last day have not arrived",
                "Stripe's dashboard shows what each attempt was answered: 400 is a wrong "
                f"{self._given.name('WEBHOOK_SECRETS')}.",
            )
        ]

    async def _oauth(self) -> list[Finding]:
        redirect_uri = self._settings.public_url + CALLBACK_PATH
        if not self._given.client_id:
            name = self._given.name("CLIENT_ID")
            return [
                self._finding(
                    "OAuth",
                    Verdict.BROKEN,
                    f"{name} is not set, so nobody can connect an account",
                    f"Set {name} to the client id of our Connect application (ca_…).",
                )
            ]
        refusal = await self._stripe.own_account.check_redirect(redirect_uri)
        if refusal is None:
            return [self._finding("OAuth", Verdict.FINE, f"leads back to {redirect_uri}")]
        return [
            self._finding(
                "OAuth",
                Verdict.BROKEN,
                f"Stripe refuses to lead back to {redirect_uri}: {refusal}",
                "Register this address under Connect, Onboarding options, OAuth.",
            )
        ]
