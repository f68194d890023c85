"""Runs a Python program that ends with the process that started it, as tools/leash.mjs does for Node.

    python3 tools/leash.py PROGRAM

The pipe at descriptor 3 closes when the process at its other end ends in any way. If this Python cannot run workers, the
program prints the reason in one line and exits with 69, so that the caller can try another Python.
"""

import json
import os
import runpy
import signal
import sys
import threading

OLDEST = (3, 11)
UNFIT = 69


def unfit(reason: str) -> None:
    print(json.dumps({"level": "info", "message": f"{sys.executable} {reason}"}), file=sys.stderr)
    sys.exit(UNFIT)


def end_with_the_launcher() -> None:
    try:
        while os.read(3, 1):
            pass
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGTERM)


if sys.version_info < OLDEST:
    unfit(f"is Python {sys.version_info.major}.{sys.version_info.minor}; expected 3.11 or newer")
try:
    from google import protobuf  # noqa: F401
except ImportError as error:
    unfit(f"cannot import {error.name or error}")

threading.Thread(target=end_with_the_launcher, name="leash", daemon=True).start()
sys.argv = sys.argv[1:]
sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
