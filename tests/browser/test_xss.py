"""A part of ``benchmarks/xss.py``: hostile strings in every field run nothing and load nothing."""

import re
import subprocess
import sys

import pytest
from tests.fixtures.visiting import CHROMIUM, ROOT

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def test_hostile_strings_run_nothing_and_load_nothing():
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    # A process of its own: Playwright runs one event loop in each.
    command = [sys.executable, ROOT / "benchmarks" / "xss.py", "--payloads", "6", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) pages opened", done.stdout)[1]) >= 40
