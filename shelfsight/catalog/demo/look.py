"""What one item looks like, before it is drawn."""

from dataclasses import dataclass

import numpy as np

from shelfsight.catalog.demo.canvas import Floats
from shelfsight.catalog.demo.fabric import Print
from shelfsight.catalog.demo.painter import Stuff


@dataclass(frozen=True)
class Look:
    """`form` names the kind's choices of shape (`{"sleeve": "long", "neck": "crew"}`); colours are (3,) in [0, 1]."""

    kind: str
    form: dict[str, str]
    ink: Print
    texture: str

    @property
    def colour(self) -> Floats:
        return self.ink.base

    @property
    def dark(self) -> bool:
        return float(self.colour @ np.asarray([0.3, 0.59, 0.11])) < 0.3

    @property
    def thread(self) -> Floats:
        """A thread one sees on this colour without looking for it."""
        values: Floats = np.clip(self.colour * 1.0 + (0.25 if self.dark else -0.22), 0, 1).astype(np.float32)
        return values

    def stuff(self, *, bulge: float = 22.0, gloss: float = 0.0, shine: float = 24.0) -> Stuff:
        """The item's own cloth, with its pattern."""
        return Stuff(self.ink, self.texture, bulge, gloss, shine)

    def plain(
        self, *, texture: str | None = None, bulge: float = 22.0, gloss: float = 0.0, shine: float = 24.0
    ) -> Stuff:
        """The item's own colour without its pattern."""
        ink = Print("plain", self.colour, self.colour, self.colour)
        return Stuff(ink, texture or self.texture, bulge, gloss, shine)

    def accent(self, *, texture: str | None = None, bulge: float = 10.0, gloss: float = 0.0) -> Stuff:
        ink = Print("plain", self.ink.accent, self.ink.accent, self.ink.accent)
        return Stuff(ink, texture or self.texture, bulge, gloss, body=False)
