"""A long loop continues as a new run at the end of a round, so that its history stays short.

1. The next run starts the code from the beginning. So nothing may be done before the loop, and the loop starts with the
   state that the round before returned.
2. A round that the journal has entries behind is continued by this run, also when the number of steps has changed.
3. The run continues at a quiet point: no step and no task is open, and nothing waits to be compensated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .wire import Json

STEPS_DEFAULT = 1_000
# Under which name it is the output of a run and the input of the next one.
CARRIED = "tutti.loop"


@dataclass(frozen=True)
class LoopDone:
    """What the last round of a loop returns, by ``ctx.done``."""

    output: Any


def carried_in(given: Json) -> Mapping[str, Any] | None:
    """What an input carries: state, values and the input of the first run. None for that of a first run."""
    return given.get(CARRIED) if isinstance(given, dict) else None


def continuation_of(name: str) -> dict[str, str]:
    """How the definition of a function continues as new."""
    output = f"tasks[{json.dumps(name)}].output"
    return {
        "when": f"${{{{ type({output}) == map && {json.dumps(CARRIED)} in {output} }}}}",
        "with": f"${{{{ {output} }}}}",
    }
