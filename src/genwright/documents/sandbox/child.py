"""The process that parses: ``python -I -m genwright.documents.sandbox.child SETTINGS [LOADER…]``.

It takes ``(name, bytes)`` on standard input and gives an extract, or a reason, on standard output,
again and again until its input ends. The reader starts it; it is not for people.
"""

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import IO

from genwright.documents.base import loaders
from genwright.documents.conversion import make_refusal
from genwright.documents.sandbox import confinement, wire
from genwright.documents.sandbox.landlock import restrict_files
from genwright.documents.sandbox.parse import parse
from genwright.errors import GenwrightError
from genwright.settings import DocumentSettings


def main() -> None:
    """Give up rights, then serve."""
    confinement.die_with_parent()
    settings = DocumentSettings.model_validate_json(sys.argv[1])
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into the replies
    loaders.names()
    for file in sys.argv[2:]:
        _import_file(file)
    confinement.limit_resources(settings)
    greeting = {"shut_in": restrict_files(os.getcwd()), "confined": confinement.forbid_calls()}
    wire.send(replies, greeting, b"")
    while _serve(sys.stdin.buffer, replies, settings):
        pass


def _serve(requests: IO[bytes], replies: IO[bytes], settings: DocumentSettings) -> bool:
    """Answer one request; False at the end of them."""
    try:
        header, data = wire.receive(requests, settings.max_file_bytes)
    except wire.GarbledMessage:
        return False
    confinement.limit_processor(settings.timeout_seconds)
    try:
        extract = parse(data, str(header["name"]), settings)
        wire.send(replies, wire.build_header(extract), extract.text.encode())
    except GenwrightError as error:
        wire.send(replies, {"refused": str(error)}, b"")
    except MemoryError:
        os._exit(1)  # memory is gone for good: the reader says so and starts another
    except BaseException as error:  # a panic of a Rust parser, which must not serve on
        reason = str(make_refusal(error, str(header["name"])))
        wire.send(replies, {"refused": reason, "leaving": True}, b"")
        return False
    return True


def _import_file(path: str) -> None:
    """Run a file of a loader that is not installed, so that it registers itself."""
    spec = spec_from_file_location(f"genwright_loader_{len(sys.modules)}", path)
    if spec and spec.loader:
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)


if __name__ == "__main__":
    main()
