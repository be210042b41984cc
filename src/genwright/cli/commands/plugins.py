"""``genwright plugins``."""

from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_json, print_table


def command(
    as_json: AsJson = False,
) -> None:
    """List what can be extended, and which distribution brings each implementation.

    docs/plugins.md shows how to add one.

    Example: genwright plugins
    """
    from genwright.maintenance.plugin_families import list_families

    families = list_families()
    if as_json:
        print_json([family.json() for family in families])
        return
    for number, family in enumerate(families):
        print(*([""] if number else []), f"{family.package}: {family.protocol}", sep="\n")
        print_table(["name", "from", "what it is"], [
            [each.name, each.distribution, each.problem or each.summary]
            for each in family.implementations
        ])  # fmt: skip
