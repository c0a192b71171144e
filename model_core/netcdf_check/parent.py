"""Asks the process that opens NetCDF files first (`child.py`), and says what became of it."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess  # starting that process is what this file is for  # nosec B404
import sys
import threading
from pathlib import Path

from model_core.errors import InputError
from model_core.netcdf_check.child import ENDLESS
from model_core.netcdf_path import netcdf_path

_PROGRAM = Path(__file__).with_name("child.py")
_CRASHES = tuple(getattr(signal, name) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL") if hasattr(signal, name))
_END_SECONDS = 5.0


def check_netcdf(path: str | Path) -> None:
    """Return if the library opens the file and reads its header, all in another process; data are not read.

    A file that is sound, or has crashed the library, is not looked at again until its size or time changes.

    Raises
    ------
    InputError
        If the file is damaged: the library refuses it, crashes, or finds no end.
    OSError
        If there is no such file.
    """
    _CHECK.check(Path(path))


class _Check:
    """The process, which is kept for the next files, and what was found for good: file, size, time -> error; "" where it is sound."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen | None = None
        self._asked = 0
        self.found: dict[tuple[str, int, int], str] = {}

    def check(self, path: Path) -> None:
        state = path.stat()
        known = (str(path.absolute()), state.st_size, state.st_mtime_ns)
        with self._lock:
            if known not in self.found:
                reply = self._ask(netcdf_path(path.absolute()))
                if "memory" in reply:
                    raise MemoryError(reply["memory"])
                error = reply.get("error", "")
                if not error or "status" in reply:  # another error may pass, such as that of a file that may not be read
                    self.found[known] = error
            else:
                error = self.found[known]
        if error:
            raise InputError(f"'{path}' is a damaged or incomplete NetCDF file ({error}); copy or download it again")

    def close(self) -> int:
        """End the process; its exit status."""
        child, self._child, self._asked = self._child, None, 0
        if child is None:
            return 0
        try:
            child.stdin.close()
        except OSError:  # it is gone, and with it the line that it did not read
            pass
        child.stdout.close()
        try:
            return child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def _ask(self, path: str) -> dict[str, str]:
        """The reply. After one that is not good the process is ended: the library may have spoilt its memory."""
        while True:
            if self._child is None:
                self._start()
            self._asked += 1
            try:
                line = self._say(path)
            except BaseException:  # interrupted: what it still says would be taken for the next file's
                if self._child is not None:
                    self._child.kill()
                self.close()
                raise
            if line:
                reply = json.loads(line)
                if reply:
                    self.close()
                return reply
            first, status = self._asked == 1, self.close()
            if first or status == ENDLESS:  # else it may have been an earlier file's doing: once more in a new process
                return {"error": _end_of(status), "status": str(status)}

    def _start(self) -> None:
        # OpenBLAS, which numpy loads, would reserve memory for each processor.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._child = subprocess.Popen(  # this Python, and a program of ours  # nosec B603
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # which only Windows has
        line = self._child.stdout.readline()
        reply = json.loads(line) if line else None
        if reply == {}:
            return
        status = self.close()
        if reply is None:
            raise RuntimeError(f"the process that opens NetCDF files first ended with status {status}")
        if "memory" in reply:
            raise MemoryError(reply["memory"])
        raise ImportError(reply["library"], name="netCDF4")

    def _say(self, path: str) -> bytes:
        try:
            self._child.stdin.write(json.dumps(path).encode() + b"\n")
            self._child.stdin.flush()
            return self._child.stdout.readline()
        except OSError:
            return b""


def _end_of(status: int) -> str:
    """What is wrong with the file by which the process ended; `MemoryError` or `RuntimeError` if that was not the file's doing."""
    if status == ENDLESS:
        return "the HDF5 library finds no end of its header"
    if -status in _CRASHES:
        return f"the HDF5 library crashed while it read the header: {signal.Signals(-status).name}"
    if status >= 0xC0000000:  # as Windows tells a crash
        return f"the HDF5 library crashed while it read the header: status 0x{status:X}"
    if -status == getattr(signal, "SIGKILL", None):  # by the system, where memory is short
        raise MemoryError("the process that opens NetCDF files first was killed")
    raise RuntimeError(f"the process that opens NetCDF files first ended with status {status}")


def _begin_anew() -> None:
    """After a fork the process belongs to the parent, and so does its lock."""
    global _CHECK
    found, _CHECK = _CHECK.found, _Check()
    _CHECK.found |= found


_CHECK = _Check()
atexit.register(lambda: _CHECK.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
