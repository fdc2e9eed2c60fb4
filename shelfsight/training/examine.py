"""How good a finished encoder is on the questions that training asks between epochs."""

from pathlib import Path

import torch

from shelfsight.models.torchvision_compat import ensure_torchvision
from shelfsight.training.corpus import Joined, load_corpus
from shelfsight.training.model import embed_pictures, load_tokenizer
from shelfsight.training.pictures import to_network
from shelfsight.training.settings import EncoderSettings
from shelfsight.training.validate import Examination, examine

__all__ = ["examine_encoder"]

_CHUNK = 128


def examine_encoder(folder: Path, data: Path, cache: Path, settings: EncoderSettings) -> dict[str, float]:
    """The figures of :func:`shelfsight.training.validate.examine` for the encoder in ``folder``, in float32.

    Args:
        data: the data sets, see :mod:`shelfsight.training.data`.
        cache: where a run with these settings keeps its prepared pictures; made if it is not there.
    """
    ensure_torchvision()
    import open_clip

    torch.set_num_threads(settings.threads)
    corpus = load_corpus(data, cache, settings)
    tokenizer = load_tokenizer(folder, settings)
    model = open_clip.create_model(f"local-dir:{folder}").to(settings.device).eval()
    questions = Examination.draw(corpus, settings.gallery, settings.seed)
    pixels = Joined([shelf.pixels for shelf in corpus.shelves])
    with torch.no_grad():
        embedded = [
            embed_pictures(model, to_network(pixels[index]).to(settings.device), 0)
            for index in (questions.gallery[at : at + _CHUNK] for at in range(0, len(questions.gallery), _CHUNK))
        ]
    return examine(model, tokenizer, questions, torch.cat(embedded))
