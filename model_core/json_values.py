"""Values as JSON can hold them."""

from __future__ import annotations

import math
from datetime import date as Date
from pathlib import Path
from typing import Any


def finite(value: Any) -> Any:
    """The same nested value; JSON has no NaN and no infinity: None stands for them; numbers of numpy, dates and paths have their likes."""
    if isinstance(value, dict):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return finite(value.tolist())
    if isinstance(value, (Date, Path)):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
