"""``make bench``: every benchmark that has its data, each in a process of its own so that none warms another up.

The demo catalogue and the stores need no data; the rest needs SHELFSIGHT_DATA.
"""

import os
import subprocess
import sys
from pathlib import Path

_RATE = ["index_rate", "--render", "256", "--rounds", "3"]
_ENCODERS = [["encoder_rate"], ["encoder_rate", "--encoder", "ViT-B-32"]]
_SECOND = ["vlm_rate"]
_WITHOUT_DATA = [["quality", "--tasks", "demo"], ["stores"], *_ENCODERS, _RATE, _SECOND]


def _all(data: Path) -> list[list[str]]:
    catalogue = str(data / "sportswear" / "catalog.csv")
    return [
        ["index_rate", catalogue],
        _RATE,
        ["quality"],
        ["latency"],
        ["service"],
        ["stores"],
        *_ENCODERS,
        ["finetune"],
        _SECOND,
        ["rerank"],
        ["relevance", "test"],
    ]


def main() -> int:
    data = os.environ.get("SHELFSIGHT_DATA")
    if not data:
        print("SHELFSIGHT_DATA names no folder of data sets: only what needs none is measured", flush=True)
    codes = []
    for name, *arguments in _all(Path(data)) if data else _WITHOUT_DATA:
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode)
    return int(any(codes))  # a killed one has a negative code


if __name__ == "__main__":
    sys.exit(main())
