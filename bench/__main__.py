"""Measure the hot path against the same server doing nothing. See README.md beside this file."""

from bench.report import main

if __name__ == "__main__":
    main()
