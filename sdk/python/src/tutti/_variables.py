"""Environment variables of workers and clients."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping

_log = logging.getLogger("tutti.client")
_warned: set[str] = set()

_variables = (
    "URL",
    "API_KEY",
    "SERVER",
    "KEY",
    "ADDRESS",
    "POOL",
    "NAMESPACE",
    "AGENT_ID",
    "LAUNCH_ID",
    "ACCESS_TOKEN",
    "LOCAL_MODELS",
)


def misspelt_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that looks like a misspelt one: ``TUTTI_NAMSPACE``."""
    sentences = []
    for variable in sorted(environment):
        name = variable.removeprefix("TUTTI_")
        if name == variable or name in _variables or len(name) > 64 or not environment[variable]:
            continue
        near = difflib.get_close_matches(name, _variables, n=1, cutoff=0.8)
        near = near or [known for known in _variables if sorted(known) == sorted(name)]
        if near:
            sentences.append(f"The environment variable {variable} is ignored. Did you mean TUTTI_{near[0]}?")
    return sentences


def warn_of_misspelt(environment: Mapping[str, str]) -> None:
    """Warn once in a process, because applications create many clients."""
    for sentence in misspelt_variables(environment):
        if sentence not in _warned:
            _warned.add(sentence)
            _log.warning(sentence)
