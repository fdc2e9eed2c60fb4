"""What a server tells of itself: metrics, the log, spans, readiness."""

import asyncio
import io
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from served import serving

from shelfsight import Engine, open_engine
from shelfsight.api.app import create_app
from shelfsight.api.http.readiness import Readiness
from shelfsight.api.service import logs
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.jobs import JobState
from shelfsight.api.service.keys import KeyRing, Order, Scope
from shelfsight.api.service.log_lines import LineWriter
from shelfsight.api.service.service import Service
from shelfsight.api.service.spans import Spans
from shelfsight.core.settings import LogSettings, ServerSettings, Settings

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
SEARCH = {"query": "red shoe", "k": 3}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def engine(demo_collection: Path) -> Iterator[Engine]:
    with open_engine(demo_collection) as opened:
        opened.warm_up()
        yield opened


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def service(engine: Engine, tmp_path: Path, spans: InMemorySpanExporter) -> Service:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Service(
        settings=Settings(server=ServerSettings(state=tmp_path / "state"), log=LogSettings(queries=True)),
        collections=Collections({"demo": engine}, "demo"),
        spans=Spans(provider),
    )


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with serving(service) as url, httpx.Client(base_url=url, timeout=60) as found:
        yield found


def samples(text: str) -> Samples:
    """(name, labels) -> value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(client: httpx.Client, **headers: str) -> Samples:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.text)


def test_metrics_count_what_was_asked(client: httpx.Client, engine: Engine) -> None:
    before = engine.encoder_use
    for query in ("red shoe of the metrics", "red shoe of the metrics", "blue shoe of the metrics"):
        assert client.post("/v1/search", json={"query": query, "k": 3}).status_code == 200
    assert client.post("/v1/collections/demo/search", json={"query": "", "k": 0}).status_code == 422
    assert client.get("/v1/items/no/such/item").status_code == 404
    assert client.get("/etc/passwd").status_code == 404
    found = scraped(client)
    requests = {labels: value for (name, labels), value in found.items() if name == "shelfsight_http_requests_total"}
    assert requests == {
        (("operation", "search"), ("status", "200")): 3,
        (("operation", "search"), ("status", "422")): 1,
        (("operation", "get_item"), ("status", "404")): 1,
        (("operation", "none"), ("status", "404")): 1,
    }
    assert found["shelfsight_http_request_duration_seconds_count", (("operation", "search"),)] == 4
    assert found["shelfsight_http_request_duration_seconds_bucket", (("le", "+Inf"), ("operation", "none"))] == 1
    assert found["shelfsight_http_problems_total", (("code", "not_found"),)] == 2
    assert found["shelfsight_http_problems_total", (("code", "usage"),)] == 1
    for stage in ("understand", "encode", "retrieve", "items"):
        assert found["shelfsight_search_stage_duration_seconds_count", (("stage", stage),)] >= 3
    use = engine.encoder_use
    assert use.remembered - before.remembered >= 1
    assert found["shelfsight_query_embeddings_total", (("outcome", "hit"),)] == use.remembered
    assert found["shelfsight_query_embeddings_total", (("outcome", "miss"),)] == use.fresh
    assert found["shelfsight_encoder_calls_total", (("kind", "text"),)] == use.text_passes
    assert found["shelfsight_encoder_inputs_total", (("kind", "text"),)] == use.texts


def test_what_was_counted_is_not_counted_again_when_an_encoder_is_opened_anew(demo_collection: Path) -> None:
    with open_engine(demo_collection) as opened:
        metrics = Service.of(opened).metrics
        for _ in range(3):
            opened.search("a shoe that is asked for thrice")
        metrics.sample()
        opened._forget_all()  # as an erasure does
        opened.search("another shoe")
        found = samples(metrics.text().decode())
    told = {name: found["shelfsight_query_embeddings_total", (("outcome", name),)] for name in ("hit", "miss")}
    assert told == {"hit": 2, "miss": 2}
    assert found["shelfsight_encoder_calls_total", (("kind", "text"),)] == 2


def test_metrics_tell_of_collections_jobs_and_the_build(client: httpx.Client) -> None:
    from shelfsight import __version__

    found = scraped(client)
    demo = ("collection", "demo")
    assert found["shelfsight_collection_up", (demo,)] == 1
    assert found["shelfsight_collection_items", (demo,)] == 96
    assert found["shelfsight_collection_pictures", (demo,)] == 96
    assert found["shelfsight_collection_index_info", (demo, ("kind", "flat"), ("store", "faiss"))] == 1
    (build,) = [dict(labels) for name, labels in found if name == "shelfsight_build_info"]
    assert build["version"] == __version__
    assert {dict(labels)["state"]: value for (name, labels), value in found.items() if name == "shelfsight_jobs"} == {
        str(state): 0 for state in JobState
    }
    assert found["process_open_fds", ()] > 3
    assert found["shelfsight_http_requests_in_progress", ()] == 1, "the one that asks"


def test_names_and_units_are_those_of_prometheus(client: httpx.Client) -> None:
    client.post("/v1/search", json=SEARCH)
    families = [*text_string_to_metric_families(client.get("/metrics").text)]
    ours = [family for family in families if family.name.startswith("shelfsight_")]
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    suffix = {"counter": "_total"}
    assert [each.name for each in ours if f"`{each.name}{suffix.get(each.type, '')}`" not in text] == []
    assert {family.type for family in ours} == {"counter", "gauge", "histogram"}
    for family in ours:
        assert re.fullmatch("shelfsight(_[a-z]+)+", family.name)
        assert family.documentation
        assert not family.name.endswith(("_created", "_milliseconds"))
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        if family.type == "counter":
            assert {sample.name for sample in family.samples} <= {f"{family.name}_total"}


def test_labels_are_bounded_whatever_clients_send(client: httpx.Client) -> None:
    for number in range(30):
        client.get(f"/v1/items/{number}")
        client.get(f"/nothing/{number}")
        client.get(f"/v1/collections/c{number}/items")
        client.request(f"METHOD{number}", "/v1/items")
    text = client.get("/metrics").text
    assert len([line for line in text.splitlines() if line.startswith("shelfsight_http_requests_total")]) < 8
    assert "nothing" not in text
    assert "METHOD" not in text


def test_metrics_are_for_loopback_or_a_key_that_goes_so_far(client: httpx.Client, service: Service) -> None:
    assert client.get("/metrics").status_code == 200
    ring = KeyRing(service.state)
    tokens = {scope: ring.create(Order(name=scope, scope=scope))[1] for scope in Scope}
    assert client.get("/metrics").status_code == 401
    told = {
        scope: client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code
        for scope, token in tokens.items()
    }
    assert told == {Scope.METRICS: 200, Scope.SEARCH: 403, Scope.WRITE: 403, Scope.ADMIN: 200}
    refused = client.post("/v1/search", json=SEARCH, headers={"X-API-Key": tokens[Scope.METRICS]})
    assert refused.status_code == 403


def test_what_a_model_looked_at_is_counted(client: httpx.Client) -> None:
    answer = client.post("/v1/search", json={**SEARCH, "rerank": True, "depth": 4}).json()
    looks = sum(stage["scored"] for stage in answer["stages"])
    assert looks == 4
    assert scraped(client)["shelfsight_vlm_pairs_total", ()] == looks


PROCESSES = """
import json, os, subprocess, sys
from pathlib import Path
from shelfsight.api.service import metrics_files
from shelfsight.api.service.collections import Collections

def told():
    from shelfsight.api.service.metrics import Metrics
    return Metrics(Collections({}, "x")).text().decode()

def count(times):
    from shelfsight.api.service.metrics import Load, Metrics
    from shelfsight.api.service.observed import Observed
    metrics = Metrics(Collections({}, "x"))
    for _ in range(times):
        request = Observed(request_id="r", method="GET", operation="search", status=200)
        request.hear("encode", 1.0, 1.5)
        request.ended = request.begun + 2.0
        metrics.begin(Load(1, 0))
        metrics.end(request, Load(3, 2))

def main():
    metrics_files.prepare(Path(sys.argv[1]))
    workers = [subprocess.Popen([sys.executable, __file__, "count", n], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
               for n in ("2", "5")]
    for worker in workers:
        worker.stdout.readline()
    texts = [told()]
    for worker in workers:
        worker.communicate(b"")
        metrics_files.bury(worker.pid)
        texts.append(told())
    files = sorted(each.name for each in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db"))
    print(json.dumps({"texts": texts, "files": files, "pids": [worker.pid for worker in workers]}))

if sys.argv[1] == "count":
    count(int(sys.argv[2]))
    print("done", flush=True)
    sys.stdin.read()
else:
    main()
"""


def test_workers_count_together_and_totals_outlive_them(tmp_path: Path) -> None:
    script = tmp_path / "processes.py"
    script.write_text(PROCESSES)
    run = subprocess.run([sys.executable, script, tmp_path / "state"], capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(run.stdout)
    running = []
    for text in told["texts"]:
        found = samples(text)
        assert found["shelfsight_http_requests_total", (("operation", "search"), ("status", "200"))] == 7
        assert found["shelfsight_http_request_duration_seconds_sum", (("operation", "search"),)] == 14
        assert found["shelfsight_http_request_duration_seconds_count", (("operation", "search"),)] == 7
        assert found["shelfsight_search_stage_duration_seconds_bucket", (("le", "0.5"), ("stage", "encode"))] == 7
        assert found["shelfsight_search_stage_duration_seconds_bucket", (("le", "0.25"), ("stage", "encode"))] == 0
        assert ("shelfsight_build_info" in text) is True
        running.append(found.get(("shelfsight_admission_running", ()), 0))
    assert running == [6, 3, 0]
    left = [name for name in told["files"] if any(f"_{pid}.db" in name for pid in told["pids"])]
    assert left == [], "files of those who are gone do not pile up"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a server would write to stderr, and logging as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    for name in ("shelfsight", "uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.access").disabled = False
    logging.captureWarnings(False)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """The lines of requests."""
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in found if line["logger"] == "shelfsight.request"]


def test_one_line_a_request(client: httpx.Client, service: Service, log: io.StringIO) -> None:
    logs.configure(LogSettings(format="json"), log)
    key, token = KeyRing(service.state).create(Order(name="shop"))
    headers = {"X-API-Key": token, "X-Request-ID": "order-66.b_1", "traceparent": PARENT}
    answer = client.post("/v1/search", json=SEARCH, headers=headers)
    assert answer.headers["x-request-id"] == "order-66.b_1"
    refused = client.get("/v1/items/x", headers={"X-Request-ID": "no\tgood"})
    made = refused.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert refused.json()["request_id"] == made
    client.get("/healthz")
    first, second = lines(log)
    stages = first.pop("stages")
    assert {"understand", "encode", "retrieve", "items"} <= stages.keys()
    assert 0 < sum(stages.values()) < first["milliseconds"]
    assert (first["level"], first["message"]) == ("info", "request")
    expected = {
        "method": "POST",
        "route": "/v1/search",
        "operation": "search",
        "status": 200,
        "request_id": "order-66.b_1",
        "key": key.id,
        "trace_id": PARENT.split("-")[1],
        "query": SEARCH["query"],
    }
    assert {name: first[name] for name in expected} == expected
    assert (second["status"], second["code"], second["request_id"]) == (401, "unauthenticated", made)
    assert token not in log.getvalue()
    assert token.rpartition("_")[2] not in log.getvalue()


def test_what_was_searched_for_is_not_in_the_log_unless_it_is_wanted(engine: Engine, log: io.StringIO) -> None:
    logs.configure(LogSettings(format="json"), log)
    with serving(Service.of(engine)) as url, httpx.Client(base_url=url) as client:
        assert client.post("/v1/search", json={"query": "a very private wish"}).status_code == 200
        assert client.get("/v1/items/private").status_code == 404
    assert [line["route"] for line in lines(log)] == ["/v1/search", "/v1/items/{id}"]
    assert "private" not in log.getvalue()


def test_an_error_that_nobody_thought_of_is_answered_and_told_as_the_others_are(
    service: Service, log: io.StringIO, spans: InMemorySpanExporter
) -> None:
    logs.configure(LogSettings(format="json"), log)
    app = create_app(service)

    @app.get("/v1/broken/{what}")
    def broken(what: str) -> None:
        raise RuntimeError(f"it broke at {len(what)}")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/v1/broken/private", headers={"X-Request-ID": "r1"})

    answer = asyncio.run(ask())
    document = answer.json()
    assert (answer.status_code, document["code"], document["request_id"]) == (500, "internal", "r1")
    assert answer.headers["x-request-id"] == "r1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = samples(service.metrics.text().decode())
    assert found["shelfsight_http_requests_total", (("operation", "broken"), ("status", "500"))] == 1
    assert found["shelfsight_http_problems_total", (("code", "internal"),)] == 1
    (line,) = lines(log)
    assert (line["status"], line["route"], line["code"]) == (500, "/v1/broken/{what}", "internal")
    told = [json.loads(each) for each in log.getvalue().splitlines()]
    assert [each["request_id"] for each in told if "RuntimeError: it broke at 7" in each.get("exception", "")] == ["r1"]
    assert "private" not in log.getvalue()
    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert (span.attributes["http.response.status_code"], span.attributes["error.type"]) == (500, "internal")


def test_keys_that_cannot_be_read_are_a_problem_and_not_a_break_down(client: httpx.Client, service: Service) -> None:
    KeyRing(service.state).create(Order(name="shop"))
    (service.state / "keys.json").write_text("{")
    answer = client.get("/v1/items")
    assert (answer.status_code, answer.json()["code"]) == (503, "store")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_stays_a_line(form: str, log: io.StringIO) -> None:
    logs.configure(LogSettings(format=form), log)
    evil = "a\nERROR forged\r\x1b[2J\u2028\u202e\x00"
    logging.getLogger("shelfsight.test").warning("said %s", evil)
    try:
        raise ValueError(evil)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("failed")
    text = log.getvalue()
    assert not set(text) & set("\r\x1b\u2028\u202e\x00")
    if form == "json":
        first, second = map(json.loads, text.splitlines())
        assert first["message"] == f"said {evil}"
        assert "ValueError" in second["exception"]
    else:
        first, second, *trace = text.splitlines()
        assert first.endswith(r"shelfsight.test: said a\nERROR forged\r\x1b[2J\u2028\u202e\x00")
        assert trace
        assert all(line.startswith("    | ") for line in trace)


def test_a_log_that_nobody_reads_stops_nobody() -> None:
    reading, writing = os.pipe()
    fcntl(writing, F_SETPIPE_SZ, 4096)  # full after 40 lines
    writer = LineWriter(writing, waiting=100)
    logger = logging.Logger("shelfsight.test")
    logger.addHandler(writer)
    begun = monotonic()
    for number in range(5000):
        logger.warning("%04d %s", number, "x" * 100)
    assert monotonic() - begun < 5.0
    assert not writer.finish(0.1)
    written: list[int] = []
    lost = 0
    with os.fdopen(reading) as lines:
        while len(written) + lost < 5000:  # each line is there, or counted
            word = next(lines).split()
            if "lost:" in word:
                lost += int(word[0])
            else:
                written.append(int(word[0]))
    assert (len(written) + lost, lost > 3000) == (5000, True)
    assert written == sorted(written)
    os.close(writing)
    writer.close()


def test_levels(log: io.StringIO) -> None:
    logs.configure(LogSettings(level="error", format="json"), log)
    logging.getLogger("shelfsight.test").warning("not this")
    logging.getLogger("shelfsight.test").error("this")
    assert [json.loads(line)["message"] for line in log.getvalue().splitlines()] == ["this"]


def test_a_span_a_request_and_one_a_stage(client: httpx.Client, spans: InMemorySpanExporter) -> None:
    answer = client.post("/v1/search", json=SEARCH, headers={"traceparent": PARENT, "X-Request-ID": "r1"}).json()
    client.get("/v1/items/nobody")
    deadline = time.monotonic() + 10
    while not any(span.name == "GET /v1/items/{id}" for span in spans.get_finished_spans()):
        assert time.monotonic() < deadline  # a span ends behind the last byte of its answer
        time.sleep(0.01)
    found = [span for span in spans.get_finished_spans() if span.context is not None]
    (request,) = [span for span in found if span.name == "POST /v1/search"]
    _, trace_id, parent_id, _ = PARENT.split("-")
    assert request.parent is not None
    assert (f"{request.context.trace_id:032x}", f"{request.parent.span_id:016x}") == (trace_id, parent_id)
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["http.route"] == "/v1/search"
    assert request.attributes["shelfsight.request_id"] == "r1"
    children = [span for span in found if span.parent is not None and span.parent.span_id == request.context.span_id]
    assert {child.name for child in children} == answer["trace"].keys() - {"total"}
    for child in children:
        assert began(request) <= began(child) <= ended(child) <= ended(request)
    (other,) = [span for span in found if span.name == "GET /v1/items/{id}"]
    assert other.parent is None
    assert other.attributes is not None
    assert other.attributes["shelfsight.code"] == "not_found"


def began(span: ReadableSpan) -> int:
    assert span.start_time is not None
    return span.start_time


def ended(span: ReadableSpan) -> int:
    assert span.end_time is not None
    return span.end_time


def test_readiness_tells_what_it_looked_at(client: httpx.Client, service: Service) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    document = answer.json()
    assert document["items"] == 96
    assert document["checks"] == {"search": "ok", "state": "ok", "collection": "ok"}
    assert document["status"] == "ready"
    use = service.collections.engine().encoder_use
    assert [client.get("/readyz").json() for _ in range(5)] == [document] * 5, "it is asked once a second"
    assert service.collections.engine().encoder_use.text_passes <= use.text_passes + 1


def test_a_server_stays_ready_when_all_that_is_kept_in_memory_is_let_go(engine: Engine, service: Service) -> None:
    engine._forget_all()  # as an erasure does
    assert Readiness(service).check()[1]["status"] == "ready"


def test_each_look_goes_through_the_encoder(engine: Engine) -> None:
    engine.probe()
    before = engine.encoder_use.text_passes
    assert engine.probe().total == 96
    assert engine.encoder_use.text_passes == before + 1


def test_a_full_disk_degrades_and_a_model_that_is_needed_fails(engine: Engine, small_disk: Path) -> None:
    settings = Settings(server=ServerSettings(state=small_disk))
    with serving(Service.of(engine, settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"] == {"search": "ok", "state": "store_full", "collection": "ok"}


def test_a_server_that_needs_its_model_is_not_ready_without(demo_collection: Path) -> None:
    settings = Settings(server=ServerSettings(needs_vlm=True))
    with open_engine(demo_collection, vlm="/nowhere/model") as engine:
        engine.warm_up()
        for given, status in ((None, 200), (settings, 503)):
            with serving(Service.of(engine, given)) as url, httpx.Client(base_url=url, timeout=60) as client:
                answer = client.get("/readyz")
            assert answer.status_code == status
    assert (answer.json()["status"], answer.json()["code"]) == ("failing", "model")
