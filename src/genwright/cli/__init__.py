"""The command line: each command is a door that parses, makes one call and prints.

A command is one file named like it, which has ``command`` (a function) or ``app`` (a
``typer.Typer`` with sub-commands), and a line in ``COMMANDS`` of ``main``.

Example:
    >>> from genwright.cli.main import run
    >>> run(["--version"])
    genwright 0.1.0
    0
"""
