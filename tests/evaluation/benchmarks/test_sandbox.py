"""Code of models runs confined: what it may not do fails, and harms nobody."""

import gzip
import json
import os
from pathlib import Path

import pytest

from genwright.evaluation.benchmarks.sandbox import run_code

HUMANEVAL = (
    Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
    / "13-benchmarks/humaneval/HumanEval.jsonl.gz"
)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("while True: pass", "SIGKILL|did not end"),
        ("import os\nwhile True: os.fork()", "not permitted"),
        ("import subprocess; subprocess.run(['ls'])", "not permitted"),
        ("import socket; socket.create_connection(('127.0.0.1', 80))", "not permitted"),
        ("open('/tmp/genwright-was-here', 'w')", "Permission denied"),
        ("open('/etc/passwd').read()", "Permission denied"),
        ("import os; os.kill(os.getppid(), 9)", "not permitted"),
        ("x = 'a' * (1 << 31)", "MemoryError"),
        ("open('big', 'wb').write(b'x' * (1 << 22))", "SIGXFSZ|too large"),
        ("import sys; sys.exit(0)", "ended itself"),
        ("assert 1 == 2, 'no'", "AssertionError: no"),
        ("def broken(:", "SyntaxError|invalid syntax"),
    ],
)
def test_what_is_not_allowed_fails_with_its_reason(code, reason):
    import re

    ran = run_code(code, 2)
    assert not ran.passed and re.search(reason, ran.reason), ran
    assert not os.path.exists("/tmp/genwright-was-here")


def test_it_may_compute_and_write_in_its_folder():
    assert run_code("open('note', 'w').write('x'); assert open('note').read() == 'x'").passed
    assert run_code("import math, json, re, collections; assert math.sqrt(4) == 2").passed


@pytest.mark.slow
def test_every_canonical_solution_of_humaneval_passes():
    if not HUMANEVAL.exists():
        pytest.skip(f"no {HUMANEVAL}: set GENWRIGHT_TEST_DATA")
    from genwright.evaluation.benchmarks.lm_eval import has_passed

    rows = [json.loads(line) for line in gzip.open(HUMANEVAL)]
    failed = [
        row["task_id"] for row in rows if not has_passed(row, "\n" + row["canonical_solution"])
    ]
    assert len(rows) == 164 and failed == []
    assert not has_passed(rows[0], "\n    return None\n")
