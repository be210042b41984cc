"""genwright: documents in, checked answers out, on machines a team owns.

The package is laid out in floors; ``docs/design.md`` draws them. Nothing happens at import.
"""

__version__ = "0.1.0"
