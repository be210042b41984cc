"""Throwaway environments: wheels that are built and installed without a network."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]


def build_wheel(source: Path, folder: Path) -> Path:
    """The wheel of a project; built from a copy, because setuptools builds where the source is."""
    copy = folder / "source"
    left = shutil.ignore_patterns("*.egg-info", "__pycache__", "build", "dist")
    copy.mkdir(parents=True)
    shutil.copytree(source / "src", copy / "src", ignore=left)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (source / name).exists():
            shutil.copy(source / name, copy)
    out = folder / "wheels"
    options = [
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(out),
    ]
    subprocess.run([*PIP, "wheel", *options, str(copy)], check=True, timeout=200)
    [wheel] = out.glob("*.whl")
    return wheel


def make_environment(folder: Path, wheel: Path, *paths: Path) -> Path:
    """A virtual environment with a wheel, over the packages that the tests run with.

    The packages come in by a ``.pth`` file, whose folders' own ``.pth`` files are not read: an
    editable install of the checkout is not seen, unless its ``src`` is among ``paths``.

    Returns:
        Its folder of programs.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    known = [path for path in sys.path if Path(path).name == "site-packages"]
    lines = [*map(str, paths), *known]
    (packages / "dependencies.pth").write_text("\n".join(lines) + "\n")
    python = folder / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-index", "--ignore-installed", str(wheel)]
    subprocess.run([*PIP, "--python", str(python), "install", *options], check=True, timeout=200)
    return python.parent
