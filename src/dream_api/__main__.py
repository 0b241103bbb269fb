"""``python -m dream_api`` and the installed command ``dream-api``."""

from dream_api.cli import main

if __name__ == "__main__":
    main()
