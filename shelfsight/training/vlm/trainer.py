"""The loop: AdamW with warm-up and cosine decay, averaged weights, checkpoints."""

import json
import logging
import math
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from shelfsight.training.vlm.batches import Batch, Batcher
from shelfsight.training.vlm.model import Learner
from shelfsight.training.vlm.settings import VlmSettings
from shelfsight.training.vlm.validate import Examination

__all__ = ["Trainer"]

_log = logging.getLogger(__name__)
_LOGGED = 50
_LAST_RATE = 0.01


class Trainer:
    """Trains a learner; the weights that count are the averaged ones in ``mean``."""

    def __init__(
        self, learner: Learner, batcher: Batcher, examination: Examination, settings: VlmSettings, out: Path
    ) -> None:
        self._learner, self._batcher, self._examination = learner, batcher, examination
        self._settings, self._out = settings, out
        self.mean = deepcopy(learner).requires_grad_(False)
        self._optimizer = torch.optim.AdamW(self._groups(), betas=(0.9, 0.98), eps=1e-8)
        self._step = 0
        self._whole = settings.epochs * batcher.steps_an_epoch

    def run(self, *, stop_after: int | None = None) -> bool:
        """Train to the end; whether it was reached (``stop_after`` steps of this call come first)."""
        self._load()
        self._saved = time.monotonic()
        begun, done = time.monotonic(), 0
        while self._step < self._whole:
            epoch, first = divmod(self._step, self._batcher.steps_an_epoch)
            for batch in self._batcher.epoch(epoch, first):
                loss = self._learn(batch)
                done += 1
                if self._step % _LOGGED == 0:
                    self._write(loss, (time.monotonic() - begun) / done)
                if done == stop_after:
                    self._save()
                    return False
                if time.monotonic() - self._saved > self._settings.checkpoint_seconds:
                    self._save()
            self._write(loss, (time.monotonic() - begun) / done, examine=True)
            self._save()
        return True

    def _learn(self, batch: Batch) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * self._rate()
        with torch.autocast("cpu", torch.bfloat16, enabled=self._settings.bfloat16):
            logits = self._learner(batch.kept, batch.pack)
        loss = _loss(logits, batch.pack.targets, batch.pack.weights)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._learner.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._step += 1
        self._average()
        return float(loss.detach())

    def _rate(self) -> float:
        if self._step < self._settings.warmup:
            return (self._step + 1) / self._settings.warmup
        share = (self._step - self._settings.warmup) / max(1, self._whole - self._settings.warmup)
        return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))

    def _average(self) -> None:
        decay = min(self._settings.ema, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for mean, value in zip(self.mean.parameters(), self._learner.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)

    def _groups(self) -> list[dict[str, Any]]:
        tower = {id(parameter) for parameter in self._learner.tower.parameters()}
        groups = []
        for mine, peak in ((True, self._settings.tower_rate), (False, self._settings.rate)):
            for flat in (True, False):
                chosen = [
                    parameter
                    for parameter in self._learner.parameters()
                    if (id(parameter) in tower) == mine and (parameter.ndim < 2) == flat
                ]
                decay = 0.0 if flat else self._settings.weight_decay
                groups.append({"params": chosen, "peak": peak, "lr": peak, "weight_decay": decay})
        return groups

    def _write(self, loss: float, seconds: float, *, examine: bool = False) -> None:
        entry: dict[str, Any] = {"step": self._step, "of": self._whole, "loss": round(loss, 4)}
        entry["seconds_a_step"] = round(seconds, 3)
        if examine or self._step % (_LOGGED * 6) == 0:
            entry |= self._examination.marks(self.mean, bfloat16=self._settings.bfloat16)
        _log.info("%s", entry)
        with (self._out / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry) + "\n")

    def _save(self) -> None:
        partial = self._out / "checkpoint.partial"
        state = {
            "step": self._step,
            "learner": self._learner.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        torch.save(state, partial)
        partial.replace(self._out / "checkpoint.pt")
        self._saved = time.monotonic()

    def _load(self) -> None:
        path = self._out / "checkpoint.pt"
        if path.exists():
            state = torch.load(path, weights_only=True)
            self._step = state["step"]
            self._learner.load_state_dict(state["learner"])
            self.mean.load_state_dict(state["mean"])
            self._optimizer.load_state_dict(state["optimizer"])
            _log.info("going on from step %d", self._step)


def _loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    each = nn.functional.cross_entropy(logits, targets, reduction="none")
    return (each * weights).sum() / weights.sum()
