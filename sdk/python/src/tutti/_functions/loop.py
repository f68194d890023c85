"""A long loop continues as a new run at the end of a round, so that its history stays short.

1. The next run starts the code from the beginning. So no step may run before the loop, and the loop starts with the
   state that the previous round returned.
2. If the journal has entries after a round, this run continues with the next round, also if the limit of steps changed.
3. The run continues at a quiet point: no step or task is open, and no compensation is registered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .wire import Json

STEPS_DEFAULT = 1_000
# Name of the carried state in the output of a run and in the input of the next one.
CARRIED = "tutti.loop"


@dataclass(frozen=True)
class LoopDone:
    """The end of a loop. Its last round returns it by ``ctx.done``."""

    output: Any


def carried_in(given: Json) -> Mapping[str, Any] | None:
    """Return the carried state, values and input of the first run from an input. None for a first run."""
    return given.get(CARRIED) if isinstance(given, dict) else None


def continuation_of(name: str) -> dict[str, str]:
    """Return the part of a definition that continues a function as a new run."""
    output = f"tasks[{json.dumps(name)}].output"
    return {
        "when": f"${{{{ type({output}) == map && {json.dumps(CARRIED)} in {output} }}}}",
        "with": f"${{{{ {output} }}}}",
    }
