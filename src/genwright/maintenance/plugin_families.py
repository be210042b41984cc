"""Which families of plugins there are, and what implements them: read from files, nothing imported.

Importing every implementation would load torch and more to print a list, so the class and its
docstring are read from the source of the file that registers it, of another distribution's too.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from genwright import __version__
from genwright.types import Json

ROOT = Path(__file__).parent.parent
FAMILY = re.compile(r'^\w+: Plugins\[(\w+)\] = Plugins\("genwright\.([\w.]+)"', re.MULTILINE)
"""How a family is declared, in a file called ``base.py``."""


@dataclass(frozen=True)
class PluginImplementation:
    """One implementation of a family."""

    name: str
    """What settings and commands call it."""
    summary: str
    """First line of its docstring."""
    distribution: str
    """What brings it, with its version: ``genwright 0.1.0``, or another installed one."""
    module: str
    problem: str = ""
    """Why it cannot be used; empty where nothing is known to be wrong."""


@dataclass(frozen=True)
class PluginFamily:
    """A protocol, and what implements it."""

    package: str
    """Its folder, and the group of entry points that add to it."""
    protocol: str
    implementations: tuple[PluginImplementation, ...]

    def json(self) -> Json:
        """Every field."""
        return {**asdict(self), "implementations": [asdict(each) for each in self.implementations]}


def list_families() -> list[PluginFamily]:
    """Every family by name, with its implementations by name.

    Example:
        >>> [family] = [each for each in list_families() if each.protocol == "Splitter"]
        >>> [each.name for each in family.implementations]
        ['fixed', 'structure']
    """
    found = []
    for file in sorted(ROOT.rglob("base.py")):
        for protocol, package in FAMILY.findall(file.read_text(encoding="utf-8")):
            own = [*_read_own(package), *_read_added(f"genwright.{package}")]
            own.sort(key=lambda each: each.name)
            found.append(PluginFamily(f"genwright.{package}", protocol, tuple(own)))
    return sorted(found, key=lambda each: each.package)


def _read_own(package: str) -> Iterator[PluginImplementation]:
    """What genwright brings itself: files of the folder, and of folders below it."""
    folder = ROOT.joinpath(*package.split("."))
    by = f"genwright {__version__}"
    for file in [*folder.glob("*.py"), *folder.glob("*/*.py")]:
        module = ".".join(("genwright", *file.relative_to(ROOT).with_suffix("").parts))
        yield from _read_registered(file, module, by)


def _read_added(group: str) -> Iterator[PluginImplementation]:
    """What other distributions add by entry point."""
    for point in entry_points(group=group):
        by = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
        file = _find_file(point)
        if file is None:
            problem = f"module {point.module} is not there"
            yield PluginImplementation(point.name, "", by, point.module, problem)
            continue
        registered = list(_read_registered(file, point.module, by))
        # It may register in another file than the one it names; its entry point tells the name.
        yield from registered or [PluginImplementation(point.name, "", by, point.module)]


def _find_file(point: EntryPoint) -> Path | None:
    try:
        spec = find_spec(point.module)
    except ImportError:  # the package that the module is in
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _read_registered(file: Path, module: str, by: str) -> Iterator[PluginImplementation]:
    """Classes of a file that are registered under a name."""
    if file.suffix != ".py":
        return
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ClassDef):
            for name in filter(None, map(_read_name, node.decorator_list)):
                summary = (ast.get_docstring(node) or "").partition("\n")[0]
                yield PluginImplementation(name, summary, by, module)


def _read_name(decorator: ast.expr) -> str:
    """The name in ``@family.register("name")``; empty for any other decorator."""
    match decorator:
        case ast.Call(func=ast.Attribute(attr="register"), args=[ast.Constant(value=str(name))]):
            return name
    return ""
