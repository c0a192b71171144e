"""Fields of a daily store as the training reads them: a day at a time, the last few kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Iterator, Mapping

import numpy as np
import torch

from model_core.ctm.daily_store import DailyStore
from model_core.free_memory import free_memory

# About a month of three variables on the paper's grid: enough for short series to be read once, and no more for long ones.
CACHE_BYTES = 64_000_000
# A graphics card is through with a batch before its fields are read: each process that draws for it keeps this share of the free memory.
CARD_SHARE = 1 / 32


def cache_for(device: torch.device) -> int:
    """Bytes of fields that a training on a device keeps."""
    free = free_memory(torch.device("cpu")) if device.type == "cuda" else None
    return max(CACHE_BYTES, int(CARD_SHARE * free)) if free else CACHE_BYTES


class RecentFields:
    """Fields read lately, the oldest given up first, shared by all stores of a training; safe to use from several threads."""

    def __init__(self, limit_bytes: int = CACHE_BYTES):
        self._limit, self._held = limit_bytes, 0
        self._fields: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, store: DailyStore, variable: str, day: int) -> np.ndarray:
        """A field, read-only, from memory or from the store."""
        key = (id(store), variable, day)
        with self._lock:
            if key in self._fields:
                self._fields.move_to_end(key)
                return self._fields[key]
            field = np.asarray(store.field(variable, day), np.float32)
            field.flags.writeable = False
            self._fields[key] = field
            self._held += field.nbytes
            while self._held > self._limit and len(self._fields) > 1:
                self._held -= self._fields.popitem(last=False)[1].nbytes
            return field


class StoredVariable:
    """A variable's days as a sequence of fields that are read when they are asked for."""

    def __init__(self, store: DailyStore, variable: str, recent: RecentFields):
        self._store, self._variable, self._recent = store, variable, recent

    def __len__(self) -> int:
        return len(self._store.times)

    def __getitem__(self, day: int) -> np.ndarray:
        return self._recent.get(self._store, self._variable, day)


class StoredFields(Mapping):
    """The station variables of a store, as `TrainingDays.fields` wants them."""

    def __init__(self, store: DailyStore, variables: tuple[str, ...], recent: RecentFields):
        self._variables = {name: StoredVariable(store, name, recent) for name in variables if name in store.variables}

    def __getitem__(self, name: str) -> StoredVariable:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)
