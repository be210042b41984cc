"""What ``mkdocs build`` does beside rendering: root pages, links to files, reference.

The files of ``docs/`` are read on their own as well, so their links are those of the repository
(``../CONTRIBUTING.md``, ``../src/genwright/plugins.py``). The site takes the pages of the root in,
and sends every other such link to the repository, after it has seen that the file is there.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "genwright"
FROM_ROOT = {
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages of the repository's root, and what the site calls them."""
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the reference at the end of the contents."""
    config.nav = [*(config.nav or []), {"Python": [f"reference/{name}.md" for name, _ in PAGES]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and one page of reference for each package."""
    for name, page in FROM_ROOT.items():
        if (ROOT / name).is_file():
            text = (ROOT / name).read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=text))
    for name, text in PAGES:
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links of the repository into links of the site."""
    if page.file.src_uri.startswith("reference/"):
        return markdown
    inside = page.file.src_uri not in FROM_ROOT.values()
    base = PurePosixPath("docs" if inside else ".")

    def moved(found: re.Match[str]) -> str:
        return f"]({_target(base, found[1], page, config)}{found[2] or ''})"

    parts = CODE.split(markdown)  # the odd ones are code, and stay as they are
    return "".join(part if n % 2 else LINK.sub(moved, part) for n, part in enumerate(parts))


def _target(base: PurePosixPath, link: str, page: Page, config: MkDocsConfig) -> str:
    """Where a link of a page leads in the site, or in the repository."""
    path = (ROOT / base / link).resolve()
    if not path.exists() or not path.is_relative_to(ROOT):
        raise PluginError(f"{page.file.src_uri} links to {link}, which is not there.")
    inside = path.relative_to(ROOT).as_posix()
    if inside in FROM_ROOT:
        return FROM_ROOT[inside]
    if path.suffix == ".md" and path.parent == ROOT / "docs":
        return path.name
    return f"{config.extra['repository']}/{'tree' if path.is_dir() else 'blob'}/main/{inside}"


def _reference() -> Iterator[tuple[str, str]]:
    """The public names, then a page for each module or package directly below genwright."""
    yield "genwright", "# genwright\n\n::: genwright\n"
    for path in sorted(PACKAGE.iterdir()):
        name = path.stem
        if name.startswith("_") or not (path.suffix == ".py" or (path / "__init__.py").is_file()):
            continue
        if name != "cli":  # a door: its commands are on a page of their own
            modules = [path] if path.is_file() else _modules(path)
            blocks = "\n\n".join(_block(module) for module in modules)
            yield f"genwright.{name}", f"# genwright.{name}\n\n{blocks}\n"


def _modules(folder: Path) -> Iterator[Path]:
    """The modules of a package that others may import, the package itself first."""
    for path in sorted(folder.rglob("*.py"), key=lambda each: (each.parent, each.stem)):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        private = any(part.startswith("_") and part != "__init__" for part in parts)
        if not private and "migrations" not in parts and path.stat().st_size:
            yield path


def _block(path: Path) -> str:
    """What mkdocstrings is to show of a module; a package shows only what it says of itself."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return f"::: {name}" + ("\n    options:\n      members: false" if "__init__" in parts else "")


PAGES = list(_reference())
"""Name and text of every page of the reference."""
