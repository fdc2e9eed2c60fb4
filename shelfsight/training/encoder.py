"""From catalogues to the embedded encoder: the whole way in one function."""

import logging
from pathlib import Path

import numpy as np
import torch

from shelfsight.training.corpus import Corpus, load_corpus
from shelfsight.training.export import copy_tokenizer, export
from shelfsight.training.model import load_tokenizer, make_model
from shelfsight.training.plots import plot_log
from shelfsight.training.settings import EncoderSettings
from shelfsight.training.stages import Trainer
from shelfsight.training.texts import every_text
from shelfsight.training.tokenizer import fit_tokenizer

__all__ = ["train_encoder"]

_log = logging.getLogger(__name__)
_MAY_CHANGE = {"threads", "checkpoint_seconds", "device"}  # how a run is carried out, not what it learns


def train_encoder(
    data: Path, out: Path, settings: EncoderSettings, *, start: Path | None = None, stop_after: int | None = None
) -> Path | None:
    """Train as ``settings`` say, and write the OpenCLIP folder ``out/encoder``.

    ``out`` also keeps the prepared pictures, the checkpoint and ``log.jsonl``; calling again with the same settings
    goes on where the last call stopped.

    Args:
        data: folder with one folder a data set, see :mod:`shelfsight.training.data`.
        start: safetensors file with weights of timm's ``mobilenetv2_100`` to start the vision trunk from, or the
            folder of an encoder of the same shape to go on from, its tokenizer included.
        stop_after: stop after so many steps, as an interruption would.

    Returns:
        The folder, or None if ``stop_after`` came first.

    Raises:
        ValueError: ``out`` holds a run with other settings, or there is nothing to learn from.
    """
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    _claim(out, settings)
    corpus = load_corpus(data, out / "cache", settings)
    work = out / "work"
    if not (work / "tokenizer.json").exists():
        _make_tokenizer(corpus, work, settings, start)
    model = make_model(settings, work, start).to(settings.device)
    trainer = Trainer(model, load_tokenizer(work, settings), corpus, settings, out)
    trained = trainer.run(stop_after=stop_after)
    if trained is None:
        return None
    path = export(trained, work, out / "encoder")
    plot_log(out)
    _log.info("wrote %s (%.1f MB)", path, path.stat().st_size / 1e6)
    return path.parent


def _claim(out: Path, settings: EncoderSettings) -> None:
    written = out / "settings.json"
    if written.exists():
        found = EncoderSettings.model_validate_json(written.read_text(encoding="utf-8"))
        if found.model_dump(exclude=_MAY_CHANGE) != settings.model_dump(exclude=_MAY_CHANGE):
            raise ValueError(f"{written} belongs to a run with other settings; choose another --out or delete it")
    written.write_text(settings.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _make_tokenizer(corpus: Corpus, work: Path, settings: EncoderSettings, start: Path | None) -> None:
    if start is not None and start.is_dir():
        copy_tokenizer(start, work)
        return
    partial = work.with_name("work.partial")
    partial.mkdir(exist_ok=True)
    texts = every_text([corpus.rows[i] for i in corpus.train], np.random.default_rng(settings.seed))
    tokens = fit_tokenizer(texts, vocabulary=settings.text.vocabulary, context=settings.text.context, folder=partial)
    partial.rename(work)
    _log.info("fitted a tokenizer of %d tokens", tokens)
