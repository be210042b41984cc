"""How soon the command line answers, and what an install weighs.

    python benchmarks/startup.py --genwright VENV/bin/genwright --peer-python VENV/bin/python
    python benchmarks/startup.py --install

Printed: median seconds of ``genwright --help`` and of ``genwright status`` in a workspace with one
document, of ``python -c pass`` under the same Python, and of importing txtai under the peer's; the
ratio within a round. ``--help`` and ``status`` are run once more with ``-X importtime``, and the
benchmark fails where torch is among what they import. With ``--install``: a fresh virtual
environment with ``pip install`` of this checkout, its size and its number of packages.
"""

import argparse
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
    slowest = results["import txtai" if options.peer_python else "genwright status"]
    for name, children in results.items():
        print(_row(name, children, slowest))


def _row(name: str, children: list[Child], peer: list[Child]) -> str:
    seconds = [child.seconds for child in children]
    ratio = median_ratio([child.seconds for child in peer], seconds)
    peak = statistics.median(child.peak_mib for child in children)
    middle = statistics.median(seconds)
    return f"{name:<18}{middle:7.3f} s{peak:6.0f} MiB, last is {ratio:.1f} times as long"


def _refuse_heavy_imports(name: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    if heavy := sorted(imported.intersection(UNWANTED)):
        raise SystemExit(f"{name} imports {', '.join(heavy)}.")
    print(f"{name} imports {len(imported)} modules, none of {', '.join(UNWANTED)}")


def _measure_install(constraints: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        bare = _size(Path(folder))
        pinned = ["--constraint", str(constraints)] if constraints else []
        subprocess.run([*pip, "install", *pinned, str(ROOT)], check=True)
        listed = subprocess.run(
            [*pip, "list", "--format=freeze"], check=True, capture_output=True, text=True
        )
        packages = [line for line in listed.stdout.splitlines() if "==" in line]
        print(
            f"{_size(Path(folder)) / MIB:.0f} MiB in all ({bare / MIB:.0f} before), "
            f"{len(packages)} packages with pip itself"
        )
        for name, size in _largest(Path(folder)):
            print(f"  {size / MIB:6.0f} MiB {name}")


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
