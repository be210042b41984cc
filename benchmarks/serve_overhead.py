"""What tracing, metrics and authentication cost a request, without anything else.

    python benchmarks/serve_overhead.py [--requests 3000]

The parts are called as the server calls them: a key is looked up (while another connection commits
all the time, so that what is remembered is forgotten), a request with three spans and 64 tokens is
observed, and the spans go to the background writer.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from servers import percentile

from genwright.access import Doorman, create_key, create_user
from genwright.monitoring import Metrics, Tracing
from genwright.monitoring.series import record_samples
from genwright.server.serve import SWITCH_SECONDS
from genwright.storage import Database
from genwright.types import OWNER

TOKENS = 64


def one(doorman: Doorman, secret: str, tracing: Tracing, metrics: Metrics) -> float:
    """Seconds of one request's bookkeeping."""
    began = time.perf_counter()
    identity = doorman.find_by_key(secret)
    seen = metrics.start_request("model")
    mine = tracing.act_for(identity.principal)
    with mine.start_span("invoke_agent"), mine.start_span("ask"), mine.start_span("chat") as span:
        for _ in range(TOKENS):
            seen.record_token()
        span.set_attribute("gen_ai.usage.output_tokens", TOKENS)
    seen.record_end("stop", 100, TOKENS)
    metrics.count_http_request("/v1/chat/completions", "POST", 200, 0.1)
    return time.perf_counter() - began


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    options = parser.parse_args()
    stop = threading.Event()
    sys.setswitchinterval(SWITCH_SECONDS)  # as the server does
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "genwright.db")
        create_user(database, OWNER, "ann")
        _, secret = create_key(database, OWNER, "ann", "bench")
        doorman, metrics = Doorman(database), Metrics()
        tracing = Tracing(database, OWNER, background=True)

        def commit() -> None:
            while not stop.wait(0.05):
                record_samples(database, {"x": 1.0})

        thread = threading.Thread(target=commit)
        thread.start()
        took = []
        for _ in range(options.requests):
            took.append(one(doorman, secret, tracing, metrics))
            time.sleep(0.002)
        stop.set()
        thread.join()
        tracing.close()
        doorman.close()
        database.close()
    took = took[50:]
    print(
        f"authentication, three spans, {TOKENS} tokens observed: p50 "
        f"{percentile(took, 50) * 1000:.2f} ms, p99 {percentile(took, 99) * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main()
