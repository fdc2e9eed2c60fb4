"""Which documents hold a word or phrase, and how much that says: read from the index once, then extended.

Documents are only ever added, so a list that was read stays right, and only what is newer has to be read. Lists are
kept up to a number of entries in all; the one that was not asked for longest goes first.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.stores.blocks import BoolArray
from shelfsight.stores.words.document import COLUMNS, KEY

__all__ = ["DocArray", "Lengths", "Posting", "Postings", "merged", "posted", "union", "within"]

DocArray = npt.NDArray[np.int32]
Impacts = npt.NDArray[np.float32]
Lengths = npt.NDArray[np.int32]
"""(documents + 1,): words of title, attributes and body, a byte each from the lowest on; place 0 is nobody's."""

K1 = 1.2
WEIGHTS = (3.0, 2.0, 0.7, 3.0)
"""Of a word in ``COLUMNS``."""
_SPREAD = (0.4, 0.2, 0.6)  # b of BM25 for title, attributes, body: how far a long text's words count less
_PIVOT = (7.0, 12.0, 60.0)  # words of a usual one; constants, so that no item's score depends on the others'
_ENTRIES = 12_000_000


@dataclass(frozen=True, slots=True)
class Posting:
    """The documents that hold something.

    Attributes:
        docs: (n,) ascending.
        impacts: (n,) BM25F's saturated weight, in (0, K1 + 1): S. Robertson, H. Zaragoza, *The Probabilistic Relevance
            Framework: BM25 and Beyond* (2009), with a word counted once a column.
    """

    docs: DocArray
    impacts: Impacts

    def __len__(self) -> int:
        return len(self.docs)


NOTHING = Posting(np.zeros(0, np.int32), np.zeros(0, np.float32))


class Postings:
    """The lists of one file, by what is looked for. The caller keeps threads apart."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Posting, int]] = OrderedDict()
        self._entries = 0

    def of(self, connection: sqlite3.Connection, lengths: Lengths, terms: str) -> Posting:
        """The documents below ``len(lengths)`` that hold ``terms``: a word, words one behind the other, or a key.

        Args:
            connection: reads at least as many documents as ``lengths`` knows.
        """
        posting, upto = self._kept.pop(terms, (NOTHING, 0))
        self._entries -= len(posting)
        last = len(lengths) - 1
        if upto < last:
            fresh = _read(connection, lengths, terms, upto, last)
            if len(fresh):
                posting = Posting(
                    np.concatenate([posting.docs, fresh.docs]), np.concatenate([posting.impacts, fresh.impacts])
                )
        self._kept[terms] = (posting, max(upto, last))
        self._entries += len(posting) + 1
        while self._entries > _ENTRIES and len(self._kept) > 1:
            _, (dropped, _) = self._kept.popitem(last=False)
            self._entries -= len(dropped) + 1
        return posting


def merged(parts: Sequence[tuple[Posting, float]]) -> Posting:
    """The documents of any of ``parts``, each with the best of its impacts times that part's weight."""
    parts = [(posting, weight) for posting, weight in parts if len(posting)]
    if len(parts) == 1 and parts[0][1] == 1.0:
        return parts[0][0]
    if not parts:
        return NOTHING
    docs = union([posting.docs for posting, _ in parts])
    impacts = np.zeros(len(docs), np.float32)
    for posting, weight in parts:
        places = np.searchsorted(docs, posting.docs)
        impacts[places] = np.maximum(impacts[places], posting.impacts * np.float32(weight))
    return Posting(docs, impacts)


def union(parts: Sequence[DocArray]) -> DocArray:
    """All documents of ``parts``, ascending. Sorting beats NumPy's sets many times on what is mostly sorted."""
    docs = np.sort(np.concatenate([np.zeros(0, np.int32), *parts]), kind="stable")
    return np.asarray(docs[np.append(True, docs[1:] != docs[:-1])[: len(docs)]])


def within(docs: DocArray, listed: DocArray) -> BoolArray:
    """(n,) which of ``docs`` are in ``listed``, which is ascending."""
    if not len(listed):
        return np.zeros(len(docs), np.bool_)
    places = np.minimum(np.searchsorted(listed, docs), len(listed) - 1)
    return np.asarray(listed[places] == docs)


def _read(connection: sqlite3.Connection, lengths: Lengths, terms: str, after: int, last: int) -> Posting:
    columns = range(len(COLUMNS)) if not terms.startswith(KEY) else range(3, 4)
    found = [(column, _docs(connection, COLUMNS[column], terms, after, last)) for column in columns]
    return posted(found, lengths)


def posted(found: Sequence[tuple[int, DocArray]], lengths: Lengths) -> Posting:
    """The list of what is ``found``: documents, ascending, by place in ``COLUMNS``."""
    found = [(column, docs) for column, docs in found if len(docs)]
    if not found:
        return NOTHING
    docs = union([docs for _, docs in found])
    weights = np.zeros(len(docs), np.float32)
    for column, here in found:
        weights[np.searchsorted(docs, here)] += _weights(column, lengths[here])
    return Posting(docs, weights * np.float32(K1 + 1) / (weights + np.float32(K1)))


def _docs(connection: sqlite3.Connection, column: str, terms: str, after: int, last: int) -> DocArray:
    """One text of all numbers: fetching them row by row takes several times as long."""
    row = connection.execute(
        "SELECT group_concat(rowid) FROM words WHERE words MATCH ? AND rowid > ? AND rowid <= ?",
        (f'{{{column}}} : "{terms}"', after, last),
    ).fetchone()
    return np.fromstring(row[0] or "", np.int32, sep=",")


def _weights(column: int, lengths: Lengths) -> Impacts:
    if column >= len(_PIVOT):
        return np.full(len(lengths), WEIGHTS[column], np.float32)
    words = ((lengths >> (8 * column)) & 255).astype(np.float32)
    spread = np.float32(_SPREAD[column])
    return np.float32(WEIGHTS[column]) / (1 - spread + spread * words / np.float32(_PIVOT[column]))
