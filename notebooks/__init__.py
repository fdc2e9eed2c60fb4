"""Notebooks for a shop's data person; ``python -m notebooks`` executes them and keeps the outputs."""
