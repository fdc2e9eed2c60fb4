"""Which runtime is faster here, and does it answer the same: measured, never guessed."""

import hashlib
import os
import platform
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Self

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, model_validator

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.runtimes.base import PixelArray
from shelfsight.models.encoders.runtimes.conversion import PARITY, least_cosine

__all__ = ["TORCH", "TRIAL_TEXTS", "Verdict", "machine", "measure", "trial_pictures"]

TORCH = "torch"
TRIAL_TEXTS = ("red running shoes for women", "a photo of a small blue leather bag with a long strap, on white")
_ROUNDS = 3
_MARGIN = 0.95  # of torch's time; less is not worth another runtime


class Verdict(BaseModel):
    """What a trial found for one tower.

    Attributes:
        seconds: candidate -> of the best round.
        cosines: candidate -> least cosine of its vectors with those of torch, in float32 and as torch runs them here:
            one collection may hold vectors of both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: dict[str, float]
    cosines: dict[str, float]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """What another program wrote under this name is no verdict."""
        if TORCH not in self.seconds or self.seconds.keys() != self.cosines.keys():
            raise ValueError("a verdict has both figures of torch and of every candidate")
        return self

    def best(self, *, torch_too: bool = True) -> str | None:
        """The fastest candidate that answers the same; torch unless another is clearly faster.

        Args:
            torch_too: whether torch may win.

        Returns:
            ``None`` where nothing is left.
        """
        same = [name for name in self.seconds if name != TORCH and self.cosines[name] >= PARITY]
        fastest = min(same, key=self.seconds.__getitem__, default=None)
        if not torch_too:
            return fastest
        if fastest is None or self.seconds[fastest] > _MARGIN * self.seconds[TORCH]:
            return TORCH
        return fastest


def measure(candidates: Mapping[str, Callable[[], FloatArray]], reference: FloatArray, *, callers: int) -> Verdict:
    """Run the candidates in turn, several rounds, so that a busy moment of the machine falls on all alike.

    Args:
        candidates: name -> encodes the same inputs as ``reference`` was made of; :data:`TORCH` is one of them.
        callers: threads that call at once.
    """
    answers = {name: call() for name, call in candidates.items()}
    cosines = {
        name: min(least_cosine(answer, reference), least_cosine(answer, answers[TORCH]))
        for name, answer in answers.items()
    }
    seconds = dict.fromkeys(candidates, float("inf"))
    with ThreadPoolExecutor(callers) as pool:
        for _ in range(_ROUNDS):
            for name, call in candidates.items():
                start = perf_counter()
                for future in [pool.submit(call) for _ in range(callers)]:
                    future.result()
                seconds[name] = min(seconds[name], perf_counter() - start)
    return Verdict(seconds=seconds, cosines=cosines)


def trial_pictures(count: int, height: int, width: int) -> PixelArray:
    """(count, 3, h, w) uint8: things with edges and grain on smooth backgrounds, the same every time."""
    random = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        smooth = Image.fromarray(random.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        picture = np.asarray(smooth.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
        top, left = random.integers(0, max(1, height // 2)), random.integers(0, max(1, width // 2))
        picture[top : top + height // 2, left : left + width // 2] = random.integers(0, 256, 3)
        picture += random.integers(-12, 13, picture.shape, dtype=np.int16)
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8).transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(pictures))


def machine(threads: int) -> str:
    """A digest of the processor and of how many threads may be used: what a verdict holds for."""
    parts = [platform.machine(), platform.processor(), str(os.cpu_count()), str(threads), _processor()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    """Model and instruction sets of the first core, where the system says so in Linux's way."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    found = {line.split(":")[0].strip(): line for line in reversed(lines) if ":" in line}
    return "\n".join(found.get(name, "") for name in ("model name", "flags", "Features"))
