"""Measure the hot path against the same server doing nothing: ``dream-api bench``."""

import typer

from dream_api.cli.bench import bench

if __name__ == "__main__":
    typer.run(bench)
