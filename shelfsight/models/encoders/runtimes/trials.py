"""The verdicts on one model's towers on this machine: read where they are known, measured where not."""

from collections.abc import Callable
from time import perf_counter
from typing import TypeAlias

from pydantic import ValidationError

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.runtimes.base import IdArray, PixelArray
from shelfsight.models.encoders.runtimes.openvino_library import has_bfloat16
from shelfsight.models.encoders.runtimes.openvino_network import Network
from shelfsight.models.encoders.runtimes.openvino_towers import TOWERS, OpenVinoTowers, Precision, Tower
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime
from shelfsight.models.encoders.runtimes.towers import text_tower
from shelfsight.models.encoders.runtimes.trial import TORCH, TRIAL_TEXTS, Verdict, machine, measure, trial_pictures
from shelfsight.models.encoders.threads import available_threads

__all__ = ["OPENVINO", "Trials"]

OPENVINO: dict[str, Precision] = {"openvino f32": "f32", "openvino bf16": "bf16"}
"""Candidate -> its precision."""
Verdicts: TypeAlias = dict[Tower, Verdict]

_SECONDS = 1.0  # of torch's work a round
_PICTURES = (2, 16)
_CALLERS = 2  # as many as the indexer has


class Trials:
    """One model on this machine. A verdict is kept beside the converted networks."""

    def __init__(self, loaded: Loaded, torch_runtime: TorchRuntime, towers: OpenVinoTowers) -> None:
        self._loaded = loaded
        self._torch = torch_runtime
        self._towers = towers
        self._machine = machine(available_threads())

    def known(self) -> Verdicts | None:
        """What earlier trials found; ``None`` unless both towers had theirs."""
        found = {tower: self._read(tower) for tower in TOWERS}
        verdicts = {tower: verdict for tower, verdict in found.items() if verdict is not None}
        return verdicts if len(verdicts) == len(TOWERS) else None

    def verdicts(self) -> Verdicts:
        """On both towers."""
        return {tower: self.verdict(tower) for tower in TOWERS}

    def verdict(self, tower: Tower) -> Verdict:
        """What a trial finds; takes seconds the first time, with the tower to convert.

        Raises:
            RuntimeError: the network fails in torch.
        """
        found = self._read(tower)
        if found is None:
            found = self._pictures() if tower == "pictures" else self._texts()
            if len(found.seconds) > 1:  # what OpenVINO could not run in a moment of little memory, it may run next time
                self._towers.cache.write_verdict(f"{tower}-{self._machine}", found.model_dump_json().encode())
        return found

    def _read(self, tower: Tower) -> Verdict | None:
        kept = self._towers.cache.read_verdict(f"{tower}-{self._machine}")
        try:
            return Verdict.model_validate_json(kept) if kept else None
        except ValidationError:
            return None

    def _pictures(self) -> Verdict:
        pixels = trial_pictures(_PICTURES[1], *self._loaded.sides)
        self._torch.encode_exactly(pixels[:1])
        start = perf_counter()
        self._torch.encode_exactly(pixels[:1])
        least, most = _PICTURES
        pixels = pixels[: max(least, min(most, int(_SECONDS / (perf_counter() - start))))]
        precisions = [name for name, precision in OPENVINO.items() if precision == "f32" or has_bfloat16()]
        candidates = self._candidates("pictures", precisions, pixels)
        candidates[TORCH] = lambda: self._torch.encode_pictures(pixels)
        return measure(candidates, self._torch.encode_exactly(pixels), callers=_CALLERS)

    def _texts(self) -> Verdict:
        ids: IdArray = self._loaded.tokenizer([TRIAL_TEXTS[0]]).numpy()
        candidates = self._candidates("texts", ["openvino f32"], text_tower(self._loaded.model).cut(ids))
        candidates[TORCH] = lambda: self._torch.encode_texts(ids)
        return measure(candidates, self._torch.encode_texts(ids), callers=1)

    def _candidates(
        self, tower: Tower, names: list[str], batch: PixelArray | IdArray
    ) -> dict[str, Callable[[], FloatArray]]:
        """Those of OpenVINO; none where it cannot run the tower."""
        try:
            networks = [self._towers.network(tower, OPENVINO[name]) for name in names]
        except RuntimeError:
            return {}
        return {name: _call(network, batch) for name, network in zip(names, networks, strict=True)}


def _call(network: Network, batch: PixelArray | IdArray) -> Callable[[], FloatArray]:
    return lambda: network(batch)
