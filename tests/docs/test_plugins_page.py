"""docs/plugins.md lists every family, and each of its examples registers what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def families() -> set[str]:
    """Packages that some file of the source makes a family of."""
    made = re.compile(r'\]\s*=\s*Plugins\("(genwright[\w.]+)"\)')
    files = (ROOT / "src" / "genwright").rglob("*.py")
    return {
        name
        for path in files
        if path.name != "plugins.py"
        for name in made.findall(path.read_text(encoding="utf-8"))
    }


def test_every_family_is_listed():
    assert {name for name in families() if f"| `{name}` |" not in PAGE} == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split('"""')[1][:20])
def test_an_example_registers_what_it_says(example):
    pytest.importorskip("torch")
    [(family, name)] = re.findall(r'@(\w+)\.register\("(\w+)"\)', example)
    # In a process of its own: here it would join the family for all other tests.
    command = [sys.executable, "-c", f"{example}\nassert {family}.get({name!r}).__doc__"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
