"""``python -m shelfsight``: the command line."""

from shelfsight.api.cli import main

if __name__ == "__main__":
    main()
