"""Reading is streaming: memory does not grow with the catalogue."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

# VmHWM, not ru_maxrss: that one begins at the size of the process that started this one.
READ = """
import re, sys
from pathlib import Path
from shelfsight.catalog import open_catalogue
print(sum(1 for item in open_catalogue(sys.argv[1])))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def _rows(count: int) -> Iterator[tuple[str, str, str, float]]:
    return ((f"id-{number}", f"images/{number}.jpg", f"title {number} " * 20, number / 4) for number in range(count))


def _csv(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write("id,image,title,price\n")
        file.writelines(f"{name},{image},{title},{price}\n" for name, image, title, price in _rows(count))


def _jsonl(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.writelines(
            f'{{"id": "{name}", "image": "{image}", "title": "{title}", "price": {price}}}\n'
            for name, image, title, price in _rows(count)
        )


def _parquet(path: Path, count: int) -> None:
    """One row group, the worst there is: nothing can be dropped between groups."""
    table = pa.table(
        {
            "id": [str(number) for number in range(count)],
            "image": [number.to_bytes(4, "big") * 250 for number in range(count)],
        }
    )
    pq.write_table(table, path, row_group_size=count, use_dictionary=False, compression="none")


def _tar(path: Path, count: int) -> None:
    with tarfile.open(path, "w") as tar:
        for number in range(count):
            info = tarfile.TarInfo(f"{number}.jpg")
            info.size = 100
            tar.addfile(info, io.BytesIO(bytes(100)))


def _kilobytes(path: Path, count: int) -> int:
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    read, peak = map(int, done.stdout.split())
    assert read == count
    return peak


@pytest.mark.parametrize(
    ("suffix", "write", "small", "large", "megabytes"),
    [
        (".csv", _csv, 3_000, 45_000, 10),
        (".jsonl", _jsonl, 3_000, 45_000, 10),
        (".parquet", _parquet, 6_000, 90_000, 40),  # the file is 90 MB; Arrow's allocator keeps some of what it had
        (".tar", _tar, 1_000, 15_000, 10),
    ],
)
def test_fifteen_times_the_rows_take_no_more_memory(
    tmp_path: Path, suffix: str, write: object, small: int, large: int, megabytes: int
) -> None:
    assert callable(write)
    peaks = []
    for count in (small, large):
        path = tmp_path / f"{count}{suffix}"
        write(path, count)
        peaks.append(_kilobytes(path, count))
    assert peaks[1] - peaks[0] < megabytes * 1024, f"{peaks} kB"
