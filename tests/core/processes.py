"""What tests ask about real processes."""

import os
import signal
import time
from pathlib import Path


def is_running(pid):
    """Whether a process runs; one that ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def ends(pid, seconds=2.0):
    """Whether a process is gone within that time: a killed one takes a moment."""
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def children_of(pid):
    """Process ids of a process's children."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def kill(pid):
    os.kill(pid, signal.SIGKILL)
