"""The training itself: one stage after another, with averaged weights, checkpoints and a log of JSON lines."""

import json
import logging
import math
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shelfsight.training.batches import Batch, Batcher, Block
from shelfsight.training.corpus import Corpus, Joined
from shelfsight.training.frozen import from_kept, frozen_outputs
from shelfsight.training.loss import contrastive_loss
from shelfsight.training.model import embed_pictures, embed_texts, vision_parts
from shelfsight.training.pictures import draw_views, to_network
from shelfsight.training.settings import EncoderSettings, Stage
from shelfsight.training.validate import Examination, examine

__all__ = ["Trainer"]

_log = logging.getLogger(__name__)
_LARGEST_SCALE = math.log(100.0)
_REPORT_STEPS = 20


class Trainer:
    """Runs the stages of ``settings`` on ``model``, resuming from ``folder/checkpoint.pt`` if it is there.

    Every step is a function of the settings, the corpus and the step number, so an interrupted and resumed run ends
    with the same weights as one that was never interrupted.
    """

    def __init__(self, model: Any, tokenizer: Any, corpus: Corpus, settings: EncoderSettings, folder: Path) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._corpus = corpus
        self._settings = settings
        self._folder = folder
        self._questions = Examination.draw(corpus, settings.gallery, settings.seed)

    def run(self, *, stop_after: int | None = None) -> Any | None:
        """Train all stages and return the model with its averaged weights.

        Args:
            stop_after: stop, as an interruption would, after so many steps of this call, and return None.
        """
        state = self._load()
        steps_left = math.inf if stop_after is None else stop_after
        for number in range(state["stage"] if state else 0, len(self._settings.stages)):
            stage_run = _StageRun(self, number, state)
            steps_left = stage_run.run(steps_left)
            if steps_left <= 0 and not stage_run.finished:
                return None
            state = None
            self._model.load_state_dict(stage_run.average.state_dict())
        return self._model.eval()

    @property
    def checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def _load(self) -> dict[str, Any] | None:
        if not self.checkpoint.exists():
            return None
        state: dict[str, Any] = torch.load(self.checkpoint, map_location=self._settings.device, weights_only=True)
        _log.info("resuming stage %s at step %d", self._settings.stages[state["stage"]].name, state["step"])
        return state


class _StageRun:
    """One stage: its optimizer, its averaged weights and its place."""

    def __init__(self, trainer: Trainer, number: int, state: dict[str, Any] | None) -> None:
        self._trainer = trainer
        self._model: Any = trainer._model
        self._settings = trainer._settings
        self._stage = trainer._settings.stages[number]
        self._number = number
        self._device = torch.device(trainer._settings.device)
        self._batcher = Batcher(trainer._corpus, trainer._tokenizer, self._stage, [self._settings.seed, number])
        self._total = self._stage.epochs * self._batcher.steps_an_epoch
        self._views = self._kept_views(state)
        if state is not None:
            self._model.load_state_dict(state["model"])
        self._optimizer = _make_optimizer(self._model, self._stage, self._settings)
        self.average = deepcopy(self._model)
        self._step = 0
        self._saved = time.monotonic()
        if state is not None:
            self._optimizer.load_state_dict(state["optimizer"])
            self.average.load_state_dict(state["average"])
            self._step = state["step"]

    @property
    def finished(self) -> bool:
        return self._step >= self._total

    def run(self, steps_left: float) -> float:
        """Step until the stage or ``steps_left`` is used up; returns what is left of it."""
        began, losses = time.monotonic(), []
        while not self.finished and steps_left > 0:
            epoch, place = divmod(self._step, self._batcher.steps_an_epoch)
            for batch in self._batcher.epoch(epoch, place):
                losses.append(self._train_step(batch))
                steps_left -= 1
                if self._step % _REPORT_STEPS == 0:
                    self._report(losses[-_REPORT_STEPS:], began)
                if steps_left <= 0 or time.monotonic() - self._saved > self._settings.checkpoint_seconds:
                    self._save()
                if steps_left <= 0:
                    break
            else:
                self._report(losses[-self._batcher.steps_an_epoch :], began)
                self._write(kind="validation", **self._examine())
        if self.finished:
            self._save()
        return steps_left

    def _train_step(self, batch: Batch) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * _schedule(self._step, self._stage.warmup, self._total)
        loss = self._loss(batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for group in self._optimizer.param_groups for p in group["params"]], 1.0)
        self._optimizer.step()
        with torch.no_grad():
            self._model.logit_scale.clamp_(0.0, _LARGEST_SCALE)
            _move_average(self.average, self._model, min(self._stage.ema, self._step / (self._step + 10)))
        self._step += 1
        return float(loss.detach())

    def _loss(self, batch: Batch) -> Tensor:
        values = self._inputs(batch).to(self._device)
        with self._autocast():
            pictures = embed_pictures(self._model, values, self._stage.frozen, self._kept(batch))
        titles = self._block_loss(batch.titles, pictures)
        phrases = self._block_loss(batch.phrases, pictures)
        words = sum(self._block_loss(block, pictures) for block in batch.words)
        return titles + self._settings.phrase_weight * phrases + self._settings.word_weight * words

    def _kept(self, batch: Batch) -> Tensor | None:
        """Factors for dropout, drawn from the step's own randomness so that a resumed run draws the same."""
        if not self._stage.drop:
            return None
        shape = (len(batch.index), self._model.visual.trunk.num_features)
        kept = batch.random.random(shape, dtype=np.float32) >= self._stage.drop
        return torch.from_numpy(kept / (1.0 - self._stage.drop)).float().to(self._device)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._settings.bfloat16)

    def _block_loss(self, block: Block, pictures: Tensor) -> Tensor:
        if not block.right.any():
            return pictures.sum() * 0.0
        with self._autocast():
            texts = embed_texts(self._model, block.tokens.to(self._device))[block.places.to(self._device)]
        logits = self._model.logit_scale.exp() * texts @ pictures.T
        return contrastive_loss(logits, block.right.to(self._device), block.ignored.to(self._device))

    def _inputs(self, batch: Batch) -> Tensor:
        if self._stage.frozen == 0:
            shelves = self._trainer._corpus.shelves
            pixels = Joined([shelf.pixels for shelf in shelves])[batch.index]
            sharp = Joined([shelf.sharp for shelf in shelves])[batch.index]
            return to_network(draw_views(pixels, sharp, batch.random))
        view = batch.random.integers(len(self._views), size=len(batch.index))
        values = self._views[0][batch.index]
        for number in range(1, len(self._views)):
            values[view == number] = self._views[number][batch.index[view == number]]
        return from_kept(values)

    def _kept_views(self, state: dict[str, Any] | None) -> list[Joined]:
        if self._stage.frozen == 0:
            return []
        if state is not None:
            self._model.load_state_dict(state["model"])
        cache = self._trainer._folder / "cache"
        return frozen_outputs(
            self._trainer._corpus, self._model, self._stage.frozen, self._stage.views, cache, self._settings
        )

    def _report(self, losses: list[float], began: float) -> None:
        seconds = round(time.monotonic() - began, 1)
        self._write(kind="steps", loss=round(float(np.mean(losses)), 4), seconds=seconds)

    def _examine(self) -> dict[str, float]:
        gallery = self._trainer._questions.gallery
        embedded = []
        for start in range(0, len(gallery), 256):
            index = gallery[start : start + 256]
            values = self._unchanged(index).to(self._device)
            with torch.no_grad(), self._autocast():
                embedded.append(embed_pictures(self.average, values, self._stage.frozen))
        return examine(self.average, self._trainer._tokenizer, self._trainer._questions, torch.cat(embedded))

    def _unchanged(self, index: np.ndarray) -> Tensor:
        if self._stage.frozen == 0:
            return to_network(Joined([shelf.pixels for shelf in self._trainer._corpus.shelves])[index])
        return from_kept(self._views[0][index])

    def _save(self) -> None:
        state = {
            "stage": self._number,
            "step": self._step,
            "model": self._model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        partial = self._trainer.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._trainer.checkpoint)
        self._saved = time.monotonic()

    def _write(self, **fields: Any) -> None:
        line = {"stage": self._stage.name, "step": self._step, "steps": self._total, **fields}
        _log.info("%s", json.dumps(line))
        with (self._trainer._folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def _make_optimizer(model: Any, stage: Stage, settings: EncoderSettings) -> torch.optim.Optimizer:
    """AdamW over what learns; biases, norms and the temperature without weight decay. Statistics of BatchNorm stay."""
    model.eval().requires_grad_(False)
    tower = [p for part in vision_parts(model)[stage.frozen :] for p in part.parameters()]
    others = [*model.visual.head.parameters(), *model.text.parameters(), model.logit_scale]
    groups = []
    for parameters, rate in ((tower, stage.tower_rate), (others, stage.rate)):
        for decayed in (True, False):
            chosen = [p.requires_grad_(True) for p in parameters if (p.ndim > 1) == decayed]
            decay = settings.weight_decay if decayed else 0.0
            groups.append({"params": chosen, "peak": rate, "lr": rate, "weight_decay": decay})
    return torch.optim.AdamW([group for group in groups if group["params"]], betas=(0.9, 0.98), fused=True)


def _schedule(step: int, warmup: int, total: int) -> float:
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def _move_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    for mean, value in zip(average.parameters(), model.parameters(), strict=True):
        if value.requires_grad:
            mean.lerp_(value, 1.0 - decay)
