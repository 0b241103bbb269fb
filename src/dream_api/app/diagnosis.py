"""What an operator wants to know before going live: is everything set up, and does it agree?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dream_api.app.clerk_diagnosis import diagnose_clerk
from dream_api.app.engines import Engine, engine_of
from dream_api.app.findings import Finding, Verdict
from dream_api.app.stripe_diagnosis import diagnose_stripe
from dream_api.app.vaults import build_vault
from dream_api.gateways.clock import Clock
from dream_api.kit.crypto import Vault
from dream_api.kit.errors import DreamError
from dream_api.settings import Settings
from dream_api.shared.identity import RealmKind, open_keyring

Diagnose = Callable[["Patient"], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at."""

    settings: Settings
    clock: Clock


async def diagnose(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at settings, stores, Clerk and Stripe. Changes nothing; runs beside a live server."""
    patient = Patient(settings, clock)
    findings: list[Finding] = []
    for look in _LOOKS:
        findings += await look(patient)
    return findings


async def _settings(patient: Patient) -> list[Finding]:
    settings = patient.settings
    findings = [_public_url(settings), _mail(settings)]
    if not settings.is_loopback and settings.stripe_api_base is not None:
        findings.append(
            Finding(
                "Stripe's address",
                Verdict.BROKEN,
                f"DREAM_STRIPE_API_BASE is {settings.stripe_api_base} on a public deployment",
                "Leave it out: a public deployment talks to Stripe itself.",
            )
        )
    return findings


def _public_url(settings: Settings) -> Finding:
    what = "public address"
    if settings.is_loopback:
        return Finding(what, Verdict.FINE, f"{settings.public_url}, this machine only")
    if settings.public_url.startswith("https://"):
        return Finding(what, Verdict.FINE, settings.public_url)
    return Finding(
        what,
        Verdict.BROKEN,
        f"{settings.public_url} is not https",
        "Set DREAM_PUBLIC_URL to the https address under which people reach the product.",
    )


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is not None:
        return Finding("mail", Verdict.FINE, "goes through DREAM_SMTP_URL")
    if settings.is_loopback:
        return Finding("mail", Verdict.FINE, "stays in the development mailbox")
    return Finding("mail", Verdict.BROKEN, "nobody gets a code by mail", "Set DREAM_SMTP_URL.")


async def _stores(patient: Patient) -> list[Finding]:
    engine = engine_of(patient.settings)
    what = "stores"
    try:
        await engine.check()
        is_opened = await _opens(engine, patient.clock, build_vault(patient.settings))
    except DreamError as error:
        return [Finding(what, Verdict.BROKEN, error.detail)]
    except Exception as error:  # noqa: BLE001 - whatever keeps a store shut is what was asked for.
        return [
            Finding(
                what,
                Verdict.BROKEN,
                f"{engine.place} cannot be opened: {error}",
                "Name the right folder with --data, or run: dream-api migrate",
            )
        ]
    findings = [Finding(what, Verdict.FINE, f"{engine.place}, at this release's schema")]
    if is_opened:
        return [*findings, Finding("master key", Verdict.FINE, "opens what is sealed here")]
    return [
        *findings,
        Finding(
            "master key",
            Verdict.BROKEN,
            "does not open what is sealed here",
            "Set the key that the stores were made with, or put it behind the new one: new,old.",
        ),
    ]


async def _opens(engine: Engine, clock: Clock, vault: Vault) -> bool:
    async with engine.opened_for_operator() as bindings:
        worlds = (
            (bindings.developers, RealmKind.DEVELOPERS),
            (bindings.customers, RealmKind.CUSTOMERS),
        )
        keyrings = [open_keyring(store, clock, kind, vault) for store, kind in worlds]
        return all([await keyring.can_be_opened() for keyring in keyrings])


async def _stripe(patient: Patient) -> list[Finding]:
    return await diagnose_stripe(patient.settings, patient.clock)


async def _clerk(patient: Patient) -> list[Finding]:
    return await diagnose_clerk(patient.settings, patient.clock)


_LOOKS: tuple[Diagnose, ...] = (_settings, _stores, _clerk, _stripe)
