"""`driftline metrics --format otlp`: the same gauges, sent to an OpenTelemetry collector by its own exporter.

Where to and how is said by the exporter's variables: OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _TIMEOUT and the
others of https://opentelemetry.io/docs/languages/sdk-configuration/otlp-exporter/ and, for what is sent along,
OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME (driftline, where that is not set).
"""

from __future__ import annotations

import logging
import math
import os
import time
from typing import Any
from urllib.parse import unquote

from driftline.errors import DriftlineError
from driftline.metrics import Metrics, gauges
from driftline.scrub import Scrubber

_EXPORTER = "opentelemetry.exporter.otlp"


def send(metrics: Metrics, scrub: Scrubber, version: str) -> tuple[int, str]:
    """Send the gauges; returns how many values, and where to. Raises DriftlineError where they were not taken."""
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import MetricExportResult
    except ImportError as error:
        raise DriftlineError(
            "Sending metrics to a collector needs OpenTelemetry's exporter, which is not installed.",
            "pip install './driftline[otlp]', of the clone it was installed from",
        ) from error
    # Name=value pairs, percent-encoded; most hold a key.
    for name in ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS"):
        for pair in os.environ.get(name, "").split(","):
            scrub.add(pair.partition("=")[2])
            scrub.add(unquote(pair.partition("=")[2]))
    place = os.environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    place = place or "http://localhost:4318"
    data, count = _data(metrics, version)
    said = _Said()
    logger = logging.getLogger(_EXPORTER)
    logger.addHandler(said)
    # What the exporter has to say goes into our own message, through the scrubber.
    logger.propagate = False
    exporter = OTLPMetricExporter()
    try:
        result = exporter.export(data)
        exporter.shutdown()
    finally:
        logger.removeHandler(said)
    if result is not MetricExportResult.SUCCESS:
        reason = scrub(said.last) or "it gave no reason"
        raise DriftlineError(
            f"The collector at {place} did not take the metrics: {reason}",
            "Its address is OTEL_EXPORTER_OTLP_ENDPOINT, http://localhost:4318 where that is not set.",
        )
    return count, place


class _Said(logging.Handler):
    """Keeps the last message."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = " ".join(record.getMessage().split())


def _data(metrics: Metrics, version: str) -> tuple[Any, int]:
    """Each family as a gauge of that name, its labels as attributes; a value that is not known has no point."""
    from opentelemetry.sdk.metrics.export import (
        Gauge,
        Metric,
        MetricsData,
        NumberDataPoint,
        ResourceMetrics,
        ScopeMetrics,
    )
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    now = time.time_ns()
    found = []
    for family in gauges(metrics):
        points = [
            NumberDataPoint(dict(sample.labels), 0, now, float(sample.value))
            for sample in family.samples
            if not math.isnan(sample.value)
        ]
        if points:
            found.append(Metric(family.name, family.documentation, "", Gauge(points)))
    resource = Resource.create()
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "driftline"}))
    scope = ScopeMetrics(InstrumentationScope("driftline", version), found, "")
    count = sum(len(gauge.data.data_points) for gauge in found)
    return MetricsData([ResourceMetrics(resource, [scope], "")]), count
