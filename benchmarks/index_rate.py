"""A catalogue into a new collection: items and pictures a second, peak memory, and where the seconds go.

    python -m benchmarks.index_rate CATALOGUE [--encoder NAME] [--json FILE]

The clock starts before torch is imported, so the seconds are those that a person waits; on a machine that has other
work, processor seconds tell more. The resident memory is that of the whole process. The baseline is the encoder alone
on as many pictures, in the same batches and the same two threads.
"""

import json
import resource
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from shelfsight.catalog import open_catalogue
from shelfsight.core.protocols import Encoder
from shelfsight.core.settings import IndexSettings, Settings
from shelfsight.indexer import index
from shelfsight.models import open_encoder
from shelfsight.stores import create_store

TARGET_SECONDS, TARGET_MEGABYTES = 25.0, 1500.0


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description="Rate and memory of indexing.")
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--encoder", default="embedded", help="encoder to measure (default: %(default)s)")
    parser.add_argument("--store", default="faiss", choices=["faiss", "exact"], help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=IndexSettings().batch_size, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=IndexSettings().decode_threads, help="default: %(default)s")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args(argv)
    settings = Settings(index=IndexSettings(batch_size=arguments.batch_size, decode_threads=arguments.threads))
    figures = measure(arguments.catalogue, arguments.encoder, arguments.store, settings)
    for name, value in figures.items():
        print(f"{name:<28} {value:10.2f}")
    print(f"under {TARGET_SECONDS:.0f} s (461 items):       {_verdict(figures['seconds in all'], TARGET_SECONDS)}")
    print(f"under {TARGET_MEGABYTES:.0f} MB:               {_verdict(figures['peak megabytes'], TARGET_MEGABYTES)}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(catalogue: Path, encoder_name: str, kind: str, settings: Settings) -> dict[str, float]:
    """Name of a figure -> its value."""
    start = perf_counter()
    encoder = open_encoder(encoder_name)
    opened = perf_counter()
    with (
        TemporaryDirectory() as folder,
        closing(create_store(Path(folder) / "rate.collection", kind=kind, encoder=encoder.spec)) as store,
    ):
        report = index(open_catalogue(catalogue), encoder=encoder, store=store, settings=settings)
    indexed = perf_counter()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    alone = encode_alone(encoder, report.encoded, settings.index.batch_size)
    return {
        "items": report.indexed,
        "pictures": report.encoded,
        "failed": report.failed,
        "seconds to open the encoder": opened - start,
        "seconds to index": indexed - opened,
        "seconds in all": indexed - start,
        "processor seconds in all": usage.ru_utime + usage.ru_stime,
        "items a second": report.indexed / (indexed - opened),
        "pictures a second": report.encoded / (indexed - opened),
        "encoder alone (baseline)": report.encoded / alone,
        "ratio to baseline": alone / (indexed - opened),
        "peak megabytes": peak,
    }


def encode_alone(encoder: Encoder, pictures: int, batch: int) -> float:
    """Seconds for the network alone on ``pictures`` pictures of noise."""
    side = encoder.spec.image_size
    pixels = np.random.default_rng(0).integers(0, 256, (min(batch, pictures), 3, side, side), dtype=np.uint8)
    start = perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(encoder.encode_pixels, [pixels] * -(-pictures // batch)))
    return perf_counter() - start


def _verdict(value: float, target: float) -> str:
    return "yes" if value < target else "NO"


if __name__ == "__main__":
    main()
