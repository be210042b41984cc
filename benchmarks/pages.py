"""First paint and bytes of each page in a real Chromium on the loopback.

    python benchmarks/pages.py

Each page is opened five times in a new browser context, so that nothing is cached; the figures are
the median of ``first-contentful-paint`` as the browser reports it, and the bytes transferred.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.test_looks import MOST_BYTES, PATHS  # noqa: E402
from tests.fixtures.running import running  # noqa: E402
from tests.fixtures.visiting import ARGUMENTS, CHROMIUM, HANDBOOK, Visit, filled  # noqa: E402  # noqa: E402

MOST_MS = 300
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"


def opened(browser: Any, base: str, path: str) -> tuple[float, int, int]:
    """Milliseconds to the first paint, bytes, requests to other hosts."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit(context.new_page(), base)
    visit.watch(context)
    visit.open(path).page.wait_for_load_state("networkidle")
    paint = float(visit.page.evaluate(PAINT))
    context.close()
    return paint, visit.bytes, len(visit.outside)


def main() -> None:
    """Print one line a page; status 1 where a goal is missed."""
    from playwright.sync_api import sync_playwright

    missed = False
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = filled(Path(folder) / "workspace", {"handbook.md": HANDBOOK})
        with running(root) as server:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            opened(browser, server.url, "/")  # the first page of a browser starts its processes
            for name, path in PATHS.items():
                runs = [opened(browser, server.url, path) for _ in range(5)]
                paint = statistics.median(each[0] for each in runs)
                size, outside = max(each[1] for each in runs), max(each[2] for each in runs)
                print(f"{name:<11} first paint {paint:4.0f} ms, {size / 1000:5.1f} kB")
                missed |= paint > MOST_MS or size > MOST_BYTES or outside > 0
            browser.close()
    print(
        f"goals: first paint <= {MOST_MS} ms, <= {MOST_BYTES / 1000:.0f} kB, nothing from outside"
    )
    sys.exit(missed)


if __name__ == "__main__":
    main()
