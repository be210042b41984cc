"""Metrics, series, drift, plots, logs, export, and spans that are written behind requests."""

import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from xml.etree import ElementTree

import numpy as np
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from genwright.feedback import Opinion, record_feedback
from genwright.monitoring import (
    Metrics,
    SeriesRecorder,
    TraceFilter,
    Tracing,
    list_traces,
    read_series,
)
from genwright.monitoring.drift import (
    DriftWindow,
    auc_test,
    compare_windows,
    ks_test,
    mmd_test,
    share_test,
)
from genwright.monitoring.logs import JsonFormatter, TextFormatter
from genwright.monitoring.otlp import MetricExport, build_span_processor
from genwright.monitoring.plots import draw_line_plot, draw_sparkline, draw_waterfall
from genwright.monitoring.series import compute_values, record_samples
from genwright.monitoring.tracing import read_trace_id
from genwright.privacy import redact
from genwright.storage import Database
from genwright.types import OWNER, Principal


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


def test_a_request_is_seen_from_its_arrival_to_its_end():
    metrics = Metrics()
    seen = metrics.start_request("m")
    seen.record_queue_time(0.5)
    for _ in range(3):
        seen.record_token()
    seen.record_end("stop", 10, 3)
    text = metrics.render_exposition()[0].decode()
    for line in (
        'vllm:generation_tokens_total{model_name="m"} 3.0',
        'vllm:prompt_tokens_total{model_name="m"} 10.0',
        'vllm:time_to_first_token_seconds_count{model_name="m"} 1.0',
        'vllm:inter_token_latency_seconds_count{model_name="m"} 2.0',
        'vllm:request_queue_time_seconds_sum{model_name="m"} 0.5',
        'vllm:request_success_total{finished_reason="stop",model_name="m"} 1.0',
    ):
        assert line in text


def test_an_interval_becomes_rates_shares_and_quantiles():
    metrics = Metrics()
    for _ in range(8):
        metrics.count_http_request("/x", "GET", 200, 0.1)
    for _ in range(2):
        metrics.count_http_request("/x", "GET", 500, 0.1)
    metrics.count_answer("a", "refused", 0, 0)
    metrics.count_answer("a", "answered", 3, 1)
    for each in range(1, 101):
        metrics.record_time("ttft", each / 100)
    values = compute_values(metrics.take_interval(), 5)
    assert values["requests_per_second"] == 2 and values["error_share"] == 0.2
    assert values["refusal_share"] == 0.5 and values["unsupported_share"] == 0.25
    assert values["ttft_p50"] == pytest.approx(0.5, abs=0.02)
    assert "ttft_p50" not in compute_values(metrics.take_interval(), 5)


def test_the_recorder_writes_the_last_interval_when_it_ends(database):
    metrics, looked = Metrics(), threading.Event()
    recorder = SeriesRecorder(database, metrics, 3600, lambda: {"depth": 4}, looked.set)
    recorder.start()
    metrics.count_http_request("/x", "GET", 200, 0.1)
    recorder.close()
    found = read_series(database, ["requests_per_second", "depth"], 0, time.time() + 5)
    assert looked.is_set() and found["depth"][0][1] == 4
    assert found["requests_per_second"][0][1] > 0


def test_a_long_series_is_averaged_to_so_many_points(database):
    for at in range(0, 1000, 10):
        record_samples(database, {"x": float(at)}, at=at)
    points = read_series(database, ["x"], 0, 1000, most=10)["x"]
    assert len(points) == 10 and points[0][1] == pytest.approx(45)
    record_samples(database, {"x": 7.0}, at=0)
    assert read_series(database, ["x"], 0, 1)["x"] == [(0.0, 7.0)]


@pytest.mark.parametrize("name", ["mmd", "auc", "ks"])
def test_where_nothing_drifted_small_p_values_are_as_rare_as_they_say(name):
    rng = np.random.default_rng(1)

    def once() -> float:
        x, y = (rng.standard_normal((40, 8)).astype(np.float32) for _ in range(2))
        if name == "ks":
            return ks_test(rng.integers(5, 50, 40), rng.integers(5, 50, 40), rng, 200)[1]
        return {"mmd": mmd_test, "auc": auc_test}[name](x, y, rng, 200)[1]

    ps = np.array([once() for _ in range(300)])
    # A binomial with p = 0.05: more than 28 of 300 has a chance of one in a thousand.
    assert (ps <= 0.05).sum() <= 28 and 0.4 < ps.mean() < 0.6


def test_a_shift_is_seen(database):
    rng = np.random.default_rng(2)
    before = rng.standard_normal((100, 16)).astype(np.float32)
    after = (rng.standard_normal((100, 16)) + 0.6).astype(np.float32)
    old = DriftWindow(before, list(rng.integers(10, 40, 100)), (5, 100), (0, 10), 0, 10)
    new = DriftWindow(after, list(rng.integers(30, 90, 100)), (40, 100), (8, 10), 20, 30)
    report = compare_windows(old, new, look=50)
    assert {test.name for test in report.tests if test.drifted} == {
        "mmd", "auc", "length", "refused", "thumbs_down",
    }  # fmt: skip
    assert report.latest == (20, 30) and not compare_windows(old, old, look=50).has_drifted


def test_fishers_exact_test_is_exact():
    # The lady tasting tea: 3 of 4 against 1 of 4, doi:10.2307/2340521.
    assert share_test((3, 4), (1, 4))[1] == pytest.approx(34 / 70)
    assert share_test((0, 0), (1, 4)) == (0.0, 1.0)


def test_plots_are_well_formed_and_run_nothing():
    hostile = "<script>alert(1)</script>\"' onload=x"
    series = {hostile: [(0.0, 1.0), (10.0, 2.0), (500.0, 3.0)], "b": []}
    for svg in (
        draw_line_plot(series, title=hostile, unit="s", since=0, until=600),
        draw_line_plot({}, title="Nothing", since=0, until=1),
        draw_sparkline([(0, 1), (1, 2)], title=hostile),
        draw_waterfall([(hostile, 0.0, 0.5), ("b", 0.4, 0.6)], title=hostile),
    ):
        root = ElementTree.fromstring(svg)
        names = {each.tag.rpartition("}")[2] for each in root.iter()}
        keys = {key for each in root.iter() for key in each.attrib}
        assert "script" not in names and not {"style", "onload"} & keys
        assert root.attrib["role"] == "img" and root.attrib["aria-label"]


def test_a_log_record_is_a_line_of_json_with_its_fields():
    record = logging.makeLogRecord(
        {"name": "genwright.x", "levelname": "INFO", "msg": "done", "who": "ann@example.org"}
    )
    line = JsonFormatter(redact).format(record)
    assert json.loads(line) | {"time": ""} == {
        "time": "", "level": "info", "logger": "genwright.x", "event": "done", "who": "[email]",
    }  # fmt: skip
    assert TextFormatter(redact).format(record).endswith("info done who=[email]")


def test_spans_are_written_behind_requests_and_redacted(database):
    tracing = Tracing(database, OWNER, background=True, redact=redact)
    for who in ("ann", "bob"):
        mine = tracing.act_for(Principal(who))
        known = {"genwright.question": "Is ann@example.org in?", "genwright.assistant": "a@2"}
        with mine.start_span("ask", known) as span, mine.start_span("chat m"):
            last = read_trace_id(span)
    tracing.flush()
    [only] = list_traces(database, Principal("bob"))
    assert (only.owner, only.question, only.trace_id) == ("bob", "Is [email] in?", last)
    assert len(list_traces(database, OWNER)) == 2
    assert list_traces(database, OWNER, TraceFilter(assistant="a", text="email"), limit=1, offset=1)
    assert list_traces(database, OWNER, TraceFilter(assistant="b")) == []
    assert list_traces(database, OWNER, TraceFilter(refused=True)) == []
    record_feedback(database, Principal("bob"), last, Opinion(thumb=-1))
    [rated] = list_traces(database, OWNER, TraceFilter(with_feedback=True))
    assert (rated.thumbs, rated.feedback) == (-1, 1)
    with tracing.start_span("last"):
        pass
    tracing.close()
    assert list_traces(database, OWNER)[0].name == "last"


class Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, self.headers.get("content-encoding"), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def test_a_collector_gets_redacted_traces_and_metrics(database):
    server = HTTPServer(("127.0.0.1", 0), Collector)
    server.got = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    tracing = Tracing(
        database, OWNER, redact=redact, processors=[build_span_processor(endpoint, redact)]
    )
    with (
        pytest.raises(ValueError, match="ann"),
        tracing.start_span("chat m", {"said": "ann@example.org"}),
    ):
        raise ValueError("no ann@example.org here")
    tracing.close()
    metrics = Metrics()
    export = MetricExport(metrics, endpoint)
    seen = metrics.start_request("m")
    seen.record_token()
    seen.record_end("stop", 3, 1)
    export.close()
    server.shutdown()
    server.server_close()
    by_path = {path: body for path, _, body in server.got}
    traces = ExportTraceServiceRequest.FromString(by_path["/v1/traces"])
    [span] = traces.resource_spans[0].scope_spans[0].spans
    assert span.name == "chat m" and b"ann@example.org" not in by_path["/v1/traces"]
    found = ExportMetricsServiceRequest.FromString(by_path["/v1/metrics"])
    names = {each.name for each in found.resource_metrics[0].scope_metrics[0].metrics}
    assert {"gen_ai.server.time_to_first_token", "gen_ai.client.token.usage"} <= names
    assert "vllm.generation_tokens" in names
