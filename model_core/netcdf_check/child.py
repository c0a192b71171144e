"""The process that opens NetCDF files first: it may crash, and the engine does not.

Started by its path, so that nothing but the netCDF library is loaded. On stdin a JSON text a line, the path; on stdout a
JSON object when it is ready, and one for each path: ``{}`` where all is well, else ``error``; ``memory`` where there was too
little of it; or ``library`` where the netCDF library can't be loaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import netCDF4

ENDLESS = 97  # exit status: the library finds no end
_CPU_SECONDS = 6.0  # a header with thousands of variables takes one or two
_POLL_SECONDS = 0.5


def look(path: str) -> dict[str, str]:
    """Read the header of a file: groups, dimensions, variables, attributes; no data."""
    import netCDF4

    try:
        with netCDF4.Dataset(path) as file:
            _read_group(file)
    except MemoryError as error:
        return {"memory": str(error)}
    except Exception as error:  # of whatever class: the file can't be used
        return {"error": str(error)}
    return {}


def _read_group(group: "netCDF4.Dataset") -> None:
    for dimension in group.dimensions.values():
        len(dimension)
    for holder in (group, *group.variables.values()):
        for name in holder.ncattrs():
            with contextlib.suppress(KeyError, TypeError, UnicodeError):  # of a kind that Python has not: that is no damage
                holder.getncattr(name)
    for inner in group.groups.values():
        _read_group(inner)


class _Watch(threading.Thread):
    """Ends the process where one file takes more CPU time than any sound one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.begun: float | None = None

    def run(self) -> None:
        while True:
            time.sleep(_POLL_SECONDS)
            begun = self.begun
            if begun is not None and time.process_time() - begun > _CPU_SECONDS:
                os._exit(ENDLESS)


def _crash_quietly() -> None:
    """No core file, and on Windows no dialog; Ctrl-C is for the engine, whose end is this process's end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)  # SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _load() -> dict[str, str]:
    try:
        import netCDF4  # noqa: F401
    except ImportError as error:
        return {"library": str(error)}
    except MemoryError as error:
        return {"memory": str(error)}
    return {}


def main() -> None:
    """Answer until stdin ends."""
    _crash_quietly()
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a library prints is no reply
    ready = _load()
    print(json.dumps(ready), file=replies, flush=True)
    if ready:
        return
    watch = _Watch()
    watch.start()
    for line in sys.stdin.buffer:
        watch.begun = time.process_time()
        reply = look(json.loads(line))
        watch.begun = None
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
