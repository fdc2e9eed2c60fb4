"""The loop: averaged weights, a checkpoint and an examination an epoch, an early end, and how far to go at last."""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shelfsight.core.errors import ModelError
from shelfsight.models.encoders.loading import Loaded
from shelfsight.training.adapt.files import told_if_full, write_whole
from shelfsight.training.adapt.learner import Learner, TextSide
from shelfsight.training.adapt.lessons import Batch, Lessons
from shelfsight.training.adapt.material import Material
from shelfsight.training.adapt.questions import score
from shelfsight.training.adapt.settings import AdaptSettings

__all__ = ["Adapted", "Trainer"]

_STRENGTHS = (1.0, 0.75, 0.5, 0.25)


class Adapted:
    """What came out of training: the deltas, at the strength that served the validation questions best.

    Attributes:
        factors: (up, down) of each text matrix, the strength in ``up``.
        picture_delta: ``float32 [d, d]``, likewise.
        strength: share of the learnt deltas that is used (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
            models": between the base and the tuned weights often lies something better than either).
        epochs: epochs that were trained.
        validation: mean figure of the validation questions before and after.
    """

    def __init__(self, learner: Learner, strength: float, epochs: int, validation: tuple[float, float]) -> None:
        _scale(learner, strength)
        self.factors = {name: (up.detach(), down.detach()) for name, (up, down) in learner.texts.factors().items()}
        self.picture_delta = learner.pictures.delta.detach()
        self.strength = strength
        self.epochs = epochs
        self.validation = validation


class Trainer:
    """Trains in ``folder``, which keeps ``checkpoint.pt`` and ``log.jsonl``.

    Every epoch is a function of the settings, the material and the state before it, so a run that was interrupted and
    resumed ends with the same weights as one that never was.
    """

    def __init__(self, loaded: Loaded, material: Material, settings: AdaptSettings, folder: Path, key: str) -> None:
        self._settings = settings
        self._material = material
        self._folder = folder
        self._key = key
        self._learner = Learner(loaded, settings)
        self._device = self._learner.scale.device
        self._side = TextSide(loaded, [text.text for text in material.texts.texts], self._learner.texts)
        self._vectors = torch.from_numpy(material.shelf.vectors).to(self._device)
        self._lessons = Lessons(material, batch=settings.batch, seed=settings.seed)
        self._side.keep_anchors(self._learner.texts, self._lessons.texts)
        self._epochs = min(settings.epochs, max(1, -(-settings.most_steps // self._lessons.steps)))
        self._optimizer = _make_optimizer(self._learner, settings)
        self._average = self._learner.twin()
        self._best = self._learner.twin()
        self._state: dict[str, Any] = {"epoch": 0, "best": -math.inf, "waited": 0, "base": self._examine(self._learner)}

    def run(self, told: Callable[[int, int], None], *, stop_after: int | None = None) -> Adapted | None:
        """Train to the end.

        Args:
            told: called with the epochs done and the epochs there are at most.
            stop_after: stop, as an interruption would, after so many epochs of this call, and return ``None``.

        Raises:
            ModelError: the loss is no number any more. StoreFull: no space for the checkpoint.
        """
        self._resume()
        done = 0
        while not self._ended():
            if done == stop_after:
                return None
            self._epoch()
            self._save()
            done += 1
            told(self._state["epoch"], self._epochs)
        strength, figure = self._strength()
        return Adapted(self._best, strength, self._state["epoch"], (self._state["base"], figure))

    def _ended(self) -> bool:
        return bool(self._state["epoch"] >= self._epochs or self._state["waited"] >= self._settings.patience)

    def _epoch(self) -> None:
        losses = [
            self._step(batch, self._state["epoch"] * self._lessons.steps + place)
            for place, batch in enumerate(self._lessons.epoch(self._state["epoch"]))
        ]
        figure = self._examine(self._average)
        better = figure > self._state["best"]
        if better:
            self._best.load_state_dict(self._average.state_dict())
        self._state["epoch"] += 1
        self._state["best"] = max(figure, self._state["best"])
        self._state["waited"] = 0 if better else self._state["waited"] + 1
        self._write_log(loss=round(float(np.mean(losses)), 4), **{self._settings.metric: round(figure, 4)})

    def _step(self, batch: Batch, step: int) -> float:
        rate = _schedule(step, self._settings.warmup, self._epochs * self._lessons.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        loss = self._loss(batch)
        if not math.isfinite(value := float(loss.detach())):
            raise ModelError("the loss is no number any more", hint="try a smaller learning rate")
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for group in self._optimizer.param_groups for p in group["params"]], 1.0)
        self._optimizer.step()
        self._learner.bound_scale()
        _move_average(self._average, self._learner, min(self._settings.ema, step / (step + 10)))
        return value

    def _loss(self, batch: Batch) -> Tensor:
        anchors = self._side.anchors(batch.texts)
        fixed = self._settings.side == "pictures"
        texts = anchors if fixed else self._side.encode(self._learner.texts, batch.texts)
        truth = (torch.from_numpy(batch.right).to(self._device), torch.from_numpy(batch.unknown).to(self._device))
        return self._learner.loss(texts, anchors, self._vectors[batch.pictures], truth, self._settings.anchor)

    def _examine(self, learner: Learner) -> float:
        questions = self._material.validation
        with torch.no_grad():
            pictures = learner.pictures(self._vectors).cpu().numpy()
        texts = self._side.vectors(learner.texts, questions.texts)
        return float(score(questions, self._material.shelf, texts, pictures)[self._settings.metric].mean())

    def _strength(self) -> tuple[float, float]:
        """The share of the deltas that is best on validation, the smaller one of equals, and its figure."""
        figures = {}
        for strength in _STRENGTHS:
            scaled = self._best.twin()
            _scale(scaled, strength)
            figures[strength] = self._examine(scaled)
        strength = max(figures, key=lambda each: (figures[each], -each))
        self._write_log(strength=strength, **{self._settings.metric: round(figures[strength], 4)})
        return strength, figures[strength]

    def _resume(self) -> None:
        try:
            found = torch.load(self._folder / "checkpoint.pt", weights_only=True, map_location=self._device)
        except Exception:  # none there, or damaged, whatever error that makes it raise: training starts anew
            return
        if found["key"] != self._key:
            return
        self._learner.load_state_dict(found["learner"])
        self._average.load_state_dict(found["average"])
        self._best.load_state_dict(found["best"])
        self._optimizer.load_state_dict(found["optimizer"])
        self._state = found["state"]

    def _save(self) -> None:
        document = {
            "key": self._key,
            "learner": self._learner.state_dict(),
            "average": self._average.state_dict(),
            "best": self._best.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "state": self._state,
        }
        buffer = io.BytesIO()
        torch.save(document, buffer)
        write_whole(self._folder / "checkpoint.pt", buffer.getvalue())

    def _write_log(self, **fields: float) -> None:
        line = {"epoch": self._state["epoch"], "epochs": self._epochs, **fields}
        with told_if_full(self._folder), (self._folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def _make_optimizer(learner: Learner, settings: AdaptSettings) -> torch.optim.Optimizer:
    groups = [
        {"params": list(learner.texts.parameters()), "peak": settings.text_rate, "weight_decay": settings.decay},
        {"params": list(learner.pictures.parameters()), "peak": settings.head_rate, "weight_decay": settings.decay},
        {"params": [learner.scale], "peak": settings.head_rate, "weight_decay": 0.0},
    ]
    learning = [group for group in groups if group["params"][0].requires_grad]  # type: ignore[index]
    return torch.optim.AdamW(learning, lr=settings.head_rate, betas=(0.9, 0.98))


def _schedule(step: int, warmup: int, total: int) -> float:
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


@torch.no_grad()
def _move_average(average: nn.Module, learner: nn.Module, decay: float) -> None:
    for mean, value in zip(average.parameters(), learner.parameters(), strict=True):
        mean.lerp_(value, 1.0 - decay)


@torch.no_grad()
def _scale(learner: Learner, strength: float) -> None:
    for up in learner.texts.up:
        up.mul_(strength)
    learner.pictures.delta.mul_(strength)
