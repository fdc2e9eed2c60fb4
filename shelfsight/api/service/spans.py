"""OpenTelemetry: a span for each request, with one inside it for each stage of a search.

They are made where the environment asks for it, with the variables of OpenTelemetry: ``OTEL_TRACES_EXPORTER``
(``otlp``, ``console``), or an address in ``OTEL_EXPORTER_OTLP_ENDPOINT``; and those of samplers, batches, resources and
propagation count as they do everywhere. A ``traceparent`` that a client sends makes the span part of its trace.
"""

import os
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from shelfsight import __version__
from shelfsight.api.service.observed import Observed
from shelfsight.core.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

__all__ = ["RequestSpan", "Spans", "spans_asked_for"]

_EXPORTER = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_GROUP = "opentelemetry_traces_exporter"
_DEFAULT_PROTOCOL = "http/protobuf"
_BY_PROTOCOL = {"grpc": "otlp_proto_grpc", _DEFAULT_PROTOCOL: "otlp_proto_http"}
_CONTEXT = frozenset({b"traceparent", b"tracestate"})
_EXTRA = "otel"


class Spans:
    """Makes spans of requests by a provider, which says where they go."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("shelfsight", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, request: Observed, headers: Iterable[tuple[bytes, bytes]]) -> "RequestSpan":
        """The span of a request; ``request`` learns the id of its trace."""
        from opentelemetry.trace import SpanKind

        carried = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name.lower() in _CONTEXT
        }
        span = self._tracer.start_span(
            request.method,
            context=self._propagator.extract(carried),
            kind=SpanKind.SERVER,
            start_time=request.begun_ns,
        )
        request.trace_id = f"{span.get_span_context().trace_id:032x}"
        return RequestSpan(self._tracer, span, request)

    def close(self) -> None:
        """Send what was not sent yet. Waits a bounded time for it."""
        self._provider.shutdown()


class RequestSpan:
    """The span of a request that is being answered."""

    def __init__(self, tracer: Any, span: "Span", request: Observed) -> None:
        self._tracer, self._span, self._request = tracer, span, request

    def end(self) -> None:
        """Say what became of the request, and what its stages took."""
        from opentelemetry import trace

        request, span = self._request, self._span
        if not span.is_recording():
            return
        span.update_name(f"{request.method} {request.route}".rstrip())
        span.set_attributes({name: value for name, value in _attributes(request).items() if value is not None})
        if request.status >= 500 or not request.status:
            span.set_status(trace.StatusCode.ERROR)
        context = trace.set_span_in_context(span)
        for stage in request.stages:
            child = self._tracer.start_span(stage.name, context=context, start_time=_since_1970(request, stage.begun))
            child.end(_since_1970(request, stage.ended))
        span.end(_since_1970(request, request.ended))


def spans_asked_for(environment: Mapping[str, str] = os.environ) -> Spans | None:
    """Spans as the environment wants them; ``None`` where it does not.

    Raises:
        MissingExtra: it does, and OpenTelemetry or the exporter is not installed.
        UsageError: there is no such exporter or protocol, or it does not take what the environment says.
    """
    names = _exporters(environment)
    if not names:
        return None
    try:
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtra("opentelemetry-sdk", _EXTRA) from error
    about = {SERVICE_VERSION: __version__}
    if "OTEL_SERVICE_NAME" not in environment:
        about[SERVICE_NAME] = "shelfsight"
    try:
        provider = TracerProvider(resource=Resource.create(about))
        for name in names:
            provider.add_span_processor(BatchSpanProcessor(_exporter(name)))
    except ValueError as error:
        raise UsageError(f"OpenTelemetry does not take what the environment says: {error}") from error
    return Spans(provider)


def _exporters(environment: Mapping[str, str]) -> list[str]:
    """Names of exporters, as they are installed."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return []
    default = "otlp" if any(environment.get(name) for name in _ENDPOINTS) else "none"
    wanted = [each.strip() for each in (environment.get(_EXPORTER) or default).split(",")]
    return [_otlp(environment) if each == "otlp" else each for each in wanted if each not in ("", "none")]


def _otlp(environment: Mapping[str, str]) -> str:
    """
    Raises:
        UsageError: it is to be spoken in a way that is not known here.
    """
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _DEFAULT_PROTOCOL)
    if protocol not in _BY_PROTOCOL:
        known = " or ".join(_BY_PROTOCOL)
        raise UsageError(f"OTLP is not spoken by {protocol!r} here", hint=f"{_PROTOCOLS[-1]} is {known}")
    return _BY_PROTOCOL[protocol]


def _exporter(name: str) -> Any:
    found = [*entry_points(group=_GROUP, name=name)]
    if not found and name.startswith("otlp"):
        raise MissingExtra(f"opentelemetry-exporter-{name.replace('_', '-')}", _EXTRA)
    if not found:
        raise UsageError(f"there is no OpenTelemetry exporter {name!r}", hint=f"{_EXPORTER} is otlp, console or none")
    try:
        return found[0].load()()
    except ImportError as error:
        raise MissingExtra(f"what OpenTelemetry's exporter {name!r} needs", _EXTRA) from error


def _attributes(request: Observed) -> dict[str, Any]:
    """By OpenTelemetry's conventions for HTTP, and some of ours."""
    return {
        "http.request.method": request.method,
        "http.route": request.route or None,
        "http.response.status_code": request.status or None,
        "error.type": request.code if request.status >= 500 else None,
        "shelfsight.operation": request.operation,
        "shelfsight.request_id": request.request_id,
        "shelfsight.key": request.key,
        "shelfsight.code": request.code,
        "shelfsight.vlm_pairs": request.pairs or None,
    }


def _since_1970(request: Observed, moment: float) -> int:
    return request.begun_ns + round((moment - request.begun) * 1e9)
