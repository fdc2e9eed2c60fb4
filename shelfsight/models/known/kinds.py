"""The kinds of encoders; apart from what they describe, because the command line lists them in its help."""

from typing import Literal

__all__ = ["Kind"]

Kind = Literal["general", "fashion", "products", "multilingual", "small"]
