"""The demo catalogue: a small shop whose every picture this package draws, the same each time for the same seed."""

from shelfsight.catalog.demo.items import DemoItem, render_catalogue
from shelfsight.catalog.demo.publish import write_catalogue

__all__ = ["DemoItem", "render_catalogue", "write_catalogue"]
