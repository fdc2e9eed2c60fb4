"""The pictures of the training, as the frozen parts of the picture tower see them, kept in a cache folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelfsight.training.corpus import Corpus, Joined, join_shelves, load_corpus, load_shelf
from shelfsight.training.export import copy_tokenizer
from shelfsight.training.frozen import frozen_outputs
from shelfsight.training.model import make_model
from shelfsight.training.settings import EncoderSettings
from shelfsight.training.vlm.composed import composed_rows
from shelfsight.training.vlm.settings import VlmSettings

__all__ = ["Material", "load_material"]


@dataclass(frozen=True)
class Material:
    """Rows and pictures.

    Attributes:
        corpus: all rows; composed ones come last.
        encoder: the OpenCLIP model whose picture tower is taken over.
        views: outputs of its frozen parts, ``float16 [n, h, w, c]``, one a view; view 0 is the picture unchanged.
    """

    corpus: Corpus
    encoder: Any
    views: list[Joined]


def load_material(data: Path, out: Path, settings: VlmSettings, encoder: Path) -> Material:
    """Everything that is learnt from, prepared as far as it is not in ``out`` yet.

    Args:
        data: folder with one folder a data set, see :mod:`shelfsight.training.data`.
        encoder: folder of the encoder whose picture tower is taken over.
    """
    chosen = EncoderSettings(
        rendered=settings.rendered,
        rendered_seed=settings.rendered_seed,
        threads=settings.threads,
        bfloat16=settings.bfloat16,
    )
    cache, work = out / "cache", out / "tower"
    corpus = load_corpus(data, cache, chosen)
    if settings.composed:
        name = f"composed-{chosen.image_size}-{settings.seed}-{settings.composed}"
        make = lambda: composed_rows(corpus, settings.composed, settings.seed)  # noqa: E731
        corpus = join_shelves([*corpus.shelves, load_shelf(cache, name, make, chosen, settings.composed)])
    copy_tokenizer(encoder, work)
    model = make_model(chosen, work, encoder)
    return Material(corpus, model, frozen_outputs(corpus, model, settings.frozen, settings.views, cache, chosen))
