"""The contrastive loss with several right answers, and who is right for whom."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["contrastive_loss", "phrase_truth", "title_truth"]


def contrastive_loss(logits: Tensor, right: Tensor, ignored: Tensor) -> Tensor:
    """Symmetric cross-entropy between texts and pictures (CLIP, Radford et al. 2021) with several right answers: the
    target is uniform over them (the outer form of Khosla et al. 2020, "Supervised Contrastive Learning").

    Args:
        logits: scaled cosines ``float32 [texts, pictures]``.
        right: bool, same shape: the picture shows what the text says. Every row and every column needs not have one;
            those without add nothing.
        ignored: bool, same shape: unknown whether it does; left out of the comparison. ``right`` wins over it.
    """
    logits = logits.masked_fill(ignored & ~right, float("-inf"))
    return (_one_way(logits, right) + _one_way(logits.T, right.T)) / 2


def _one_way(logits: Tensor, right: Tensor) -> Tensor:
    used = right.any(dim=1)
    log_chance = logits[used].log_softmax(dim=1)
    right = right[used]
    mean_right = log_chance.masked_fill(~right, 0.0).sum(dim=1) / right.sum(dim=1)
    return -mean_right.mean()


def title_truth(
    titles: np.ndarray, shortened: np.ndarray, codes: np.ndarray, has_title: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Who is right for the titles of a batch: the pictures with the same title.

    Args:
        titles: ``int [n]`` number of each picture's title.
        shortened: ``bool [n]``: words were dropped, so pictures that agree in every attribute may be meant as well.
        codes: ``int [n, fields]`` attributes, -1 where unknown.
        has_title: ``bool [n]``: texts of the others are not compared at all.

    Returns:
        ``right`` and ``ignored``, ``bool [n, n]`` (text, picture).
    """
    right = (titles[:, None] == titles[None, :]) & has_title[:, None] & has_title[None, :]
    alike = (codes[:, None, :] == codes[None, :, :]).all(axis=2)
    ignored = (shortened[:, None] & alike) | ~has_title[:, None]
    return torch.from_numpy(right), torch.from_numpy(ignored)


def phrase_truth(named: np.ndarray, codes: np.ndarray, sources: np.ndarray) -> tuple[Tensor, Tensor]:
    """Who is right for the phrases of a batch: the pictures that have every attribute that the phrase names.

    A picture of which a named attribute is unknown is ignored if nothing else contradicts. Catalogues draw the borders
    between fine types differently, so between catalogues a differing type within one kind is ignored as well.

    Args:
        named: ``bool [n, fields]``: what each phrase names.
        codes: ``int [n, fields]``: attributes of the picture that each phrase was written for, -1 where unknown; the
            first two fields are kind and type.
        sources: ``int [n]`` number of the catalogue.

    Returns:
        ``right`` and ``ignored``, ``bool [n, n]`` (text, picture).
    """
    same = codes[:, None, :] == codes[None, :, :]
    unknown = (codes == -1)[None, :, :] & named[:, None, :]
    foreign = sources[:, None] != sources[None, :]
    loose_type = foreign & same[:, :, 0] & ~same[:, :, 1] & named[:, None, 1]
    satisfied = same | ~named[:, None, :]
    contradicted = ~satisfied & ~unknown
    contradicted[:, :, 1] &= ~loose_type
    right = satisfied.all(axis=2)
    ignored = ~contradicted.any(axis=2) & ~right
    return torch.from_numpy(right), torch.from_numpy(ignored)
