"""A real HTTP server in a thread, which breaks off, lies, or plays the model hub as a test asks."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "c0ffee" * 6 + "beef"


@dataclass
class Site:
    """What the server has, how it behaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    ranges: bool = True
    hub: bool = False
    """Give the hub's headers, and send who asks for a file on to its storage."""
    stated: dict[str, str] = field(default_factory=dict)
    """Digests the hub states, where they are not the files' own."""
    status: int = 0
    """Answer so and nothing else."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and range of every request."""
    tokens: dict[str, str] = field(default_factory=dict)
    """What was sent as Authorization with the last request of each path."""
    address: str = ""

    def gets(self) -> list[str]:
        """Paths of files that were fetched."""
        return [path for method, path, _ in self.asked if method == "GET" and "resolve" not in path]


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Run the server; its address is in ``site.address``."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append((self.command, self.path, wanted))
            site.tokens[self.path] = self.headers.get("Authorization", "")
            repository, resolve, name = self.path.partition("/resolve/")
            path = f"{repository}/{name.partition('/')[2]}" if resolve else self.path
            if site.status or path not in site.files:
                return self._head(site.status or 404, {"Content-Length": "0"})
            body = site.files[path]
            if resolve and site.hub:
                digest = site.stated.get(path, hashlib.sha256(body).hexdigest())
                self._head(302, _hub_headers(body, digest) | {"Location": storage + path})
                return None
            self._send(body, wanted, with_body)

        def _send(self, body: bytes, wanted: str, with_body: bool) -> None:
            start = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if site.ranges else 0
            if start and start >= len(body):
                return self._head(416, {"Content-Length": "0"})
            headers = {"Content-Length": str(len(body) - start)}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self._head(206 if start else 200, headers)
            end = start + site.cuts.pop(0) if site.cuts and with_body else len(body)
            if with_body:
                self.wfile.write(body[start:end])

        def _head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    storage = f"http://localhost:{server.server_port}"  # another host to a client
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _hub_headers(body: bytes, digest: str) -> dict[str, str]:
    return {
        "X-Linked-Etag": f'"{digest}"',
        "X-Linked-Size": str(len(body)),
        "X-Repo-Commit": COMMIT,
        "Content-Length": "0",
    }
