"""Workers for Tutti: functions with names, linked to a pool that gives them tasks."""

from ._handlers import Estimate
from ._model_calls import AskedModel
from ._settings import Credentials
from ._version import VERSION as __version__
from .context import Budget, TaskContext, TaskLogger, Trace, current_task
from .failures import Busy, Cancelled, OptionInvalid, TaskFailure, TuttiError, WorkerRefused
from .orchestrator import SessionOrchestrator
from .worker import Worker

__all__ = [
    "AskedModel",
    "Budget",
    "Busy",
    "Cancelled",
    "Credentials",
    "Estimate",
    "OptionInvalid",
    "SessionOrchestrator",
    "TaskContext",
    "TaskFailure",
    "TaskLogger",
    "Trace",
    "TuttiError",
    "Worker",
    "WorkerRefused",
    "__version__",
    "current_task",
]
