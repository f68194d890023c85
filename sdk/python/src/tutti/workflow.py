"""Definitions of workflows in Python: the same documents as in YAML, with types.

::

    order = (
        Workflow("order")
        .task("reserve", uses="stock.reserve", with_={"items": run_input.items}, retry=Retry(attempts=5))
        .task("pay", uses="card.charge", with_={"cents": output_of("reserve").cents}, timeout="30s")
    )
    client.workflows.register(order)
"""

from __future__ import annotations

from typing import Any

from ._document import written, yaml_of
from ._generated import (
    Approve,
    Cache,
    Check,
    Compensate,
    ContinueAsNew,
    Cost,
    Gate,
    Input,
    Limit,
    Loop,
    Need,
    Parameters,
    Placement,
    Query,
    Rate,
    Retry,
    Selector,
    Signal,
    Spawn,
    State,
    Task,
    Timeout,
    Transition,
    Update,
    Wait,
    WorkflowFields,
)
from .expressions import (
    Expression,
    Reference,
    cel,
    index,
    item,
    output_of,
    parameters,
    reference,
    run_input,
    variables,
)


class Workflow(WorkflowFields):
    """A definition. ``task`` and ``state`` add to it and return it."""

    @property
    def name(self) -> str:
        return self._name

    def to_dict(self) -> dict[str, Any]:
        """The document, as JSON has it."""
        document = {"workflow": self._name, **written(self._document)}
        for key, members in (("tasks", self._tasks), ("states", self._states)):
            if members:
                document[key] = written(members)
        return document

    def to_yaml(self) -> str:
        """The document as YAML."""
        return yaml_of(self.to_dict())

    def __repr__(self) -> str:
        return f"<Workflow {self._name} with {len(self._tasks) or len(self._states)} parts>"


__all__ = [
    "Approve",
    "Cache",
    "Check",
    "Compensate",
    "ContinueAsNew",
    "Cost",
    "Expression",
    "Gate",
    "Input",
    "Limit",
    "Loop",
    "Need",
    "Parameters",
    "Placement",
    "Query",
    "Rate",
    "Reference",
    "Retry",
    "Selector",
    "Signal",
    "Spawn",
    "State",
    "Task",
    "Timeout",
    "Transition",
    "Update",
    "Wait",
    "Workflow",
    "cel",
    "index",
    "item",
    "output_of",
    "parameters",
    "reference",
    "run_input",
    "variables",
]
