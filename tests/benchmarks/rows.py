"""The rows that benchmarks measure: printed, and handed to the table of `make benchmark` where that runs them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

VARIABLE = "CTM_REANALYSIS_BENCHMARK_ROWS"
_COMPARE = {"<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


@dataclass(frozen=True)
class Row:
    """One figure of the table.

    Attributes
    ----------
    name : what was measured
    value : None where it could not be; `note` says why
    unit : of the value
    ratio, against : the value set against another one of the same run, and what that is
    target : ``value <= 75`` or ``ratio >= 100``, where one is set
    note : how it was measured, where that matters for reading it
    """

    name: str
    value: float | None
    unit: str
    ratio: float | None = None
    against: str = ""
    target: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing to compare with it."""
        if not self.target:
            return None
        what, sign, bound = self.target.split()
        number = {"value": self.value, "ratio": self.ratio}[what]
        return None if number is None else _COMPARE[sign](number, float(bound))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, `met` among them."""
        return {**asdict(self), "met": self.met}

    def __str__(self) -> str:
        text = f"{self.name}: " + ("not measured" if self.value is None else f"{self.value:.4g} {self.unit}")
        if self.ratio is not None:
            text += f"; {self.ratio:.3g} x {self.against}"
        if self.target:
            text += f"; target {self.target}: " + {True: "met", False: "MISSED", None: "unknown"}[self.met]
        return text + (f" ({self.note})" if self.note else "")


def record(*rows: Row) -> None:
    """Print rows, and append them as JSON lines to the file that the runner named, if one runs this."""
    for row in rows:
        print(row, flush=True)
        if os.environ.get(VARIABLE):
            with open(os.environ[VARIABLE], "a", encoding="utf-8") as file:
                file.write(json.dumps(row.to_dict()) + "\n")
