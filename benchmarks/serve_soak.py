"""Soak: mixed load for half an hour; memory, descriptors and threads must stay.

    python benchmarks/serve_soak.py [--minutes 30] [--warm 5]

Clients chat (streamed, whole, cancelled), search, upload and remove, read pages, and send rubbish.
Every 10 s the server's memory, descriptors and threads are read; printed is the slope by least
squares after the warm-up.
"""

import argparse
import random
import threading
import time

import httpx
import numpy as np
from servers import PLAIN, serving

MODEL = "scripted:tps=200,least=40"


def chat(client: httpx.Client) -> None:
    """A question, streamed or whole, sometimes given up."""
    request = {
        "model": random.choice(["assistant", MODEL]),
        "messages": [{"role": "user", "content": f"Which valve opens at {random.random()} bar?"}],
        "stream": random.random() < 0.5,
    }
    with client.stream("POST", "/v1/chat/completions", json=request) as response:
        for number, _ in enumerate(response.iter_raw()):
            if number > 3 and random.random() < 0.2:
                return


def library(client: httpx.Client) -> None:
    """A file in, searched, and out again."""
    name = f"f{random.random()}.txt"
    reply = client.post(
        "/documents/upload",
        data={"collection": "default"},
        files={"files": (name, b"The valve opens at 6 bar. " * 20)},
        headers={"accept": "application/json"},
    )
    client.post("/v1/vector_stores/vs_1/search", json={"query": "valve"})
    document = reply.json()["files"][0]["document"]
    client.delete(f"/v1/vector_stores/vs_1/files/document-{document}")


def look(client: httpx.Client) -> None:
    """Pages and metrics."""
    for path in ("/", "/documents", "/traces", "/monitoring", "/metrics", "/chat"):
        client.get(path)


def rubbish(client: httpx.Client) -> None:
    """What nobody should send."""
    client.post("/v1/chat/completions", content=random.randbytes(200))
    client.get(f"/v1/files/{random.random()}")
    client.post("/v1/embeddings", json={"model": "nobody", "input": ["x"] * 50})


def repeat(work: object, url: str, stop: threading.Event) -> None:
    """One client."""
    with httpx.Client(base_url=url, timeout=60) as client:
        while not stop.is_set():
            work(client)
            time.sleep(0.05)


def main() -> None:
    """Parse, load, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--warm", type=float, default=5)
    options = parser.parse_args()
    rows, stop = [], threading.Event()
    env = {**PLAIN, "GENWRIGHT_MONITORING__INTERVAL_SECONDS": "5"}
    with serving(env) as server:
        works = (chat, chat, chat, library, look, rubbish)
        threads = [
            threading.Thread(target=repeat, args=(work, server.url, stop), daemon=True)
            for work in works
        ]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while (minutes := (time.monotonic() - began) / 60) < options.minutes:
            own, mapped = server.memory_mb("RssAnon"), server.memory_mb("RssFile")
            rows.append((minutes, own, mapped, *server.counts()))
            time.sleep(10 if options.minutes > 5 else 2)
        stop.set()
        for thread in threads:
            thread.join(60)
    table = np.array([row for row in rows if row[0] >= options.warm])
    for name, column in (
        ("memory MB", 1),
        ("mapped MB", 2),
        ("descriptors", 3),
        ("threads", 4),
    ):
        slope = np.polyfit(table[:, 0], table[:, column], 1)[0]
        print(
            f"{name:12} {table[0, column]:8.1f} -> {table[-1, column]:8.1f}, "
            f"slope {slope:+.3f} a minute"
        )


if __name__ == "__main__":
    main()
