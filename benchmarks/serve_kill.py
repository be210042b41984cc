"""kill -9 of the server under load: is everything that was acknowledged still there?

    python benchmarks/serve_kill.py [--times 50]

Writers upload files, make collections, chat and give feedback without pause, and note what was
answered with 200. The server is killed at a random moment, started again over the same workspace,
and asked for each of them.
"""

import argparse
import random
import tempfile
import threading
import time
from pathlib import Path

import httpx
from servers import PLAIN, Server, serving

from genwright.workspace import create_workspace


class Writers:
    """Clients that write and remember what was acknowledged."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.stores: list[str] = []
        self.documents: list[tuple[str, str]] = []
        self.feedback = 0
        self.stop = threading.Event()

    def run(self, url: str, seconds: float) -> None:
        """Write from several threads until the server is gone."""
        self.stop.clear()
        works = (self._upload, self._store, self._document, self._talk)
        threads = [threading.Thread(target=self._repeat, args=(work, url)) for work in works]
        for thread in threads:
            thread.start()
        time.sleep(seconds)

    def end(self) -> None:
        """Stop writing."""
        self.stop.set()
        time.sleep(0.1)

    def _repeat(self, work: object, url: str) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not self.stop.is_set():
                try:
                    work(client)
                except (httpx.HTTPError, KeyError):
                    return

    def _upload(self, client: httpx.Client) -> None:
        data = random.randbytes(3000)
        reply = client.post("/v1/files", files={"file": ("a.bin", data)}, data={"purpose": "x"})
        if reply.status_code == 200:
            self.files.append(reply.json()["id"])

    def _store(self, client: httpx.Client) -> None:
        reply = client.post("/v1/vector_stores", json={"name": f"s{random.random()}"})
        if reply.status_code == 200:
            self.stores.append(reply.json()["id"])

    def _document(self, client: httpx.Client) -> None:
        name = f"d{random.random()}.txt"
        reply = client.post(
            "/documents/upload",
            data={"collection": "default"},
            files={"files": (name, f"The valve {name} opens at 6 bar.".encode())},
            headers={"accept": "application/json"},
        )
        if reply.status_code == 200 and not reply.json()["files"][0]["reason"]:
            self.documents.append((name, str(reply.json()["files"][0]["document"])))

    def _talk(self, client: httpx.Client) -> None:
        request = {"model": "assistant", "messages": [{"role": "user", "content": "Which valve?"}]}
        reply = client.post("/v1/chat/completions", json=request)
        given = {"response_id": reply.json()["id"], "thumb": "up"}
        self.feedback += client.post("/v1/feedback", json=given).status_code == 200


def lost(server: Server, writers: Writers) -> int:
    """How many acknowledged writes are not there."""
    missing = 0
    with httpx.Client(base_url=server.url, timeout=60) as client:
        rows = client.get("/v1/files?limit=10000").json()["data"]
        known = {row["id"] for row in rows}
        missing += sum(file not in known for file in writers.files)
        for store in writers.stores[-50:]:
            missing += client.get(f"/v1/vector_stores/{store}").status_code != 200
        for name, document in writers.documents[-50:]:
            missing += name not in client.get(f"/sources/{document}").text
        given = client.get("/v1/feedback?limit=1000").json()["data"]
        missing += max(0, min(writers.feedback, 1000) - len(given))
    return missing


def main() -> None:
    """Parse, kill, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    writers, gone, starts = Writers(), 0, []
    with tempfile.TemporaryDirectory() as folder:
        root = create_workspace(Path(folder) / "workspace")
        for _ in range(options.times):
            began = time.perf_counter()
            server = Server(root, PLAIN)
            starts.append(time.perf_counter() - began)
            writers.run(server.url, random.uniform(0.2, 1.5))
            server.kill()
            writers.end()
        with serving({**PLAIN}, workspace=root) as server:
            gone = lost(server, writers)
    total = len(writers.files) + len(writers.stores) + len(writers.documents) + writers.feedback
    print(f"killed {options.times} times; {total} acknowledged writes, {gone} lost")
    print(
        f"files {len(writers.files)}, collections {len(writers.stores)}, "
        f"documents {len(writers.documents)}, feedback {writers.feedback}"
    )
    print(f"start until ready: at most {max(starts):.1f} s")


if __name__ == "__main__":
    main()
