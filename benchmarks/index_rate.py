"""A catalogue into a new collection: pictures a second end to end, beside decoding alone and encoding alone.

    python -m benchmarks.index_rate CATALOGUE [--encoder NAME] [--json FILE]
    python -m benchmarks.index_rate --render 720 --side 512
    python -m benchmarks.index_rate --render 512 --items 40000 --side 256 --encoder ViT-B-32 --device cuda

``--render`` needs no data set: it draws so many pictures of the demo catalogue, keeps them in ``--cache``, and has them
come round again until there are ``--items``. A bare OpenCLIP architecture gets random weights, which run as fast as
trained ones.

Every round takes three rates in turn, over the same pictures, in the same batches and threads:

decode only
    read, decode and resize, in the indexer's decode threads; nothing is hashed, kept or encoded.
encode only
    pixels that are already there through the encoder, in as many calls at a time as the indexer makes.
end to end
    the whole of ``index`` into a new collection: catalogue, hashes, decoding, encoding, commits, index.

On a CPU decoding and encoding share the cores, so nothing can be faster than the two one after the other,
1 / (1/decode + 1/encode); on a GPU they run at the same time, and nothing can be faster than the slower of the two.
Medians of the rounds are judged, beside them stand the least and the greatest.

On a GPU machine give it pictures for some ten seconds a round (``--items``), as many cores as the machine has
(``--threads``, by itself all of them), and nothing else to do. CUDA's own share of the start (loading kernels,
capturing graphs) falls into a round that is not counted.

The first indexing is told apart: its clock starts before torch is imported, so these are the seconds that a person
waits, and its peak memory is that of the whole process.
"""

import json
import resource
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from time import perf_counter

from benchmarks.pictures import rendered, write_catalogue
from benchmarks.rates import Rates, Setup, index_once, measure_rates
from benchmarks.untrained import name_of
from shelfsight.catalog import open_catalogue
from shelfsight.core.settings import IndexSettings, Settings
from shelfsight.models import open_encoder

TARGET_SECONDS, TARGET_MEGABYTES = 25.0, 1500.0
TARGET_OF_SUM, TARGET_OF_SLOWER = 0.75, 0.7
_DEMO_ITEMS = 461


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    with TemporaryDirectory() as folder:
        catalogue = arguments.catalogue or _drawn(arguments, Path(folder))
        figures, rates = measure(catalogue, arguments)
    for name, value in figures.items():
        print(f"{name:<42} {value:10.2f}")
    for name, each in rates.figures().items():
        print(f"{name:<42} {each['median']:10.2f}   ({each['least']:.2f} to {each['greatest']:.2f})")
    _judge(figures, rates, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures | rates.figures(), indent=2) + "\n")


def measure(catalogue: Path, arguments: Namespace) -> tuple[dict[str, float], Rates]:
    """Figures of the first indexing by name, and the rates of the rounds after it."""
    start = perf_counter()
    encoder = open_encoder(name_of(arguments.encoder, arguments.cache), device=arguments.device)
    opened = perf_counter()
    given = {"batch_size": arguments.batch_size, "decode_threads": arguments.threads}
    settings = Settings(index=IndexSettings(**{name: value for name, value in given.items() if value is not None}))
    setup = Setup(open_catalogue(catalogue), encoder, arguments.store, settings)
    report = index_once(setup)
    indexed = perf_counter()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures: dict[str, float] = {
        "items": report.indexed,
        "pictures": report.encoded,
        "failed": report.failed,
        "decode threads": settings.index.decode_threads,
        "pictures a batch": setup.batch_size,
        "seconds to open the encoder": opened - start,
        "seconds in all": indexed - start,
        "processor seconds in all": usage.ru_utime + usage.ru_stime,
        "peak megabytes": usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
    }
    return figures, measure_rates(setup, arguments.rounds)


def _judge(figures: dict[str, float], rates: Rates, arguments: Namespace) -> None:
    if figures["items"] == _DEMO_ITEMS:
        _verdict(f"under {TARGET_SECONDS:.0f} s (461 items)", figures["seconds in all"] < TARGET_SECONDS)
        _verdict(f"under {TARGET_MEGABYTES:.0f} MB", figures["peak megabytes"] < TARGET_MEGABYTES)
    medians = {name: each["median"] for name, each in rates.figures().items()}
    if arguments.device == "cpu":
        found = medians["end to end / (1 / (1/decode + 1/encode))"]
        _verdict(f"at least {TARGET_OF_SUM} of 1 / (1/decode + 1/encode)", found >= TARGET_OF_SUM)
    else:
        found = medians["end to end / slower of the two"]
        _verdict(f"at least {TARGET_OF_SLOWER} of the slower of the two", found >= TARGET_OF_SLOWER)


def _verdict(target: str, met: bool) -> None:
    print(f"{target + ':':<46} {'yes' if met else 'NO'}")


def _drawn(arguments: Namespace, folder: Path) -> Path:
    pictures = rendered(arguments.cache, arguments.render, arguments.side)
    return write_catalogue(folder / "rendered.csv", pictures, arguments.items or arguments.render)


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Rate and memory of indexing.")
    parser.add_argument("catalogue", type=Path, nargs="?", help="what to index; none: pictures drawn for it")
    parser.add_argument("--render", type=int, default=256, metavar="N", help="pictures to draw (default: %(default)s)")
    parser.add_argument("--side", type=int, default=512, help="of drawn pictures, in pixels (default: %(default)s)")
    parser.add_argument("--items", type=int, metavar="N", help="items with drawn pictures (default: as many as drawn)")
    parser.add_argument("--encoder", default="embedded", help="name, or a bare architecture (default: %(default)s)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 (default: %(default)s)")
    parser.add_argument("--store", default="faiss", choices=["faiss", "exact"], help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, help="pictures a batch (default: what suits the encoder)")
    parser.add_argument("--threads", type=int, help="that decode (default: one a core)")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    cache = Path(gettempdir()) / "shelfsight-benchmarks"
    parser.add_argument(
        "--cache", type=Path, default=cache, help="drawn pictures, random weights (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
