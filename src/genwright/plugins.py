"""Implementations found by name: one family is one package, one implementation one file in it.

Another distribution adds an implementation by an entry point in the group named like the
package, ``[project.entry-points."genwright.documents.loaders"]``, whose module registers it.

Example:
    >>> shapes: Plugins[object] = Plugins("genwright.documents.splitters")
    >>> @shapes.register("round")
    ... class Round: ...
    >>> shapes.get("round").__name__
    'Round'
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Generic, TypeVar

from genwright.errors import UnknownName

T = TypeVar("T")
C = TypeVar("C")
REGISTERED = re.compile(r"""^@\w+\.register\(["'](\w+)["']\)""", re.MULTILINE)
"""How a file publishes an implementation."""


def find_names(package: str) -> list[str]:
    """Names of a family's implementations, sorted, read from its files: nothing is imported.

    Args:
        package: Of the family; entry points in the group of this name add theirs.

    Example:
        >>> find_names("genwright.documents.splitters")
        ['fixed', 'structure']
    """
    spec = find_spec(package)
    folders = map(Path, (spec and spec.submodule_search_locations) or ())
    files = [file for folder in folders for file in (*folder.glob("*.py"), *folder.glob("*/*.py"))]
    own = {name for file in files for name in REGISTERED.findall(file.read_text("utf-8"))}
    return sorted(own | {point.name for point in entry_points(group=package)})


@dataclass(frozen=True)
class Plugins(Generic[T]):
    """Implementations of one protocol: the folder is the registry, there is no table to edit."""

    package: str
    folder_file: str = ""
    """An implementation of several files is a folder; this one of them registers it."""
    _classes: dict[str, type[T]] = field(default_factory=dict)

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Class decorator: publish a class under a name that no other class has."""

        def publish(cls: type[C]) -> type[C]:
            known: object = self._classes.setdefault(name, cls)  # type: ignore[arg-type]
            if known is not cls:
                raise ValueError(f"{self.package} already has a {name!r}.")
            return cls

        return publish

    def names(self) -> list[str]:
        """All names, sorted. Imports every file of the folder and every entry point."""
        for module in iter_modules(import_module(self.package).__path__):
            self._import(module.name)
        for point in entry_points(group=self.package):
            point.load()
        return sorted(self._classes)

    def get(self, name: str) -> type[T]:
        """Return the class published under a name, or raise UnknownName listing those there are.

        The file named like the implementation is tried first, so one name loads one file.
        """
        if name not in self._classes and name.isidentifier():
            try:
                self._import(name)
            except ModuleNotFoundError as error:
                if error.name != f"{self.package}.{name}":
                    raise
        if name not in self._classes and name not in (known := self.names()):
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UnknownName(f"{self.package} has no {name!r}.{hint} Known: {', '.join(known)}.")
        return self._classes[name]

    def _import(self, name: str) -> None:
        module = import_module(f"{self.package}.{name}")
        if self.folder_file and hasattr(module, "__path__"):
            import_module(f"{module.__name__}.{self.folder_file}")
