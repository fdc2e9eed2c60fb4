"""``make bench``: every benchmark that has its data. The demo catalogue needs none; the rest needs SHELFSIGHT_DATA."""

import os

from benchmarks import latency, quality


def main() -> None:
    if os.environ.get("SHELFSIGHT_DATA"):
        quality.main([])
        latency.main([])
    else:
        print("SHELFSIGHT_DATA names no folder of data sets: the demo catalogue alone is measured")
        quality.main(["--tasks", "demo"])


if __name__ == "__main__":
    main()
