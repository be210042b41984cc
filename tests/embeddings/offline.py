"""Embeds two texts in a process that the kernel kills at the first socket of a network.

Run as a program with the folder of a published encoder, or with ``--socket`` to see it killed.
"""

import ctypes
import platform
import socket
import struct
import sys
from pathlib import Path

AUDIT = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: the architecture as seccomp names it, and the number of the call ``socket``."""

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, KILL_PROCESS = 0x7FFF0000, 0x80000000


def die_at_a_socket() -> None:
    """Have seccomp kill this process when any thread asks for an IPv4 or IPv6 socket."""
    architecture, number = AUDIT[platform.machine()]
    steps = [
        (LOAD, 0, 0, 4),
        (EQUAL, 0, 5, architecture),
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 4, number),
        (LOAD, 0, 0, 16),  # the call's first argument: the family
        (EQUAL, 1, 0, socket.AF_INET),
        (EQUAL, 0, 1, socket.AF_INET6),
        (RETURN, 0, 0, KILL_PROCESS),
        (RETURN, 0, 0, ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0) == 0  # PR_SET_SECCOMP


def main() -> None:
    """Prepare, open and embed; or open a socket."""
    die_at_a_socket()
    if sys.argv[1] == "--socket":
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        return
    from genwright.embeddings import open_embedder, prepare

    folder = Path(sys.argv[1])
    prepare(folder)
    embedder = open_embedder(folder, name="tiny", threads=1, batch_tokens=256)
    print(embedder.embed(["The pump is warm.", "moon"]).shape)


if __name__ == "__main__":
    main()
