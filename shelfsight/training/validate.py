"""How good the encoder is on the validation split, between epochs; the test split stays unseen.

Two questions about fashion pictures, the two that a shop asks: does a title find its own picture among many, and does
"navy blue backpack" bring navy blue backpacks? The gallery is all validation pictures and some of training, a fixed
draw; the figures are for comparing epochs with one another, the real ones come from ``shelfsight evaluate``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shelfsight.training.corpus import Corpus
from shelfsight.training.data import Row
from shelfsight.training.model import embed_texts

__all__ = ["Examination", "examine"]

_K = 10
_MOST_QUERIES = 2000


@dataclass(frozen=True)
class Examination:
    """Fixed questions. ``gallery`` holds row numbers; a query's right answers are places in it."""

    gallery: np.ndarray
    titles: list[str]
    title_answers: list[np.ndarray]
    phrases: list[str]
    phrase_answers: list[np.ndarray]

    @classmethod
    def draw(cls, corpus: Corpus, size: int, seed: int) -> "Examination":
        """All validation rows and as many of training as make up ``size``."""
        random = np.random.default_rng(seed)
        room = max(0, min(size - len(corpus.validation), len(corpus.train)))
        gallery = np.concatenate([corpus.validation, np.sort(random.choice(corpus.train, room, replace=False))])
        rows = [corpus.rows[i] for i in gallery]
        wanted = rows[: len(corpus.validation)]
        titles = _grouped(rows, lambda row: row.title)
        phrases = _grouped(rows, _colour_and_type)
        asked_titles = [text for text in dict.fromkeys(row.title for row in wanted) if text][:_MOST_QUERIES]
        named = [text for text in dict.fromkeys(map(_colour_and_type, wanted)) if text]
        asked_phrases = [text for text in named if len(phrases[text]) >= _K]
        return cls(
            gallery=gallery,
            titles=asked_titles,
            title_answers=[titles[text] for text in asked_titles],
            phrases=asked_phrases,
            phrase_answers=[phrases[text] for text in asked_phrases],
        )


def examine(model: Any, tokenizer: Any, questions: Examination, pictures: Tensor) -> dict[str, float]:
    """Recall@10 and MRR@10 of titles, precision@10 of colour + type phrases.

    Args:
        pictures: unit embeddings of the gallery, ``float32 [gallery, d]``.
    """
    found_titles = _top(model, tokenizer, questions.titles, pictures)
    found_phrases = _top(model, tokenizer, questions.phrases, pictures)
    titles = [_hits(found, right) for found, right in zip(found_titles, questions.title_answers, strict=True)]
    phrases = [_hits(found, right) for found, right in zip(found_phrases, questions.phrase_answers, strict=True)]
    recalls = [hit.sum() / len(right) for hit, right in zip(titles, questions.title_answers, strict=True)]
    return {
        "title_recall@10": _mean(recalls),
        "title_mrr@10": _mean([1.0 / (1 + int(hit.argmax())) if hit.any() else 0.0 for hit in titles]),
        "phrase_precision@10": _mean([hit.mean() for hit in phrases]),
    }


def _top(model: Any, tokenizer: Any, texts: list[str], pictures: Tensor) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for start in range(0, len(texts), 256):
        with torch.no_grad():
            embedded = embed_texts(model, tokenizer(texts[start : start + 256]).to(pictures.device))
        found.extend((embedded @ pictures.T).topk(min(_K, len(pictures)), dim=1).indices.cpu().numpy())
    return found


def _hits(found: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.isin(found, right)


def _mean(values: list[Any]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


def _grouped(rows: list[Row], name: Callable[[Row], str]) -> dict[str, np.ndarray]:
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(name(row), []).append(place)
    return {text: np.array(found) for text, found in places.items()}


def _colour_and_type(row: Row) -> str:
    if row.source != "fashion" or not {"colour", "type"} <= row.attributes.keys():
        return ""
    return f"{row.attributes['colour']} {row.attributes['type']}"
