"""The real worker with a few more jobs: each meets a misfortune that real jobs meet, for real."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.worker import serve


def echo(request, progress):
    progress.log("listening")
    progress.warn("an echo")
    progress.step(0.5, "half")
    return {"heard": request, "imported_torch": "torch" in sys.modules, "pid": os.getpid()}


def chatter(request, progress):
    print("a Python print")
    os.write(1, b"a C library's print\n")
    subprocess.run([sys.executable, "-c", "print('a child process prints')"], check=True)
    return {"read": sys.stdin.read()}


def patient(request, progress):
    for step in range(int(request.get("seconds", 60) / 0.02)):
        progress.step(step / 3000, "waiting")
        time.sleep(0.02)
    return {"waited": True}


def deaf(request, progress):
    """Writes an unfinished output, starts a child of its own, and hears no cancel."""
    if "out" in request:
        out = Path(request["out"])
        out.with_name(f".{out.name}.partial").write_text("half a result")
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    progress.step(0.1, f"child {child.pid}")
    time.sleep(60)
    return {}


def too_large(request, progress):
    return {"size": len(bytearray(1 << 62))}


def tensor_too_large(request, progress):
    import torch

    return {"size": torch.zeros(1 << 60).numel()}


def library_missing(request, progress):
    import a_library_that_nobody_has

    return {"never": a_library_that_nobody_has}


def dll_missing(request, progress):
    kind = {"OSError": OSError, "ImportError": ImportError}[request["error"]]
    raise kind('[WinError 126] The specified module could not be found. Error loading "c10.dll" or one of its dependencies.')


def refuse(request, progress):
    raise InputError("field 'pm25' holds text")


def fault(request, progress):
    return {"never": 1 / 0}


def library_exits(request, progress):
    sys.exit(3)


def not_json(request, progress):
    return {"value": object()}


def crash(request, progress):
    progress.step(0.1, "soon")
    os.kill(os.getpid(), getattr(signal, request["signal"]))
    time.sleep(10)


JOBS.update(
    {
        "echo": echo,
        "chatter": chatter,
        "patient": patient,
        "deaf": deaf,
        "too-large": too_large,
        "tensor-too-large": tensor_too_large,
        "library-missing": library_missing,
        "dll-missing": dll_missing,
        "refuse": refuse,
        "fault": fault,
        "library-exits": library_exits,
        "not-json": not_json,
        "crash": crash,
    }
)

if __name__ == "__main__":
    sys.exit(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
