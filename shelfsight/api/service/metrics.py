"""What a server tells Prometheus.

Names and units are those of Prometheus: seconds, totals. Values of labels are names of ours (operations, stages, codes,
collections), never what a client wrote. With several worker processes each counts in files of its own in the directory
that ``PROMETHEUS_MULTIPROC_DIR`` names, and whoever is asked adds them up; see :mod:`.metrics_files`.
"""

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from shelfsight import __version__
from shelfsight.api.service.batching import EncoderUse
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.metrics_files import SHARED, alone
from shelfsight.api.service.observed import Observed
from shelfsight.core.errors import ShelfsightError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from shelfsight.api.engine import Engine

__all__ = ["CONTENT_TYPE", "Load", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Load(NamedTuple):
    """Requests at work in this process, and those that wait for a place."""

    running: int
    waiting: int


class Metrics:
    """The metrics of one server process. Safe to share between threads."""

    def __init__(self, collections: Collections, jobs: Callable[[], Mapping[str, int]] | None = None) -> None:
        """
        Args:
            collections: that are served.
            jobs: how many jobs there are, by state.
        """
        from prometheus_client import CollectorRegistry, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]  # a time beside each number would double what is told
        named = os.environ.get(SHARED)
        self._shared = Path(named) if named else None
        self._facts = _Facts(collections, jobs)
        self._registry = CollectorRegistry()
        self._collections = collections
        self._lock = Lock()
        self._used: WeakKeyDictionary[Engine, EncoderUse] = WeakKeyDictionary()
        self._fetched: WeakKeyDictionary[Engine, Mapping[str, int]] = WeakKeyDictionary()
        if self._shared is None:
            _add_process(self._registry)
            self._registry.register(self._facts)
        self._make(None if self._shared is not None else self._registry)

    def begin(self, load: Load) -> None:
        """A request has come."""
        self._in_progress.inc()
        self._say(load)

    def end(self, request: Observed, load: Load) -> None:
        """A request is answered."""
        self._in_progress.dec()
        self._requests.labels(request.operation, str(request.status or 499)).inc()
        self._seconds.labels(request.operation).observe(request.seconds)
        for stage in request.stages:
            self._stages.labels(stage.name).observe(stage.ended - stage.begun)
        if request.code is not None:
            self._problems.labels(request.code).inc()
        if request.pairs:
            self._pairs.inc(request.pairs)
        self._say(load)

    def sample(self, load: Load | None = None) -> None:
        """Take over what is counted elsewhere."""
        if load is not None:
            self._say(load)
        with self._lock:
            for engine in self._collections.opened():
                self._sample_encoder(engine)
                self._sample_fetches(engine)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it. Reads the disk.

        Raises:
            StoreError: what the other processes wrote cannot be read.
        """
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        self.sample()
        if self._shared is None:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._shared))  # type: ignore[no-untyped-call]
        registry.register(self._facts)
        with alone(self._shared):
            return generate_latest(registry)

    def _make(self, registry: "CollectorRegistry | None") -> None:
        from prometheus_client import Counter, Gauge, Histogram

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"shelfsight_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"shelfsight_{name}", text, registry=registry, multiprocess_mode="livesum")

        def histogram(name: str, text: str, label: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"shelfsight_{name}", text, (label,), buckets=buckets, registry=registry)

        self._requests = counter("http_requests", "Requests that were answered.", "operation", "status")
        self._seconds = histogram(
            "http_request_duration_seconds",
            "From a request's headers to the end of its answer.",
            "operation",
            _REQUEST_SECONDS,
        )
        self._in_progress = gauge("http_requests_in_progress", "Requests whose answer has not ended.")
        self._problems = counter("http_problems", "Problem documents, refusals among them.", "code")
        self._stages = histogram("search_stage_duration_seconds", "Stages of searches.", "stage", _STAGE_SECONDS)
        self._running = gauge("admission_running", "Requests that have a place at work.")
        self._waiting = gauge("admission_waiting", "Requests that wait for a place.")
        self._pairs = counter("vlm_pairs", "Pictures that a vision-language model looked at, each for a query.")
        self._calls = counter("encoder_calls", "Forward passes of encoders for queries.", "kind")
        self._inputs = counter("encoder_inputs", "Texts and pictures that went through them.", "kind")
        self._texts = counter("query_embeddings", "Texts of queries, remembered (hit) or encoded (miss).", "outcome")
        self._fetches = counter("picture_fetches", "Pictures asked of addresses: fetched, or why not.", "outcome")

    def _say(self, load: Load) -> None:
        self._running.set(load.running)
        self._waiting.set(load.waiting)

    def _sample_encoder(self, engine: "Engine") -> None:
        new = engine.encoder_use
        old = self._used.get(engine, EncoderUse())
        self._used[engine] = new
        more = EncoderUse(*(now - before for now, before in zip(new, old, strict=True)))
        self._texts.labels("hit").inc(more.remembered)
        self._texts.labels("miss").inc(more.fresh)
        self._calls.labels("text").inc(more.text_passes)
        self._inputs.labels("text").inc(more.texts)
        self._calls.labels("picture").inc(more.picture_passes)
        self._inputs.labels("picture").inc(more.pictures)

    def _sample_fetches(self, engine: "Engine") -> None:
        new, old = engine.fetches, self._fetched.get(engine, {})
        self._fetched[engine] = new
        for outcome, number in new.items():
            self._fetches.labels(outcome).inc(number - old.get(outcome, 0))


class _Facts:
    """What every process says the same of: read when it is asked for."""

    def __init__(self, collections: Collections, jobs: Callable[[], Mapping[str, int]] | None) -> None:
        self._collections = collections
        self._jobs = jobs

    def describe(self) -> "Iterator[Metric]":
        """Nothing: it is not to be collected when it is registered."""
        return iter(())

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        about = {"version": __version__, "python": platform.python_version()}
        build = GaugeMetricFamily("shelfsight_build_info", "What runs.", labels=[*about])
        build.add_metric([*about.values()], 1)
        yield build
        yield from self._of_collections()
        if self._jobs is not None:
            states = GaugeMetricFamily("shelfsight_jobs", "Indexing jobs.", labels=["state"])
            for state, number in self._jobs().items():
                states.add_metric([state], number)
            yield states

    def _of_collections(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        def family(name: str, text: str, *labels: str) -> Any:
            return GaugeMetricFamily(f"shelfsight_{name}", text, labels=["collection", *labels])

        up = family("collection_up", "1 where a collection can be read.")
        items = family("collection_items", "Items of a collection.")
        pictures = family("collection_pictures", "Pictures of a collection.")
        index = family("collection_index_info", "What finds the vectors of a collection.", "store", "kind")
        for name in self._collections.names():
            manifest = _manifest(self._collections, name)
            up.add_metric([name], int(manifest is not None))
            if manifest is not None:
                items.add_metric([name], manifest.items)
                pictures.add_metric([name], manifest.pictures)
                kind = "flat" if manifest.index is None else manifest.index.kind
                index.add_metric([name, manifest.store, kind], 1)
        yield from (up, items, pictures, index)


def _manifest(collections: Collections, name: str) -> Any:
    """Of a collection, opened or not; ``None`` where it cannot be read."""
    from shelfsight.stores import read_manifest

    try:
        path = collections.path(name)
        engine = next((each for each in collections.opened() if each.path == path), None)
        return read_manifest(path) if engine is None else engine.manifest
    except ShelfsightError:
        return None


def _add_process(registry: "CollectorRegistry") -> None:
    """Memory, processor time and open files of this process, by their usual names."""
    from prometheus_client import GCCollector, ProcessCollector

    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
