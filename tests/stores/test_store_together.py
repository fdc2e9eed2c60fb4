"""Queries of several threads that a flat block compares with its vectors together: each gets what it gets alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores.blocks import Blocks, ExactBlock
from shelfsight.stores.faiss_index import FaissBlock
from shelfsight.stores.ranking import Rows, best_items

ROWS, DIMENSION, THREADS = 40_000, 128, 16


def test_threads_get_the_best_items_that_matrix_products_alone_find() -> None:
    chance = np.random.default_rng(0)
    vectors = normalise(chance.standard_normal((ROWS, DIMENSION)).astype(np.float32))
    vectors[20_000:] = vectors[:20_000]  # every score is there twice: ties must fall the same way
    queries = normalise(vectors[chance.integers(0, ROWS, 4 * THREADS)] + 0.02 * chance.standard_normal(DIMENSION))
    rows = Rows(np.arange(ROWS, dtype=np.int32), np.arange(ROWS), [f"{row:05}" for row in range(ROWS)])
    together = Blocks(FaissBlock, (FaissBlock(vectors, together=32),))
    exact = Blocks(ExactBlock, (ExactBlock(vectors),))
    start = Barrier(THREADS)

    def ask(first: int) -> list[tuple[int, FloatArray, object]]:
        start.wait(20)
        found = []
        for place in range(first, len(queries), THREADS):
            query, k = queries[place : place + 1], 5 + 20 * (place % 3)
            found.append((k, query, best_items(together, rows, query, k, None)))
        return found

    with ThreadPoolExecutor(THREADS) as threads:
        answers = [answer for found in threads.map(ask, range(THREADS)) for answer in found]
    assert len(answers) == len(queries)
    for k, query, found in answers:
        assert found == best_items(exact, rows, query, k, None)
