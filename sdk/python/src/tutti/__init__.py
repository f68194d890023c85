"""Tutti: a client that starts and steers runs, and workers that execute their tasks.

The client needs only the standard library. A worker needs gRPC, which is imported on the first use of ``Worker``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._aio.client import AsyncClient, aconnect
from ._aio.locks import AsyncLock
from ._aio.missions import AsyncMission
from ._aio.runs import AsyncRun
from ._aio.schedules import AsyncSchedule
from ._aio.sessions import AsyncSession
from ._aio.triggers import AsyncTrigger
from ._sync.client import Client, connect
from ._sync.locks import Lock
from ._sync.missions import Mission
from ._sync.runs import Run
from ._sync.schedules import Schedule
from ._sync.sessions import Session
from ._sync.triggers import Trigger
from ._version import VERSION as __version__
from .errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotEnded,
    NotFound,
    OptionInvalid,
    PermissionDenied,
    ResourceExhausted,
    RunCancelled,
    RunFailed,
    RunTerminated,
    TuttiError,
    Unauthenticated,
    Unavailable,
    Unreachable,
)
from .triggers import Event
from .workflow import Retry, Workflow

if TYPE_CHECKING:
    from ._handlers import Estimate
    from ._model_calls import AskedModel
    from ._settings import Credentials
    from .context import Budget, TaskContext, TaskLogger, Trace, current_task
    from .failures import Busy, Cancelled, TaskFailure, WorkerRefused
    from .functions import DurableFunction, FunctionContext, StepFailure, durable
    from .objects import KeyedObject, keyed_object
    from .orchestrator import SessionOrchestrator
    from .worker import Worker

_of_workers = {
    "AskedModel": "._model_calls",
    "Budget": ".context",
    "Busy": ".failures",
    "Cancelled": ".failures",
    "Credentials": "._settings",
    "DurableFunction": ".functions",
    "Estimate": "._handlers",
    "FunctionContext": ".functions",
    "KeyedObject": ".objects",
    "SessionOrchestrator": ".orchestrator",
    "StepFailure": ".functions",
    "TaskContext": ".context",
    "TaskFailure": ".failures",
    "TaskLogger": ".context",
    "Trace": ".context",
    "Worker": ".worker",
    "WorkerRefused": ".failures",
    "current_task": ".context",
    "durable": ".functions",
    "keyed_object": ".objects",
}


def __getattr__(name: str) -> Any:
    module = _of_workers.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(module, __name__), name)
    except ModuleNotFoundError as error:
        # `google` is a namespace of many packages, so its name alone does not show which package to install.
        if (error.name or "").split(".")[0] != "google":
            raise
        raise ModuleNotFoundError(
            f"tutti.{name} needs the package protobuf. Install it: pip install protobuf", name="google.protobuf"
        ) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_of_workers})


__all__ = [
    "Aborted",
    "AlreadyExists",
    "AskedModel",
    "AsyncClient",
    "AsyncLock",
    "AsyncMission",
    "AsyncRun",
    "AsyncSchedule",
    "AsyncSession",
    "AsyncTrigger",
    "Budget",
    "Busy",
    "Cancelled",
    "Client",
    "Credentials",
    "DeadlineExceeded",
    "DurableFunction",
    "Estimate",
    "Event",
    "FailedPrecondition",
    "FunctionContext",
    "InvalidArgument",
    "KeyedObject",
    "Lock",
    "Mission",
    "NotEnded",
    "NotFound",
    "OptionInvalid",
    "PermissionDenied",
    "ResourceExhausted",
    "Retry",
    "Run",
    "RunCancelled",
    "RunFailed",
    "RunTerminated",
    "Schedule",
    "Session",
    "SessionOrchestrator",
    "StepFailure",
    "TaskContext",
    "TaskFailure",
    "TaskLogger",
    "Trace",
    "Trigger",
    "TuttiError",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Worker",
    "WorkerRefused",
    "Workflow",
    "__version__",
    "aconnect",
    "connect",
    "current_task",
    "durable",
    "keyed_object",
]
