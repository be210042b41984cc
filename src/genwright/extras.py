"""Optional packages: imported late, and missed with the command that installs them."""

from importlib import import_module
from types import ModuleType

from genwright.errors import MissingDependency


def need(module: str, extra: str, why: str) -> ModuleType:
    """Import an optional module, or say how to get it.

    Args:
        module: Dotted name, as in an import statement.
        extra: The genwright extra that installs it.
        why: What needs it, as the subject of the message.

    Raises:
        MissingDependency: It is not installed.

    Example:
        >>> need("json", "train", "Reading JSON").__name__
        'json'
        >>> need("no_such_module", "train", "Fine-tuning")
        Traceback (most recent call last):
        genwright.errors.MissingDependency: Fine-tuning needs 'no_such_module': \
pip install "genwright[train]"
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f'{why} needs {module!r}: pip install "genwright[{extra}]"'
        ) from error
