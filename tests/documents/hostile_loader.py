"""A loader that obeys the file it reads, to try what the sandbox stops."""

import os
import socket
import sys
import time

from genwright.documents.base import Block, Extract, loaders
from genwright.settings import DocumentSettings


@loaders.register("hostile")
class HostileLoader:
    suffixes = (".hostile",)
    media_types = ("text/x-hostile",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        order, *rest = data.decode().split()
        text = getattr(self, order)(*rest)
        blocks = (Block("paragraph", 5, 9), Block("paragraph", 0, 2)) if order == "disorder" else ()
        return Extract(text, "hostile", "hostile", blocks=blocks)

    def loop(self) -> str:
        while True:
            pass

    def sleep(self) -> str:
        time.sleep(60)
        return "slept"

    def allocate(self) -> str:
        held = []
        while True:
            held.append(bytes(64 * 1024 * 1024))  # not touched: the limit is on addresses

    def abort(self) -> str:
        os.abort()

    def flood(self) -> str:
        return "x" * 50_000_000

    def disorder(self) -> str:
        return "0123456789"

    def surrogates(self) -> str:
        return "a\ud800b"

    def recurse(self) -> str:
        return self.recurse()

    def connect(self, port: str) -> str:
        return _tried(lambda: socket.create_connection(("127.0.0.1", int(port)), timeout=1))

    def execute(self) -> str:
        return _tried(lambda: os.execv("/bin/true", ["/bin/true"]))

    def kill(self, process: str) -> str:
        return _tried(lambda: os.kill(int(process), 0))

    def write(self) -> str:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            with open("large", "wb") as file:
                for _ in range(200):
                    file.write(bytes(1024 * 1024))
        except OSError as error:
            return str(error)
        return "written"

    def peek(self, path: str) -> str:
        return _tried(lambda: open(path, "rb").read(10))

    def scribble(self, path: str) -> str:
        return _tried(lambda: open(path, "w").write("x"))

    def environment(self) -> str:
        return repr(dict(os.environ))

    def print(self) -> str:
        print("noise", flush=True)
        sys.stderr.write("noise")
        return "printed"


def _tried(call) -> str:
    try:
        call()
    except OSError as error:
        return type(error).__name__
    return "done"
