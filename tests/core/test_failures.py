"""What is said of an error: its message, never endless, and memory called memory whoever ran out of it."""

import pytest

from model_core.errors import InputError
from model_core.failures import explain


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("std::bad_alloc"),
        RuntimeError("could not create a primitive"),
        RuntimeError("can't start new thread"),
        OSError("could not get source code"),
        SystemError("error return without exception set"),
        SystemError("<function f> returned NULL without setting an exception"),
        OSError(12, "Cannot allocate memory"),
        ImportError("_contourpy.so: failed to map segment from shared object"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: not enough memory: you tried"),
    ],
)
def test_a_lack_of_memory_is_called_that(error, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told = explain(error)
    assert told["kind"] == "OutOfMemory" and "smaller grid" in told["message"]


def test_a_message_with_an_endless_name_in_it_keeps_its_beginning_and_its_end():
    told = explain(InputError("file '" + "x" * 50_000 + "' does not exist"))["message"]
    assert len(told) < 2100 and told.startswith("file 'xxx") and told.endswith("xxx' does not exist") and " [...] " in told
