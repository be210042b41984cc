"""README's tree and docs/design.md name every package, so that nobody has to guess."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = sorted(
    path.parent.name for path in (ROOT / "src" / "genwright").glob("*/__init__.py")
)  # fmt: skip


def test_the_tree_of_the_readme_names_every_package():
    tree = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The tree")[2]
    assert [name for name in PACKAGES if f"\n  {name}/ " not in tree] == []


def test_the_first_screen_has_the_two_commands_of_a_newcomer():
    screen = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")[:24]
    assert {"make demo", "make test"} <= {line.partition("  ")[0] for line in screen}
