"""How soon the command line answers, and what an install weighs.

    python benchmarks/startup.py --genwright VENV/bin/genwright --peer-python VENV/bin/python
    python benchmarks/startup.py --install

Printed: median seconds of ``genwright --help`` and of ``genwright status`` in a new workspace, of
``import genwright`` and ``python -c pass`` under the same Python, and of importing txtai under the
peer's; what ``import genwright`` adds to ``pass`` within a round; processor seconds, peak memory,
and how many times as long the last of them takes within a round. ``--help`` and ``status`` are run
once more with ``-X importtime``, and the benchmark fails where torch is among what they import.
With ``--install``: a fresh virtual environment with ``pip install`` of this
checkout, its size and its number of packages.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from measure import MIB, Child, alternately, median_ratio, run

ROOT = Path(__file__).parents[1]
UNWANTED = ("torch", "transformers")


def main() -> None:
    """Measure what is asked for."""
    options = _options()
    if options.install:
        _measure_install(options.constraints)
        return
    with tempfile.TemporaryDirectory() as folder:
        _measure_start(options, Path(folder))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--genwright", default=str(Path(sys.executable).with_name("genwright")))
    parser.add_argument("--peer-python", help="its environment has txtai")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--install", action="store_true", help="measure an install instead")
    default = ROOT / "constraints.txt"
    parser.add_argument("--constraints", type=Path, default=default if default.exists() else None)
    return parser.parse_args()


def _measure_start(options: argparse.Namespace, folder: Path) -> None:
    workspace = folder / "workspace"
    subprocess.run([options.genwright, "init", str(workspace)], check=True, capture_output=True)
    python = Path(options.genwright).with_name("python")
    commands = {
        "python -c pass": [str(python), "-c", "pass"],
        "import genwright": [str(python), "-c", "import genwright"],
        "genwright --help": [options.genwright, "--help"],
        "genwright status": [options.genwright, "--workspace", str(workspace), "status"],
    }
    if options.peer_python:
        commands["import txtai"] = [options.peer_python, "-c", "import txtai"]
    for name in ("genwright --help", "genwright status"):
        _refuse_heavy_imports(name, [str(python), "-X", "importtime", *commands[name]])

    def side(command: list[str]):
        return lambda: run(command)

    results = alternately(options.rounds, {name: side(each) for name, each in commands.items()})
    bare, imported = results["python -c pass"], results["import genwright"]
    added = [after.seconds - before.seconds for after, before in zip(imported, bare, strict=True)]
    print(f"import genwright adds {statistics.median(added) * 1000:.1f} ms to python -c pass, "
          f"{_times(imported, bare):.2f} x")  # fmt: skip
    last = list(commands)[-1]
    for name, children in results.items():
        print(
            f"{name:<18}{_figures(children)}; {last} takes {_times(results[last], children):.1f} x"
        )


def _figures(children: list[Child]) -> str:
    seconds, busy, peak = (
        statistics.median(getattr(child, field) for child in children)
        for field in ("seconds", "cpu_seconds", "peak_mib")
    )
    return f"{seconds:7.3f} s (processor {busy:.3f} s){peak:6.0f} MiB"


def _times(slow: list[Child], fast: list[Child]) -> float:
    return median_ratio([child.seconds for child in slow], [child.seconds for child in fast])


def _refuse_heavy_imports(name: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    if heavy := sorted(imported.intersection(UNWANTED)):
        raise SystemExit(f"{name} imports {', '.join(heavy)}.")
    print(f"{name} imports {len(imported)} modules, none of {', '.join(UNWANTED)}")


def _measure_install(constraints: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, copy = Path(name) / "venv", Path(name) / "genwright"
        venv.create(folder, with_pip=True)
        bare = _size(folder)
        kept = ("pyproject.toml", "README.md", "LICENSE")  # setuptools builds where the source is
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("*.egg-info"))
        for file in filter(Path.exists, (ROOT / each for each in kept)):
            shutil.copy(file, copy)
        pip = [f"{folder}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        pinned = ["--constraint", str(constraints)] if constraints else []
        subprocess.run([*pip, "install", *pinned, str(copy)], check=True)
        packages = list(folder.glob("lib/python*/site-packages/*.dist-info"))
        print(
            f"{_size(folder) / MIB:.0f} MiB in all ({bare / MIB:.0f} of it pip and setuptools), "
            f"{len(packages)} packages with those"
        )
        for part, size in _largest(folder):
            print(f"  {size / MIB:6.0f} MiB {part}")


def _largest(folder: Path) -> list[tuple[str, int]]:
    packages = next(folder.glob("lib/python*/site-packages"))
    sizes = [(path.name, _size(path)) for path in packages.iterdir()]
    return sorted(sizes, key=lambda pair: -pair[1])[:10]


def _size(path: Path) -> int:
    """Bytes on disk, in blocks, links not followed."""
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sum(file.lstat().st_blocks * 512 for file in files)


if __name__ == "__main__":
    main()
