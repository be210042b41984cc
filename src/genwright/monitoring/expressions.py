"""The language of alert rules: arithmetic and comparisons over recorded series.

``avg(error_share, 300) > 0.05 and last(requests_per_second) > 1``: a series' name alone is its last
value; ``avg``, ``max``, ``min``, ``sum``, ``last`` and ``count`` take a series and, but for the
last value, how many seconds back they look (60 by default). Python's grammar, and nothing of Python
but this.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genwright.errors import SettingsError

LONGEST = 500
"""Characters of an expression."""
RECENT = 300.0
"""Seconds after which a last value is no longer the present one."""
WINDOW = 60.0
"""Seconds that functions look back by default."""

Lookup = Callable[[str, float], Sequence[float]]
"""Values of a series over the last so many seconds, oldest first."""

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "avg": lambda values: sum(values) / len(values),
    "max": max,
    "min": min,
    "sum": sum,
    "last": lambda values: values[-1],
}


class _MissingValue(Exception):
    """A series has no value there."""


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    text: str
    names: frozenset[str]
    """Series it reads."""
    tree: ast.expr

    def evaluate(self, lookup: Lookup) -> float | None:
        """Its value, 1 or 0 for a comparison; None where a series has nothing to tell.

        Raises:
            SettingsError: It divides by zero.
        """
        try:
            return float(_evaluate_node(self.tree, lookup))
        except _MissingValue:
            return None
        except ZeroDivisionError as error:
            raise SettingsError(
                f"{self.text!r} divides by zero: guard it by a comparison."
            ) from error


def compile_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        SettingsError: It is none; the message says what is not understood.

    Example:
        >>> compile_expression("avg(error_share, 300) > 0.05").evaluate(lambda name, seconds: [0.1])
        1.0
    """
    if len(text) > LONGEST:
        raise SettingsError(f"Expected an expression of at most {LONGEST} characters.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SettingsError(f"{text!r} is not an expression: {error}.") from error
    names: set[str] = set()
    _check(tree, text, names)
    return Expression(text, frozenset(names), tree)


def _check(node: ast.expr, text: str, names: set[str]) -> None:
    """Raise for anything that is no part of the language."""
    match node:
        case ast.Name(id=name):
            names.add(name)
        case ast.Constant(value=bool()):
            _refuse(node, text)
        case ast.Constant(value=int() | float()):
            pass
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, text, names)
            _check(right, text, names)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            _check(operand, text, names)
        case ast.BoolOp(values=values):
            for value in values:
                _check(value, text, names)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARE for op in ops
        ):
            for each in (left, *others):
                _check(each, text, names)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)], keywords=[]) if (
            function in _FUNCTIONS or function == "count"
        ):
            names.add(name)
        case ast.Call(
            func=ast.Name(id=function),
            args=[ast.Name(id=name), ast.Constant(value=int() | float() as seconds)],
            keywords=[],
        ) if (function in _FUNCTIONS or function == "count") and 0 < seconds <= 86_400 * 31:
            names.add(name)
        case _:
            _refuse(node, text)


def _refuse(node: ast.expr, text: str) -> None:
    part = ast.get_source_segment(text.strip(), node) or text
    raise SettingsError(
        f"{part!r} in {text!r} is not understood. Expected numbers, names of series, + - * /, "
        f"comparisons, and, or, not, and {', '.join((*_FUNCTIONS, 'count'))}(series, seconds)."
    )


def _evaluate_node(node: ast.expr, lookup: Lookup) -> float:  # noqa: PLR0911 - a kind of node each
    match node:
        case ast.Constant(value=value):
            return float(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return _call_function("last", name, RECENT, lookup)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name), *rest]):
            seconds = rest[0].value if rest else (RECENT if function == "last" else WINDOW)  # type: ignore[attr-defined]
            return _call_function(function, name, float(seconds), lookup)
        case ast.UnaryOp(op=op, operand=operand):
            value = _evaluate_node(operand, lookup)
            return -value if isinstance(op, ast.USub) else float(not value)
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_evaluate_node(left, lookup), _evaluate_node(right, lookup))
        case ast.BoolOp(op=op, values=values):
            every = isinstance(op, ast.And)
            return float((all if every else any)(_evaluate_node(value, lookup) for value in values))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return float(_compare_sides([left, *others], ops, lookup))
    raise AssertionError("checked when it was compiled")


def _compare_sides(sides: list[ast.expr], ops: list[ast.cmpop], lookup: Lookup) -> bool:
    values = [_evaluate_node(side, lookup) for side in sides]
    pairs = zip(values, ops, values[1:], strict=False)
    return all(_COMPARE[type(op)](left, right) for left, op, right in pairs)


def _call_function(function: str, name: str, seconds: float, lookup: Lookup) -> float:
    values = lookup(name, seconds)
    if function == "count":
        return float(len(values))
    if not values:
        raise _MissingValue(name)
    return _FUNCTIONS[function](values)
