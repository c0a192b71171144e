"""What a CTM file holds: grid, times, variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_core.ctm import inspection
from model_core.jobs.requests import required
from model_core.progress import Progress


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Describe a NetCDF file without reading its fields."""
    return {"file": str(required(request, "file"))} | inspection.inspect(Path(request["file"]))
