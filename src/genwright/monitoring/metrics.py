"""Counts and times of a running server, for Prometheus and for the recorded series.

Where vLLM has a name for something, it is that one, so that its dashboards work; latencies are in
seconds. Each ``Metrics`` has a registry of its own: nothing is global.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import Counter as Count
from prometheus_client.process_collector import ProcessCollector

from genwright import __version__

MOST_KEPT = 20_000
"""Values kept for an interval's quantiles; a busier interval tells by its first ones."""

TTFT = (
    0.001,
    0.005,
    0.01,
    0.02,
    0.04,
    0.06,
    0.08,
    0.1,
    0.25,
    0.5,
    0.75,
    1,
    2.5,
    5,
    7.5,
    10,
    20,
    40,
)
TOKEN = (0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5)
WHOLE = (0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
HTTP = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


Ended = Callable[[str, float, float, float, tuple[int, int]], None]
"""Told of a request: its model, seconds in all, to the first token and for a token, and tokens."""


@dataclass
class MetricInterval:
    """What happened since the last one was taken."""

    counts: Counter[str] = field(default_factory=Counter)
    values: dict[str, list[float]] = field(default_factory=dict)
    """Seconds by kind: ``ttft``, ``inter_token``, ``total``."""

    def add(self, kind: str, value: float) -> None:
        """Keep a value for its quantiles."""
        kept = self.values.setdefault(kind, [])
        if len(kept) < MOST_KEPT:
            kept.append(value)


class Metrics:
    """All metrics of one server. Safe to use from threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lock, self._interval = Lock(), MetricInterval()
        self._listeners: list[Ended] = []
        self._add_model_metrics(self.registry)
        self._add_own_metrics(self.registry)
        ProcessCollector(registry=self.registry)
        self.build_info.labels(__version__).set(1)

    def _add_model_metrics(self, registry: CollectorRegistry) -> None:
        """What vLLM has, by model."""

        def add_histogram(name: str, what: str, buckets: Iterable[float]) -> Histogram:
            return Histogram(
                f"vllm:{name}", what, ["model_name"], buckets=tuple(buckets), registry=registry
            )

        def add_count(name: str, what: str, *more: str) -> Count:
            return Count(f"vllm:{name}", what, ["model_name", *more], registry=registry)

        self.ttft = add_histogram("time_to_first_token_seconds", "Until the first token.", TTFT)
        self.inter_token = add_histogram("inter_token_latency_seconds", "Between tokens.", TOKEN)
        self.per_token = add_histogram(
            "time_per_output_token_seconds", "Of one request, a token on average.", TOKEN
        )
        self.whole = add_histogram("e2e_request_latency_seconds", "Of the whole request.", WHOLE)
        self.queue_time = add_histogram("request_queue_time_seconds", "Waiting for a slot.", WHOLE)
        self.prompt_sizes = add_histogram("request_prompt_tokens", "Tokens read.", SIZES)
        self.generation_sizes = add_histogram("request_generation_tokens", "Tokens written.", SIZES)
        self.prompt_tokens = add_count("prompt_tokens", "Tokens read.")
        self.generation_tokens = add_count("generation_tokens", "Tokens written.")
        self.success = add_count("request_success", "Requests that ended well.", "finished_reason")
        self.running = Gauge(
            "vllm:num_requests_running", "Requests at work.", ["model_name"], registry=registry
        )
        self.waiting = Gauge(
            "vllm:num_requests_waiting", "Requests in the queue.", ["model_name"], registry=registry
        )

    def _add_own_metrics(self, registry: CollectorRegistry) -> None:
        """What genwright adds."""

        def add_count(name: str, what: str, *labels: str) -> Count:
            return Count(f"genwright_{name}", what, labels, registry=registry)

        self.http_requests = add_count(
            "http_requests", "Requests by route and status.", "route", "method", "status"
        )
        self.http_seconds = Histogram(
            "genwright_http_request_seconds",
            "Of requests by route.",
            ["route"],
            buckets=HTTP,
            registry=registry,
        )
        self.answers = add_count("answers", "Answers by outcome.", "assistant", "outcome")
        self.sentences = add_count("sentences", "Sentences of answers.", "supported")
        self.feedback = add_count("feedback", "Thumbs.", "thumb")
        self.restarts = add_count(
            "engine_restarts", "Engines that died and came back.", "model_name"
        )
        self.rejected = add_count("admission_rejected", "Requests refused with 429.", "model")
        self.build_info = Gauge(
            "genwright_build_info", "Which version runs.", ["version"], registry=registry
        )

    def listen(self, listener: Ended) -> None:
        """Tell somebody of every request that ends at a model."""
        self._listeners.append(listener)

    def start_request(self, model: str) -> "RequestMetrics":
        """Begin to watch a request at a model."""
        return RequestMetrics(self, model)

    def count_http_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request that ended, by its route (not its path, which may be anything)."""
        self.http_requests.labels(route, method, str(status)).inc()
        self.http_seconds.labels(route).observe(seconds)
        self.add_counts({"http": 1, "http_5xx": int(status >= 500), "http_429": int(status == 429)})

    def count_answer(self, assistant: str, outcome: str, supported: int, unsupported: int) -> None:
        """Count an answer: ``answered``, ``refused``, ``cancelled`` or ``error``."""
        self.answers.labels(assistant, outcome).inc()
        self.sentences.labels("yes").inc(supported)
        self.sentences.labels("no").inc(unsupported)
        self.add_counts(
            {
                "answers": 1,
                "refused": int(outcome == "refused"),
                "supported": supported,
                "unsupported": unsupported,
            }
        )

    def count_thumb(self, thumb: int) -> None:
        """Count a thumb: 1 for up, -1 for down."""
        self.feedback.labels("up" if thumb > 0 else "down").inc()
        self.add_counts({"thumbs_up" if thumb > 0 else "thumbs_down": 1})

    def count_refusal(self, model: str) -> None:
        """Count a request that found the queue full."""
        self.rejected.labels(model).inc()
        self.add_counts({"rejected": 1})

    def count_restart(self, model: str) -> None:
        """Count an engine that came back."""
        self.restarts.labels(model).inc()
        self.add_counts({"restarts": 1})

    def set_queues(self, queues: Mapping[str, tuple[int, int]]) -> None:
        """Set how many requests are at work and waiting, by model."""
        for model, (running, waiting) in queues.items():
            self.running.labels(model).set(running)
            self.waiting.labels(model).set(waiting)

    def add_counts(self, counts: Mapping[str, int]) -> None:
        """Count towards the present interval."""
        with self._lock:
            self._interval.counts.update(counts)

    def record_time(self, kind: str, seconds: float) -> None:
        """Keep a time for the present interval's quantiles."""
        with self._lock:
            self._interval.add(kind, seconds)

    def notify_listeners(
        self, model: str, total: float, first: float, each: float, tokens: tuple[int, int]
    ) -> None:
        """Tell listeners of a request: seconds in all, to the first token, a token; tokens."""
        for listener in self._listeners:
            listener(model, total, first, each, tokens)

    def take_interval(self) -> MetricInterval:
        """What happened since the last call."""
        with self._lock:
            taken, self._interval = self._interval, MetricInterval()
        return taken

    def render_exposition(self) -> tuple[bytes, str]:
        """All metrics as Prometheus reads them, and their content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


class RequestMetrics:
    """One request at a model, watched from its arrival to its end.

    Args:
        metrics: Where it is counted.
        model: By which name.
    """

    def __init__(
        self, metrics: Metrics, model: str, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._metrics, self._model, self._clock = metrics, model, clock
        self._began = clock()
        self._first = self._last = 0.0
        self._inter_token = metrics.inter_token.labels(model)

    def record_queue_time(self, seconds: float) -> None:
        """It waited so long for a slot."""
        self._metrics.queue_time.labels(self._model).observe(seconds)

    def record_token(self, number: int = 1) -> None:
        """Some tokens, usually one, have come."""
        now = self._clock()
        if not self._first:
            self._first = now
            self._metrics.ttft.labels(self._model).observe(now - self._began)
            self._metrics.record_time("ttft", now - self._began)
        else:
            each = (now - self._last) / max(number, 1)
            self._inter_token.observe(each)
            self._metrics.record_time("inter_token", each)
        self._last = now

    def record_end(self, reason: str, prompt_tokens: int, completion_tokens: int) -> None:
        """It ended: ``stop``, ``length``, ``tool_calls``, ``cancelled`` or ``error``."""
        metrics, model = self._metrics, self._model
        total = self._clock() - self._began
        metrics.whole.labels(model).observe(total)
        metrics.record_time("total", total)
        metrics.prompt_tokens.labels(model).inc(prompt_tokens)
        metrics.generation_tokens.labels(model).inc(completion_tokens)
        metrics.prompt_sizes.labels(model).observe(prompt_tokens)
        metrics.generation_sizes.labels(model).observe(completion_tokens)
        each = 0.0
        if self._first and completion_tokens > 1:
            each = (self._last - self._first) / (completion_tokens - 1)
            metrics.per_token.labels(model).observe(each)
        first = self._first - self._began if self._first else 0.0
        metrics.notify_listeners(model, total, first, each, (prompt_tokens, completion_tokens))
        if reason != "error":
            metrics.success.labels(model, reason).inc()
        metrics.add_counts(
            {
                "requests": 1,
                "errors": int(reason == "error"),
                "tokens_in": prompt_tokens,
                "tokens_out": completion_tokens,
            }
        )
