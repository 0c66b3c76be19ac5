"""`driftline metrics --format otlp`: what a collector is sent, decoded by OpenTelemetry's own protocol."""

from __future__ import annotations

import gzip
import logging
import math
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import metric_exporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics.export import MetricExportResult
from prometheus_client.parser import text_string_to_metric_families
from python.test_metrics import HOSTILE, tables
from support.receivers import Answer, HttpReceiver, Request


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url(""))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=open%20sesame")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    yield receiver
    receiver.close()


def _gauges(request: Request) -> tuple[dict[str, str], dict[tuple[str, frozenset[tuple[str, str]]], float]]:
    """Attributes of the resource, and every value by its gauge's name and labels."""
    body = gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body
    (resource,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    (scope,) = resource.scope_metrics
    values = {}
    for metric in scope.metrics:
        assert metric.WhichOneof("data") == "gauge"
        for point in metric.gauge.data_points:
            labels = frozenset((one.key, one.value.string_value) for one in point.attributes)
            values[metric.name, labels] = point.as_double
    return {one.key: one.value.string_value for one in resource.resource.attributes}, values


def test_a_collector_is_sent_what_a_scraper_reads(shop: Any, collector: HttpReceiver) -> None:
    shop.build("shop")
    tables(shop)
    shop.alert("a1", column_name=HOSTILE, owner='o"\n')
    shop.alert("a2", severity="critical", value=None)
    scraped = shop.run("metrics")

    sent = shop.run("metrics", "--format", "otlp")

    assert (sent.code, sent.out) == (0, "")
    (request,) = collector.requests
    assert request.path == "/v1/metrics" and request.headers["api-key"] == "open sesame"
    resource, values = _gauges(request)
    assert resource["service.name"] == "driftline"
    wanted = {
        (family.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(scraped.out)
        for sample in family.samples
        # A value that is not known is no point there.
        if not math.isnan(sample.value)
    }
    assert len(wanted) > 8 and values == wanted
    assert f"{len(wanted)} values sent to {collector.url('')}" in sent.err


def test_what_the_exporter_is_told_of_the_service_stands(
    shop: Any, collector: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build("shop")
    tables(shop)
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop models,deployment.environment.name=prod")

    assert shop.run("metrics", "--format", "otlp").code == 0

    resource, _ = _gauges(collector.requests[0])
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("shop models", "prod")


def test_a_collector_that_refuses_is_named_and_no_key_is_printed(
    shop: Any, collector: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build("shop")
    tables(shop)
    collector.answer = lambda request, number: Answer(401)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("").replace("//", "//ann:sesame-street@"))

    outcome = shop.run("metrics", "--format", "otlp")

    assert outcome.code == 2
    assert f"127.0.0.1:{collector.port}" in outcome.err and "401" in outcome.err
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in outcome.err
    assert "sesame" not in outcome.err + outcome.out


def test_what_the_exporter_repeats_of_a_header_is_masked(
    shop: Any, collector: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of its versions quote the collector's answer, which may quote the key."""

    def refused(*arguments: Any, **options: Any) -> MetricExportResult:
        logging.getLogger(metric_exporter.__name__).error("refused: no such key: open sesame (open%20sesame)")
        return MetricExportResult.FAILURE

    shop.build("shop")
    tables(shop)
    monkeypatch.setattr(metric_exporter.OTLPMetricExporter, "export", refused)

    outcome = shop.run("metrics", "--format", "otlp")

    assert outcome.code == 2 and "refused: no such key: ***" in outcome.err
    assert "sesame" not in outcome.err + outcome.out


def test_nobody_listens(shop: Any, collector: HttpReceiver) -> None:
    shop.build("shop")
    tables(shop)
    collector.close()

    outcome = shop.run("metrics", "--format", "otlp")

    assert outcome.code == 2 and "did not take the metrics" in outcome.err
