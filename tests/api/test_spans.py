"""Where spans go: by the environment, and to a collector."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from shelfsight.api.service.observed import Observed
from shelfsight.api.service.spans import Spans, spans_asked_for
from shelfsight.core.errors import MissingExtra, UsageError

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_spans_are_made_where_the_environment_asks_for_them() -> None:
    assert spans_asked_for({}) is None
    assert spans_asked_for({"OTEL_TRACES_EXPORTER": "none"}) is None
    assert spans_asked_for({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}) is None
    with pytest.raises(MissingExtra) as missing:
        spans_asked_for({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert missing.value.hint == "pip install 'shelfsight[otel]'"
    with pytest.raises(UsageError, match="no OpenTelemetry exporter 'paper'"):
        spans_asked_for({"OTEL_TRACES_EXPORTER": "paper"})
    found = spans_asked_for({"OTEL_TRACES_EXPORTER": "console"})
    assert isinstance(found, Spans)
    found.close()


def test_a_protocol_that_is_not_spoken_is_told() -> None:
    asked = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}
    with pytest.raises(UsageError, match="'http/json'") as wrong:
        spans_asked_for(asked)
    assert wrong.value.hint == "OTEL_EXPORTER_OTLP_PROTOCOL is grpc or http/protobuf"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that takes spans, and the bodies that it got."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()


def told_of(request: Observed, headers: list[tuple[bytes, bytes]]) -> None:
    """A request with one stage, told to whom the environment says."""
    spans = spans_asked_for()
    assert spans is not None
    span = spans.begin(request, headers)
    request.hear("encode", request.begun + 0.25, request.begun + 0.5)
    request.ended = request.begun + 2.0
    span.end()
    spans.close()


def test_spans_reach_a_collector(collector: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector[0])
    request = Observed(request_id="r1", method="GET", operation="get_item", route="/v1/items/{id}", status=200)
    told_of(request, [(b"traceparent", PARENT.encode())])
    (body,) = collector[1]
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert about["service.name"] == "shelfsight"
    (scope,) = resource.scope_spans
    stage, whole = scope.spans
    _, trace, parent, _ = PARENT.split("-")
    assert (whole.name, whole.trace_id.hex(), whole.parent_span_id.hex()) == ("GET /v1/items/{id}", trace, parent)
    assert (stage.name, stage.trace_id, stage.parent_span_id) == ("encode", whole.trace_id, whole.span_id)
    assert whole.start_time_unix_nano == request.begun_ns
    assert whole.end_time_unix_nano - whole.start_time_unix_nano == pytest.approx(2e9, rel=1e-6)
    assert stage.end_time_unix_nano - stage.start_time_unix_nano == pytest.approx(0.25e9, rel=1e-6)
