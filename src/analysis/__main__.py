"""``python -m analysis``: everything the Makefile does."""

from analysis.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
