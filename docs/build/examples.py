"""Docstrings have ``Example:`` where mkdocstrings' parser knows ``Examples:``: it is told so."""

import re

import griffe

HEAD = re.compile(r"^(\s*)Example:\s*$", re.MULTILINE)


class Examples(griffe.Extension):
    """Show each doctest of a docstring as code."""

    def on_instance(self, *, obj: griffe.Object | griffe.Alias, **kwargs: object) -> None:
        """Rename the section before it is parsed."""
        if isinstance(obj, griffe.Object) and obj.docstring:
            obj.docstring.value = HEAD.sub(r"\1Examples:", obj.docstring.value)
