"""The platform of the current folder, which `tutti dev` and `tutti cluster up` record in its files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

#: Only this machine: a folder from elsewhere must not send keys to another machine.
_loopback_form = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}")

USUAL_URL = "http://127.0.0.1:7400"


def default_url(folder: str = ".") -> str:
    """Return the URL of the platform that runs in a folder, or else the default.

    After `kill -9` the file remains, so its process must run.
    """
    data = Path(folder, ".tutti")
    return _url_in(data / "lock.json") or _url_in(data / "cluster" / "cluster.json") or USUAL_URL


def _url_in(path: Path) -> str | None:
    try:
        holder = json.loads(path.read_text("utf-8"))
        url, pid = holder["url"], holder["pid"]
        return url if _loopback_form.fullmatch(url) and _is_alive(pid) else None
    except (OSError, ValueError, TypeError, KeyError):
        # No platform of this user has its data here.
        return None


def _is_alive(pid: int) -> bool:
    if type(pid) is not int or pid <= 0:
        return False
    # On Windows signal 0 would end the process.
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return True
