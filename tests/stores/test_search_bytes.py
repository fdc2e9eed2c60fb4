"""Files of a collection are read while it is in use; SQLite's locks outlive that."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from shelfsight.core.erased import Piece, PieceKind
from shelfsight.stores.search_bytes import search_files

WRITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def test_values_that_a_file_has_compressed_are_found(tmp_path: Path) -> None:
    texts = [f"a red mug, a red mug, a red mug number {number} of them" for number in range(200)]
    vectors = [[0.5, 0.25, float(number), 0.125] for number in range(200)]
    pyarrow.parquet.write_table(pyarrow.table({"text": texts, "vector": vectors}), tmp_path / "rows.parquet")
    (tmp_path / "other.parquet").write_bytes(b"no such file, and a green mug")
    wanted = [texts[150].encode(), np.array(vectors[150], "<f8").tobytes(), b"a green mug", b"a blue mug"]
    found = search_files(sorted(tmp_path.iterdir()), [Piece(PieceKind.TEXT, (each,)) for each in wanted])
    assert {file.name: met for file, met in found.pieces.items()} == {"rows.parquet": {0, 1}, "other.parquet": {2}}


def test_a_database_that_is_read_stays_locked(tmp_path: Path) -> None:
    path = tmp_path / "items.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE texts (text)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO texts VALUES ('a red mug')")
        files = sorted(tmp_path.iterdir())
        assert [file.name for file in files] == ["items.sqlite", "items.sqlite-shm", "items.sqlite-wal"]
        pieces = [Piece(PieceKind.TEXT, (b"CREATE TABLE texts",)), Piece(PieceKind.TEXT, (b"a blue mug",))]
        found = search_files([*files, tmp_path / "gone.sqlite"], pieces)
        assert set().union(*found.pieces.values()) == {0}
        assert (found.files, found.bytes) == (3, sum(file.stat().st_size for file in files))
        other = subprocess.run([sys.executable, "-c", WRITE, str(path)], capture_output=True, text=True, check=True)
        assert other.stdout == "database is locked\n"
        connection.execute("COMMIT")
