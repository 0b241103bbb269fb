"""The discovery document of a realm (OpenID Connect Discovery 1.0, section 3)."""

from typing import Any

from dream_api.kit.tokens import ALGORITHM
from dream_api.shared.identity.model import RealmConfig, RealmKind


def discover(config: RealmConfig, realm_id: str) -> dict[str, Any]:
    """Describe a realm; stock verifiers find the keys from this alone."""
    issuer = config.issuer(realm_id)
    document: dict[str, Any] = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "authorization_endpoint": config.page(realm_id, "sign-in"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": [
            *("iss", "sub", "aud", "iat", "nbf", "exp", "jti", "sid"),
            *("userId", "platformId", "plan"),
        ],
    }
    if config.kind is RealmKind.CUSTOMERS:
        document["token_endpoint"] = f"{config.public_url}/v1/auth/token"
        document["grant_types_supported"] = ["authorization_code"]
        document["code_challenge_methods_supported"] = ["S256"]
        document["token_endpoint_auth_methods_supported"] = ["none"]
    return document
