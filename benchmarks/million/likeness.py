"""Part ``data``: how the vectors lie, beside those of real pictures: figures to judge the mixture by, not a promise.

Random samples of one size, because every figure depends on it: length of the mean, cosines of random pairs, how many
principal axes hold half and nine tenths of the variance, cosines of the 1st, 10th and 100th neighbour, and the local
intrinsic dimension (maximum likelihood over 100 neighbours; Amsaleg et al. 2015): the higher, the harder to search.
Real ones: the embedded encoder's, of the fashion pictures below SHELFSIGHT_DATA, where there are any.
"""

import os
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.million.report import Report
from benchmarks.million.run import Run
from shelfsight.core.vectors import FloatArray

__all__ = ["describe", "run"]

SAMPLE = 6_000
_NEIGHBOURS = 100


def run(run: Run) -> None:
    report = run.report("data")
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(run.data.items, min(SAMPLE, run.data.items), replace=False))
    _tell(report, f"vectors of {run.data.folder.name}", np.array(run.data.vectors[rows]))
    data = os.environ.get("SHELFSIGHT_DATA")
    if data and (Path(data) / "fashion").is_dir():
        _tell(report, "embedded encoder, fashion pictures", _embedded(Path(data) / "fashion", run.work))
    else:
        report.row("embedded encoder, fashion pictures", "left out: SHELFSIGHT_DATA names no folder with them")


def describe(vectors: FloatArray) -> dict[str, float]:
    """Figures over (n, d) unit vectors, n > 400; a sixth of them are the queries."""
    count, rng = len(vectors), np.random.default_rng(0)
    mean = vectors.mean(axis=0)
    variances = np.linalg.eigvalsh(np.cov((vectors - mean).T))[::-1]
    held = np.cumsum(variances) / variances.sum()
    order = rng.permutation(count)
    asked, base = vectors[order[: count // 6]], vectors[order[count // 6 :]]
    cosines = asked @ base.T
    nearest = -np.sort(-np.partition(cosines, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS:], axis=1)
    distances = np.sqrt(np.maximum(2 - 2 * nearest, 1e-9))
    dimension = -1 / np.mean(np.log(np.maximum(distances[:, :-1] / distances[:, -1:], 1e-6)), axis=1)
    return {
        "mean": float(np.linalg.norm(mean)),
        "pairs": float(cosines.mean()),
        "pairs_deviation": float(cosines.std()),
        "half": float(np.searchsorted(held, 0.5) + 1),
        "nine_tenths": float(np.searchsorted(held, 0.9) + 1),
        "first": float(np.median(nearest[:, 0])),
        "tenth": float(np.median(nearest[:, 9])),
        "hundredth": float(np.median(nearest[:, -1])),
        "intrinsic": float(np.median(dimension)),
    }


def _tell(report: Report, name: str, vectors: FloatArray) -> None:
    found = describe(vectors)
    report.figures[name] = found
    report.row(
        f"{name}: {len(vectors):,} of {vectors.shape[1]} dimensions",
        f"mean {found['mean']:.2f}; cosines of pairs {found['pairs']:.2f} +- {found['pairs_deviation']:.2f}, of"
        f" neighbours 1, 10, 100: {found['first']:.2f}, {found['tenth']:.2f}, {found['hundredth']:.2f}",
        parameters=f"half of the variance in {found['half']:.0f} axes, nine tenths in {found['nine_tenths']:.0f};"
        f" local intrinsic dimension {found['intrinsic']:.1f}",
    )


def _embedded(pictures: Path, work: Path) -> FloatArray:
    """(6000, d) vectors of pictures spread over the catalogue, kept below ``work``."""
    file = work / "fashion-embedded.npy"
    if not file.exists():
        from shelfsight.catalog import open_catalogue
        from shelfsight.core.pictures import decode, read_bytes
        from shelfsight.core.settings import Settings
        from shelfsight.core.types import Failure
        from shelfsight.models import open_encoder

        encoder, limits = open_encoder("embedded"), Settings().pictures
        items = (each for each in open_catalogue(pictures) if not isinstance(each, Failure))
        found = []
        for item in islice(items, 0, 7 * SAMPLE, 7):
            picture = decode(read_bytes(item.pictures[0], limits), limits=limits, target=encoder.spec.image_size)
            found.append(encoder.encode_pixels(encoder.prepare(picture)[None])[0])
        np.save(file, np.stack(found))
    return np.asarray(np.load(file))
