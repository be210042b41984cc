"""What a process gives up before it parses a hostile file (Linux).

Limits are the kernel's: address space, processor time, size of written files, open files. A
seccomp filter makes every call fail that would open a socket, start a program, touch another
process or reach the kernel past the filter. On another system, or where the kernel refuses the
filter, ``confine`` says what is missing.
"""

import ctypes
import platform
import resource
import signal
import struct
import time
from collections.abc import Mapping, Sequence

from genwright.settings import MIB, DocumentSettings

_FILE_BYTES = 64 * MIB
_OPEN_FILES = 128
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_MODE_FILTER, _EPERM = 2, 1
_LOAD_WORD, _JUMP_EQUAL, _JUMP_ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000 | _EPERM, 0x80000000

# socket, connect, accept(4), bind, listen, sendto, sendmsg, execve(at), ptrace,
# process_vm_readv/writev, pidfd_getfd, kill, tkill, mount, bpf, io_uring_setup, keyctl,
# userfaultfd, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal.
# socketpair stays: it reaches nobody, and kreuzberg's runtime needs it.
_FORBIDDEN: dict[str, tuple[int, str]] = {
    "x86_64": (
        0xC000003E,
        "41 42 43 288 49 50 44 46 59 322 101 310 311 438 62 200 165 321 425 250 323 234 129 297 "
        "424",
    ),
    "aarch64": (
        0xC00000B7,
        "198 203 202 242 200 201 206 211 221 281 117 270 271 438 129 130 40 280 425 219 282 131 "
        "138 240 424",
    ),
}
NEW_PROCESSES = {"x86_64": (56, 57, 58, 435), "aarch64": (220, 435)}
"""clone, fork, vfork and clone3: what makes threads and processes, by machine."""
_X32 = 0x40000000  # x86_64 has a second numbering from here on


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends."""
    if platform.system() == "Linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit_resources(settings: DocumentSettings) -> None:
    """Bound memory and files for good; processor time is bounded per document."""
    for what, most in (
        (resource.RLIMIT_AS, settings.memory_bytes),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))


def limit_processor(seconds: float) -> None:
    """Let this process use so many processor seconds from now on; the kernel ends it after."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))


def forbid_calls(more: Mapping[str, Sequence[int]] | None = None) -> bool:
    """Install the seccomp filter in all threads to come; False where that is not possible.

    Args:
        more: Numbers of further calls to forbid, by machine.
    """
    known = _FORBIDDEN.get(platform.machine())
    if platform.system() != "Linux" or known is None:
        return False
    numbers = [int(number) for number in known[1].split()]
    code = _build_program(known[0], [*numbers, *(more or {}).get(platform.machine(), ())])
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog {unsigned short length; struct sock_filter *filter;}, padded
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    pointer = ctypes.c_void_p(ctypes.addressof(program))
    return libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, pointer, 0, 0) == 0


def _build_program(architecture: int, forbidden: list[int]) -> bytes:
    """Classic BPF: kill on a foreign architecture, fail forbidden calls, allow the rest."""
    steps = [
        (_LOAD_WORD, 0, 0, 4),  # offset of arch in struct seccomp_data
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, 0),  # offset of the call's number
        (_JUMP_ABOVE, len(forbidden) + 1, 0, _X32),
    ]
    for i, number in enumerate(forbidden):
        steps.append((_JUMP_EQUAL, len(forbidden) - i, 0, number))
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _FAIL)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
