"""Inverted lists of RaBitQ codes.

Vectors are put into lists by the nearest of some thousand centroids, and kept there as one bit a dimension of what
remains when the centroid is taken away (J. Gao and C. Long, RaBitQ, SIGMOD 2024, https://arxiv.org/abs/2405.12497). A
query looks through the lists whose centroids are nearest: those within a distance of the best that is tuned, so that a
query amid one cluster looks at few and one between clusters at many. The codes' estimates are good enough to leave
some dozens of candidates, whose vectors are then looked at.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, BoolArray, IntArray
from shelfsight.stores.ann.finding import Finder
from shelfsight.stores.faiss_gpu import gpu_ready, nearest
from shelfsight.stores.faiss_index import faiss, few_threads, products, read_index, searched, write_index

__all__ = ["IvfFinder", "Lists"]

Rows32 = npt.NDArray[np.int32]
Heaps = tuple[FloatArray, IntArray]
"""(q, m) estimates and their rows, the least first and the others as heaps order them; -inf and -1 where none is."""

_PROBES = 64  # lists a query looks at, at most, unless a filter passes few rows
_FEWEST = 64  # rows that pass, which a filtered query looks at in any case
_FIRST = 64  # lists that a query looks at first, where all that is near it is filtered out,
_FARTHER = 1.25  # and how many times as far as that look says is enough it goes on then
_TENTH = 10  # of the first look's rows, or one in so many of those asked for,
_ONE_IN = 32  # is to be bettered by what is farther
_SMALL_COARSE = 1024  # so many centroids are compared one by one
_QUERY_BITS = 4
_ALONE = 16  # queries that one thread does sooner than it can wake others
_AT_ONCE = 64  # filtered queries
_STEP = 16_384
_BIT = 512  # of vectors that are put into lists while others search
_NEARLY = 4  # lists that are compared exactly then
_MANY = 131_072  # so many are put into lists by all threads there are
_STRAIGHT = 0.785  # of sqrt(2 / pi) = 0.798, what codes keep of vectors whose coordinates are alike
_SAME = 0.999  # a cosine: so near to it a centroid is of few vectors but that one
_EFFORTS = (*(i / 100 for i in range(1, 16)), 0.17, 0.2, 0.23, 0.26, 0.3, 0.35, 0.4, 0.5, 0.6, 1.0)


class Lists:
    """What was learned from a sample: centroids, and a rotation where coordinates are unlike one another."""

    def __init__(self, coarse: Any, centroids: FloatArray, turn: FloatArray | None, owner: object = None) -> None:
        """
        Args:
            coarse: a FAISS index of the centroids; many inverted lists may share it.
            centroids: (lists, d) float32 of length 1, turned.
            turn: (d, d) orthogonal, or ``None``.
            owner: whose memory ``coarse`` is, if not its own.
        """
        self.coarse = coarse
        self.owner = owner
        self.centroids = centroids
        self.turn = turn

    @classmethod
    def learned(cls, sample: FloatArray, lists: int, seed: int = 0) -> Self:
        """From (m, d) vectors of length 1: spherical k-means (a few rounds: more gain nothing that probing one list
        more would not)."""
        dimension = sample.shape[1]
        means = faiss.Kmeans(
            dimension,
            lists,
            niter=6,
            spherical=True,
            gpu=gpu_ready(),
            seed=seed + 1,
            min_points_per_centroid=1,
            max_points_per_centroid=256,
        )
        means.train(np.ascontiguousarray(sample))
        centroids = np.asarray(means.centroids, np.float32)
        turn = _turn(sample[:_STEP], centroids, seed)
        centroids = np.ascontiguousarray(_turned(centroids, turn))
        return cls(_coarse(centroids), centroids, turn)

    def nearly_assigned(self, vectors: FloatArray) -> Rows32:
        """:meth:`assigned` in a fifth of the time, by one thread. Some get the second nearest list, which does."""
        found = np.empty(len(vectors), np.int32)
        with few_threads(alone=True):
            for start in range(0, len(vectors), _BIT):
                part = np.ascontiguousarray(_turned(np.asarray(vectors[start : start + _BIT]), self.turn))
                found[start : start + _BIT] = self.coarse.search(part, _NEARLY)[1][:, 0]
        return found

    def assigned(self, vectors: FloatArray) -> Rows32:
        """(n,) the list each of (n, d) vectors belongs to."""
        found = np.empty(len(vectors), np.int32)
        for start in range(0, len(vectors), _STEP):
            part = slice(start, start + _STEP)
            found[part] = _nearest(_turned(np.asarray(vectors[part]), self.turn), self.centroids)
        return found


class IvfFinder:
    """See :class:`shelfsight.stores.ann.finding.Finder`. An effort is how much less than the best list's centroid
    another's may resemble the query, as a difference of cosines."""

    efforts = _EFFORTS

    def __init__(self, index: Any, lists: Lists, trained: int) -> None:
        """
        Args:
            index: inverted lists as FAISS holds them.
            lists: which these are.
        """
        self._ivf = index
        self._learned = lists
        self._coarse, self._centroids, self._turn = lists.coarse, lists.centroids, lists.turn
        self._lists = len(lists.centroids)
        self._probes = min(_PROBES, self._lists)
        index.parallel_mode |= index.PARALLEL_MODE_NO_HEAP_INIT  # a second look goes on with what a first one found
        self._parameters = faiss.IVFRaBitQSearchParameters(nprobe=self._probes, qb=_QUERY_BITS)
        self._list_of: Rows32 | None = None
        self._sizes: IntArray | None = None
        self.trained = trained

    @classmethod
    def filled(cls, lists: Lists, vectors: FloatArray, list_of: Rows32, trained: int) -> Self:
        """Of (n, d) vectors, each in the list that ``list_of`` (n,) says."""
        dimension, count = vectors.shape[1], len(lists.centroids)
        ivf = faiss.IndexIVFRaBitQ(lists.coarse, dimension, count, faiss.METRIC_INNER_PRODUCT)
        ivf.is_trained = True  # centroids are all there is to learn
        for start in range(0, len(vectors), _STEP):
            part = np.ascontiguousarray(_turned(np.asarray(vectors[start : start + _STEP]), lists.turn))
            places = list_of[start : start + _STEP].astype(np.int64)
            ivf.add_core(len(part), faiss.swig_ptr(part), None, faiss.swig_ptr(places))
        finder = cls(ivf, lists, trained)
        finder._list_of = list_of
        return finder

    @classmethod
    def read(cls, path: Path, trained: int) -> Self:
        """What :meth:`write` wrote, memory-mapped.

        Raises:
            ValueError: it is something else.
        """
        index = read_index(path)
        ivf = faiss.downcast_index(index.index) if isinstance(index, faiss.IndexPreTransform) else index
        if not isinstance(ivf, faiss.IndexIVFRaBitQ):
            raise ValueError("no inverted lists of RaBitQ codes")
        coarse = faiss.downcast_index(ivf.quantizer)
        lists = Lists(coarse, coarse.reconstruct_n(0, ivf.nlist), _turn_of(index), owner=index)
        return cls(ivf, lists, trained)

    @property
    def kind(self) -> str:
        return f"ivf{self._lists},rabitq"

    @property
    def rows(self) -> int:
        return int(self._ivf.ntotal)

    @property
    def memory(self) -> int:
        coarse = self._centroids.nbytes * (3 if self._lists > _SMALL_COARSE else 2)
        return int(self.rows * (self._ivf.code_size + 8 + 4) + coarse)

    @property
    def turned(self) -> bool:
        """Whether vectors are rotated before they are coded."""
        return self._turn is not None

    @property
    def list_of(self) -> Rows32:
        """(n,) the list each row is in."""
        if self._list_of is None:
            found = np.empty(self.rows, np.int32)
            for number in range(self._lists):
                size = self._ivf.invlists.list_size(number)
                if size:
                    found[faiss.rev_swig_ptr(self._ivf.invlists.get_ids(number), size)] = number
            self._list_of = found
        return self._list_of

    def grown(self, vectors: FloatArray, known: Sequence[tuple[int, Finder, BoolArray | None]]) -> "IvfFinder":
        list_of = np.empty(len(vectors), np.int32)
        assigned = self._learned.assigned if len(vectors) > _MANY else self._learned.nearly_assigned
        end = 0
        for start, finder, keep in known:
            if not isinstance(finder, IvfFinder) or finder._learned is not self._learned:
                continue
            kept = finder.list_of if keep is None else finder.list_of[keep]
            list_of[end:start] = assigned(vectors[end:start])
            end = start + len(kept)
            list_of[start:end] = kept
        list_of[end:] = assigned(vectors[end:])
        with few_threads(alone=len(vectors) <= _MANY):
            return IvfFinder.filled(self._learned, vectors, list_of, self.trained)

    def candidates(self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None) -> IntArray:
        return self._found(queries, count, effort, allowed)[1]

    def estimated(
        self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None
    ) -> tuple[FloatArray, IntArray]:
        estimates, rows = _ascending(*self._found(queries, count, effort, allowed))
        return estimates[:, ::-1], rows[:, ::-1]

    def _found(self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None) -> Heaps:
        turned = np.ascontiguousarray(_turned(queries, self._turn))
        with few_threads(alone=len(queries) <= _ALONE):
            if effort <= 1.0 and (allowed is None or allowed.count * 2 > self.rows * 1.5):
                return self._near(turned, count, effort, allowed)
            parts = [
                self._passing(turned[start : start + _AT_ONCE], count, effort, allowed)
                for start in range(0, len(turned), _AT_ONCE)
            ]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def products(self, vectors: FloatArray, queries: FloatArray, rows: IntArray) -> FloatArray:
        return products(vectors, queries, rows)

    def shows(self, vectors: FloatArray) -> bool:
        """A list that learned from one vector alone has that for its centroid."""
        parts = (vectors[start : start + _STEP] for start in range(0, len(vectors), _STEP))
        return any(bool(np.any(_turned(part, self._turn) @ self._centroids.T > _SAME)) for part in parts)

    def write(self, file: BinaryIO) -> None:
        index = self._ivf if self._turn is None else faiss.IndexPreTransform(_transform(self._turn), self._ivf)
        write_index(index, file)

    def _near(self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None) -> Heaps:
        """Through the nearest lists; where little of them passes, through others."""
        scores, lists = searched(self._coarse, queries, self._probes)
        lists[scores < scores[:, :1] - effort] = -1
        found = _heaps(len(queries), count)
        if allowed is None:
            self._look(queries, found, lists, scores, self._parameters)
            return found
        self._look(queries, found, lists, scores, self._selecting(self._probes, allowed))
        passing, sizes = self._counts(allowed), self._counts(None)
        barred = np.where(lists < 0, 0, sizes[lists] - 2 * passing[lists]).sum(axis=1) > 0
        if barred.any():
            found[0][barred], found[1][barred] = self._passing(queries[barred], count, effort, allowed)
        return found

    def _passing(self, queries: FloatArray, count: int, effort: float, allowed: Allowed | None) -> Heaps:
        """Through the nearest of the lists in which something passes, at least until some rows did. Queries that are
        far from what passes look through some lists, and then through those that these say may hold better."""
        plain = queries @ self._centroids.T
        passing = self._counts(allowed)
        scores = np.where(passing > 0, plain, -np.inf)
        lists = np.argsort(-scores, axis=1)
        scores = np.take_along_axis(scores, lists, axis=1)
        passed = passing[lists]
        far = np.flatnonzero(self._barred(plain, effort / 2, allowed))
        wanted = scores >= scores[:, :1] - effort
        wanted[far] = np.arange(self._lists) < _FIRST
        wanted |= np.cumsum(passed, axis=1) - passed < min(count, _FEWEST)
        wanted &= np.isfinite(scores)
        found = _heaps(len(queries), count)
        self._look_through(queries, found, lists, scores, wanted, allowed)
        if len(far):
            better = _ascending(found[0][far], found[1][far])
            least = self._plausible(*better, plain[far])[:, None]
            more = (scores[far] >= least) & np.isfinite(scores[far]) & ~wanted[far]
            self._look_through(queries[far], better, lists[far], scores[far], more, allowed)
            found[0][far], found[1][far] = better
        return found

    def _barred(self, scores: FloatArray, effort: float, allowed: Allowed | None) -> BoolArray:
        """(q,) whether of the rows in the nearest lists a filter passes less than half the share that it passes of all.
        A few that pass there do not make a query near: others' lists may be far behind. ``scores`` (q, lists)."""
        if allowed is None or effort > 0.5:
            return np.zeros(len(scores), np.bool_)
        near = scores >= scores.max(axis=1, keepdims=True) - effort
        passed, there = near @ self._counts(allowed), near @ self._counts(None)
        return np.asarray(passed * 2 * self.rows < there * allowed.count)

    def _plausible(self, estimates: FloatArray, rows: IntArray, scores: FloatArray) -> FloatArray:
        """(q,) what a list's centroid must score for the list to hold one of the best: what tuning knows of queries
        near their answers says little where all is about as far. By how much (q, m) rows that were found, the best
        last, surpass their lists' centroids, others may. ``scores`` (q, lists) are these centroids'."""
        there = rows >= 0
        own = np.take_along_axis(scores, self.list_of[rows].astype(np.int64), axis=1)
        surpass = np.where(there, estimates - own, 0.0).max(axis=1)
        rank = min(max(_TENTH, rows.shape[1] // _ONE_IN), rows.shape[1]) - 1
        best = np.where(there, own, -np.inf).max(axis=1)
        least = estimates[:, -1 - rank]
        return np.asarray(best - _FARTHER * (best - (least - surpass)), np.float32)

    def _look_through(
        self,
        queries: FloatArray,
        found: Heaps,
        lists: IntArray,
        scores: FloatArray,
        wanted: BoolArray,
        allowed: Allowed | None,
    ) -> None:
        """:meth:`_look` through those of (q, lists) lists, the best first, that are ``wanted``."""
        last = int(np.max(np.flatnonzero(wanted.any(axis=0)), initial=0)) + 1
        lists = np.where(wanted[:, :last], lists[:, :last], -1)
        scores = np.ascontiguousarray(scores[:, :last])
        self._look(queries, found, lists, scores, self._selecting(last, allowed))

    def _counts(self, allowed: Allowed | None) -> IntArray:
        """(lists,) rows that pass in each."""
        if allowed is None:
            if self._sizes is None:
                self._sizes = np.bincount(self.list_of, minlength=self._lists)
            return self._sizes
        mask = allowed.mask  # taking by number is several times as fast as by mask where half passes
        return allowed.kept(
            (id(self), "lists"),
            lambda: np.bincount(self.list_of.take(np.flatnonzero(mask)), minlength=self._lists),
        )

    def _selecting(self, probes: int, allowed: Allowed | None) -> Any:
        selector = None if allowed is None else faiss.IDSelectorBitmap(allowed.bitmap)
        return faiss.IVFRaBitQSearchParameters(nprobe=probes, qb=_QUERY_BITS, sel=selector)

    def _look(self, queries: FloatArray, found: Heaps, lists: IntArray, scores: FloatArray, parameters: Any) -> None:
        """Put into ``found`` what is better by estimate in the lists (q, p) of each query; -1 is no list."""
        estimates, rows = found
        self._ivf.search_preassigned_c(
            len(queries),
            faiss.swig_ptr(queries),
            rows.shape[1],
            faiss.swig_ptr(lists),
            faiss.swig_ptr(scores),
            faiss.swig_ptr(estimates),
            faiss.swig_ptr(rows),
            False,
            parameters,
        )


def _heaps(queries: int, count: int) -> Heaps:
    """With nothing in them."""
    return np.full((queries, count), -np.inf, np.float32), np.full((queries, count), -1, np.int64)


def _ascending(estimates: FloatArray, rows: IntArray) -> Heaps:
    """The same, the best last."""
    order = np.argsort(estimates, axis=1)
    return np.take_along_axis(estimates, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _coarse(centroids: FloatArray) -> Any:
    """An index of the centroids; where they are many, one that looks at short codes first."""
    count, dimension = centroids.shape
    if count <= _SMALL_COARSE or dimension % 8:
        flat = faiss.IndexFlatIP(dimension)
        flat.add(centroids)
        return flat
    codes = faiss.IndexPQFastScan(dimension, dimension // 4, 4, faiss.METRIC_INNER_PRODUCT)
    codes.train(centroids)
    refined = faiss.IndexRefineFlat(codes)
    refined.k_factor = 2
    refined.add(centroids)
    return refined


def _turn(sample: FloatArray, centroids: FloatArray, seed: int) -> FloatArray | None:
    """A random rotation where signs alone say little about what remains of a vector: a few coordinates outweigh the
    others then, and turning spreads them (RaBitQ's premise). Else none: it would cost each query a product."""
    best = np.argmax(sample @ centroids.T, axis=1)
    rest = sample - centroids[best]
    lengths = np.linalg.norm(rest, axis=1)
    rest = rest[lengths > 0] / lengths[lengths > 0, None]
    if len(rest) and float(np.abs(rest).sum(axis=1).mean()) >= _STRAIGHT * np.sqrt(rest.shape[1]):
        return None
    normal = np.random.default_rng(seed).standard_normal((sample.shape[1], sample.shape[1]))
    return np.linalg.qr(normal)[0].astype(np.float32)


def _nearest(vectors: FloatArray, centroids: FloatArray) -> IntArray:
    if gpu_ready():
        return nearest(np.ascontiguousarray(vectors), centroids)
    return np.asarray(np.argmax(vectors @ centroids.T, axis=1))


def _turned(vectors: FloatArray, turn: FloatArray | None) -> FloatArray:
    return vectors if turn is None else np.asarray(vectors @ turn)


def _transform(turn: FloatArray) -> Any:
    """``turn`` as FAISS keeps it."""
    transform = faiss.LinearTransform(*turn.shape)
    faiss.copy_array_to_vector(np.ascontiguousarray(turn.T).ravel(), transform.A)
    transform.is_trained = True
    return transform


def _turn_of(index: Any) -> FloatArray | None:
    if not isinstance(index, faiss.IndexPreTransform):
        return None
    transform = faiss.downcast_VectorTransform(index.chain.at(0))
    matrix = faiss.vector_to_array(transform.A).reshape(transform.d_out, transform.d_in)
    return np.ascontiguousarray(matrix.T)
