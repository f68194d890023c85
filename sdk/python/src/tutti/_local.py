"""The platform of the folder or of one above it, which `tutti dev` and `tutti cluster up` record in files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

#: Only this machine: a folder from elsewhere must not send keys to another machine.
_loopback_form = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}")

USUAL_URL = "http://127.0.0.1:7400"


def default_url(folder: str = ".") -> str:
    """Return the URL of the platform of a folder, or else the default.

    The platform may be stopped: its data names its last URL, so that no client reaches the
    platform of another folder instead. Without data in the folder, the nearest one above counts.
    """
    here = Path(folder).resolve()
    for home in (here, *here.parents):
        data = home / ".tutti"
        files = [data / "lock.json", data / "cluster" / "cluster.json"]
        if any(_is_own(file) for file in files):
            known = [record for file in files if (record := _record_in(file)) is not None]
            running = [url for url, pid in known if _is_alive(pid)]
            return next(iter([*running, *(url for url, _ in known)]), USUAL_URL)
    return USUAL_URL


def _is_own(path: Path) -> bool:
    """False for a file of another user, whose platform must not get keys of this one."""
    try:
        return os.name == "nt" or path.stat().st_uid == os.getuid()
    except OSError:
        return False


def _are_local(urls: str) -> bool:
    """A cluster has one URL for each gateway, with commas between them."""
    return all(_loopback_form.fullmatch(url) for url in urls.split(","))


def _record_in(path: Path) -> tuple[str, object] | None:
    try:
        holder = json.loads(path.read_text("utf-8"))
        url = holder["url"]
        return (url, holder.get("pid")) if _are_local(url) and _is_own(path) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        # No platform of this user has its data here.
        return None


def _is_alive(pid: object) -> bool:
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
