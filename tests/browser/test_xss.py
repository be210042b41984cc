"""A part of ``benchmarks/xss.py``: hostile strings in every field run nothing and load nothing."""

import importlib.util
import sys

import pytest
from tests.browser.visiting import CHROMIUM, ROOT

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def test_hostile_strings_run_nothing_and_load_nothing():
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    spec = importlib.util.spec_from_file_location("xss", ROOT / "benchmarks" / "xss.py")
    xss = importlib.util.module_from_spec(spec)
    sys.modules["xss"] = xss  # dataclasses look their module up
    spec.loader.exec_module(xss)

    seen = xss.run(6, thorough=False)

    assert (seen.ran, seen.outside, seen.missing) == ([], [], [])
    assert seen.pages >= 40
