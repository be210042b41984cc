"""What tokens of a model cost, as a person says it."""

from collections.abc import Sequence

from genwright.errors import UsageError
from genwright.options import parse_pairs


def parse_prices(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """``MODEL=IN,OUT`` texts: the price of a million tokens read and written, by model.

    Raises:
        UsageError: One is not of that form.

    Example:
        >>> parse_prices(["gpt/x=1.5,6"])
        {'gpt/x': (1.5, 6.0)}
    """
    found = {}
    for name, value in parse_pairs(texts, "--price MODEL=IN,OUT").items():
        try:
            read, written = (float(each) for each in value.split(","))
        except ValueError as error:
            raise UsageError(f"Expected --price MODEL=IN,OUT, got {name}={value!r}.") from error
        found[name] = (read, written)
    return found
