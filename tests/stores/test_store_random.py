"""Random sequences of everything a store can do, beside the oracle."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from store_oracle import Oracle
from store_samples import DIMENSION, SPEC, change, update

from shelfsight.core.filters import Expr, parse
from shelfsight.core.listing import SortKey
from shelfsight.core.protocols import Change, Snapshot, Store
from shelfsight.core.types import Value
from shelfsight.stores import KINDS, create_store, open_store

IDS = st.sampled_from([f"id-{i}" for i in range(8)])
# Few directions, so that ties and opposite vectors are common.
VECTORS = st.lists(
    st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=DIMENSION, max_size=DIMENSION).filter(any),
    min_size=1,
    max_size=3,
)
METADATA = st.fixed_dictionaries(
    {}, optional={"n": st.sampled_from([None, 0, 1, 2.5]), "t": st.sampled_from([None, "", "x", "y", ["x", "z"]])}
)
FILTERS = st.sampled_from([None, *map(parse, ["n < 2", 't == "x"', 'not t == "x"', 'n is null or t like "y%"'])])
ALWAYS = change("always", [[1, 2, 3, 4, 5, 6, 7, 8]], {"n": 0, "t": "z"})
"""Keeps both fields known, so that no filter of the test is refused."""


class StoreMachine(RuleBasedStateMachine):
    """Two open stores on one collection, snapshots held from earlier, and the oracle."""

    kind = "exact"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "c"
        self.store: Store = create_store(self.path, kind=self.kind, encoder=SPEC)
        self.other = open_store(self.path)
        self.oracle = Oracle()
        self.held: list[tuple[Snapshot, Oracle]] = []
        self._commit([ALWAYS], [])

    def teardown(self) -> None:
        self.store.close()
        self.other.close()
        self.folder.cleanup()

    def _commit(self, changes: list[Change], deletes: list[str]) -> None:
        assert self.store.commit(changes, deletes) == self.oracle.commit(changes, deletes)

    @rule(items=st.dictionaries(IDS, st.tuples(VECTORS, METADATA), max_size=4), deletes=st.lists(IDS, max_size=2))
    def commit(self, items: dict[str, tuple[list[list[float]], dict[str, Value]]], deletes: list[str]) -> None:
        self._commit([change(id, vectors, metadata) for id, (vectors, metadata) in items.items()], deletes)

    @rule(ids=st.sets(IDS, max_size=4), metadata=METADATA)
    def change_metadata(self, ids: set[str], metadata: dict[str, Value]) -> None:
        self._commit([update(id, metadata) for id in sorted(ids & self.oracle.items.keys())], [])

    @rule()
    def maintain(self) -> None:
        self.store.maintain()

    @rule()
    def maintain_by_the_other(self) -> None:
        self.other.maintain()

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = open_store(self.path, encoder=SPEC)

    @rule()
    def swap(self) -> None:
        self.store, self.other = self.other, self.store

    @rule()
    def hold(self) -> None:
        self.held = [*self.held[-3:], (self.store.snapshot(), Oracle(dict(self.oracle.items)))]

    @rule(query=VECTORS, k=st.integers(1, 12), where=FILTERS, exclude=st.lists(IDS, max_size=2))
    def search(self, query: list[list[float]], k: int, where: Expr | None, exclude: list[str]) -> None:
        asked = np.array(query, np.float32)
        for snapshot, oracle in [(self.store.snapshot(), self.oracle), *self.held]:
            found = snapshot.search(asked, k, where=where, exclude=exclude)
            for one, matches in zip(asked, found, strict=True):
                oracle.check(matches, one, k, where=where, exclude=exclude)
            assert snapshot.count(where) == len(oracle.passing(where))

    @rule(
        keys=st.lists(st.builds(SortKey, st.sampled_from(["n", "t"]), st.booleans()), max_size=2),
        where=FILTERS,
        among=st.none() | st.lists(IDS),
    )
    def arrange(self, keys: list[SortKey], where: Expr | None, among: list[str] | None) -> None:
        for snapshot, oracle in [(self.store.snapshot(), self.oracle), *self.held]:
            assert snapshot.select(20, sort=keys, where=where) == oracle.select(keys, where=where)
            for field in ("n", "t"):
                assert [*snapshot.facets([field], where, among=among)[field].items()] == oracle.facet(
                    field, where, among
                )
                oracle.check_histogram(snapshot.histogram(field, where, among=among), field, 20, where, among)

    @invariant()
    def all_is_there(self) -> None:
        assert list(self.store.ids()) == sorted(self.oracle.items)
        expected = {id: item for id, (item, _) in self.oracle.items.items()}
        assert self.store.snapshot().items([*expected, "absent"]) == expected
        for id, (_, vectors) in self.oracle.items.items():
            assert np.array_equal(self.store.snapshot().vectors(id), vectors)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_random_operations(kind: str) -> None:
    machine = type("Machine", (StoreMachine,), {"kind": kind})
    limits = settings(
        max_examples=8 if kind == "milvus" else 25,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=limits)
