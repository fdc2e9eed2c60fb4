"""What the tests of the front doors share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["ODD_IDS", "Cli", "Result"]

ODD_IDS = ("shoes/red boot.jpg", "shoes/thumbnail.png", "a%2Fb.png", "tür/ключ?#+&=;'\".png", "x/pictures/0/y.png")
"""Names of files that tempt a URL."""


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """stdout as the one JSON document that it must be."""
        return json.loads(self.out)


Cli = Callable[..., Result]
