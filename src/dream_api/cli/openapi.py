"""``dream-api openapi``: print the API's description."""

import json

import typer

from dream_api.app import describe


def openapi() -> None:
    """Print the OpenAPI document of all services. Needs no store and no setting."""
    typer.echo(json.dumps(describe(), indent=2, ensure_ascii=False))
