"""``shelfsight demo``."""

import click


@click.command()
def demo() -> None:
    """Render a small catalogue, index it, search it, and serve the page."""
