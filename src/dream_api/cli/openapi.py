"""``dream-api openapi``: print the API's description."""

import json

import typer


def openapi() -> None:
    """Print the OpenAPI document of all services. Needs no store and no setting."""
    from dream_api.app import describe

    typer.echo(json.dumps(describe(), indent=2, ensure_ascii=False))
