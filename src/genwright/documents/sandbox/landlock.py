"""Which files a process may still open (Linux 5.13 and later: Landlock).

A process that is under it can also no longer look into another's memory through ``/proc``.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable

from genwright.environment import read_variable

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION, _PATH_BENEATH, _PR_SET_NO_NEW_PRIVS = 1, 1, 38
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS_OF_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1}
_RIGHTS = (1 << 15) - 1
_FILE_RIGHTS = 1 << 1 | _READ_FILE | 1 << 14  # those that make sense for a file: write, truncate

_SYSTEM = (
    "/usr", "/lib", "/lib64", "/opt", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts",
    "/sys/fs/cgroup", "/sys/devices/system/cpu", "/dev/null", "/dev/zero", "/dev/urandom",
)  # fmt: skip


def restrict_files(writable: str) -> bool:
    """Leave this process the system's libraries and Python's to read, and one folder to write.

    Returns:
        False where the kernel has no Landlock: then nothing is restricted.
    """
    if platform.system() != "Linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    rights = _RIGHTS_OF_VERSION.get(version, _RIGHTS)
    ruleset = libc.syscall(_CREATE, struct.pack("Q", rights), ctypes.c_size_t(8), 0)
    own = [sys.prefix, sys.base_prefix, *sys.path, read_variable("TESSDATA_PREFIX")]
    _allow(libc, ruleset, {*_SYSTEM, *filter(None, own)}, (_READ_FILE | _READ_FOLDER) & rights)
    _allow(libc, ruleset, [writable], rights)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    restricted = libc.syscall(_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return restricted


def _allow(libc: ctypes.CDLL, ruleset: int, paths: Iterable[str], rights: int) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # not every system has every folder
            continue
        own = rights if os.path.isdir(path) else rights & _FILE_RIGHTS
        rule = struct.pack("=Qi", own, descriptor)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
        os.close(descriptor)
