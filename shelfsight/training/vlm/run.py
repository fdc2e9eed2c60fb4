"""From catalogues to the embedded vision-language model: the whole way in one function."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shelfsight.training.vlm.batches import Batcher
from shelfsight.training.vlm.export import export_vlm
from shelfsight.training.vlm.lessons import Teacher
from shelfsight.training.vlm.material import Material, load_material
from shelfsight.training.vlm.model import IMAGE_TOKENS, Learner, make_vlm, start_from_encoder
from shelfsight.training.vlm.packing import Packer
from shelfsight.training.vlm.settings import VlmSettings
from shelfsight.training.vlm.tokenizer import (
    ANSWER,
    END,
    IMAGE,
    PAD,
    fit_decoder_tokenizer,
    load_decoder_tokenizer,
)
from shelfsight.training.vlm.trainer import Trainer
from shelfsight.training.vlm.validate import Examination

__all__ = ["train_vlm"]

_log = logging.getLogger(__name__)
_MAY_CHANGE = {"threads", "checkpoint_seconds"}  # how a run is carried out, not what it learns
_EXAMINED = 500


def train_vlm(
    data: Path, out: Path, settings: VlmSettings, *, encoder: Path, stop_after: int | None = None
) -> Path | None:
    """Train as ``settings`` say, and write the Transformers folder ``out/vlm``.

    ``out`` also keeps the prepared pictures, the checkpoint and ``log.jsonl``; calling again with the same settings
    goes on where the last call stopped.

    Args:
        data: folder with one folder a data set, see :mod:`shelfsight.training.data`.
        encoder: folder of the encoder whose picture tower is taken over.
        stop_after: stop after so many steps, as an interruption would.

    Returns:
        The folder, or None if ``stop_after`` came first.

    Raises:
        ValueError: ``out`` holds a run with other settings, or there is nothing to learn from.
    """
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    _claim(out, settings)
    material = load_material(data, out, settings, encoder)
    teacher = Teacher(material.corpus)
    tokenizer = _tokenizer(teacher, material, out / "tokenizer", settings)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in (IMAGE, ANSWER, END, PAD, "Ġyes", "Ġno")}
    vlm = make_vlm(settings, len(tokenizer), ids[IMAGE], ids[END], ids[PAD])
    start_from_encoder(vlm, material.encoder, tokenizer, encoder)
    learner = Learner(vlm, material.encoder, settings.frozen)
    packer = Packer(tokenizer, IMAGE_TOKENS, ids[ANSWER], ids[END], ids[PAD])
    batcher = Batcher(material, teacher, packer, settings, IMAGE_TOKENS)
    examination = Examination(material, teacher, packer, ids["Ġyes"], ids["Ġno"], rows=_EXAMINED)
    trainer = Trainer(learner, batcher, examination, settings, out)
    if not trainer.run(stop_after=stop_after):
        return None
    return export_vlm(vlm, material.encoder, learner, trainer.mean, tokenizer, out / "vlm")


def _tokenizer(teacher: Teacher, material: Material, folder: Path, settings: VlmSettings) -> Any:
    if not (folder / "tokenizer.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        decoder = settings.decoder
        count = fit_decoder_tokenizer(
            _texts(teacher, material, settings), vocabulary=decoder.vocabulary, context=decoder.context, folder=folder
        )
        _log.info("fitted a tokenizer of %d tokens", count)
    return load_decoder_tokenizer(folder)


def _texts(teacher: Teacher, material: Material, settings: VlmSettings) -> Iterator[str]:
    random = np.random.default_rng([settings.seed, 1])
    for row in material.corpus.train:
        for lesson in teacher.lessons(int(row), settings.questions, random):
            yield lesson.question
            yield lesson.answer


def _claim(out: Path, settings: VlmSettings) -> None:
    written = out / "settings.json"
    if written.exists():
        found = VlmSettings.model_validate_json(written.read_text(encoding="utf-8"))
        if found.model_dump(exclude=_MAY_CHANGE) != settings.model_dump(exclude=_MAY_CHANGE):
            raise ValueError(f"{written} belongs to a run with other settings; choose another --out or delete it")
    written.write_text(settings.model_dump_json(indent=2) + "\n", encoding="utf-8")
