"""Expressions in definitions: references to values, and conditions on them.

In a text an expression becomes ``${{ … }}``: ``f"Order {run_input.id} is ready"``. Operators create new expressions:
``output_of("pay").cents > 100``. ``&``, ``|`` and ``~`` mean and, or and not.
"""

from __future__ import annotations

import json
import re
from typing import Any

_plain_name = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Expression:
    """An expression of the language of definitions."""

    __slots__ = ("_text",)
    # Without this, iteration by index would never end.
    __iter__ = None

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return f"${{{{ {self._text} }}}}"

    def __repr__(self) -> str:
        return f"<Expression {self._text}>"

    def __bool__(self) -> bool:
        raise TypeError(
            f"The expression `{self._text}` has no value before the run. Combine conditions with `&`, `|` and `~`."
        )

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("==", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("!=", other)

    def __lt__(self, other: Any) -> Expression:
        return self._with("<", other)

    def __le__(self, other: Any) -> Expression:
        return self._with("<=", other)

    def __gt__(self, other: Any) -> Expression:
        return self._with(">", other)

    def __ge__(self, other: Any) -> Expression:
        return self._with(">=", other)

    def __add__(self, other: Any) -> Expression:
        return self._with("+", other)

    def __radd__(self, other: Any) -> Expression:
        return Expression(f"{_operand(other)} + {_operand(self)}")

    def __sub__(self, other: Any) -> Expression:
        return self._with("-", other)

    def __mul__(self, other: Any) -> Expression:
        return self._with("*", other)

    def __truediv__(self, other: Any) -> Expression:
        return self._with("/", other)

    def __mod__(self, other: Any) -> Expression:
        return self._with("%", other)

    def __and__(self, other: Any) -> Expression:
        return self._with("&&", other)

    def __or__(self, other: Any) -> Expression:
        return self._with("||", other)

    def __invert__(self) -> Expression:
        return Expression(f"!{_operand(self)}")

    __hash__ = object.__hash__

    def _with(self, operator: str, other: object) -> Expression:
        return Expression(f"{_operand(self)} {operator} {_operand(other)}")


class Reference(Expression):
    """A reference to a value. Its fields and elements are references too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: str | int) -> Reference:
        if isinstance(key, int):
            return Reference(f"{self._text}[{key}]")
        if _plain_name.fullmatch(key):
            return Reference(f"{self._text}.{key}")
        return Reference(f"{self._text}[{_literal(key)}]")


def cel(text: str) -> Expression:
    """An expression as in YAML, without ``${{ }}``: ``cel("size(input.items) > 3")``."""
    return Expression(text)


def reference(name: str) -> Reference:
    """A reference to a name of the language."""
    return Reference(name)


def output_of(task: str) -> Reference:
    """The output of a task."""
    return Reference("tasks")[task].output


#: The input of a run.
run_input = Reference("input")
#: The entry of a task with ``for_each``, and its number from 0.
item = Reference("item")
index = Reference("index")
#: The variables of a run.
variables = Reference("vars")
#: The parameters of a template.
parameters = Reference("parameters")


def _operand(value: object) -> str:
    if isinstance(value, Reference):
        return value._text
    return f"({value._text})" if isinstance(value, Expression) else _literal(value)


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
