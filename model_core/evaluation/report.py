"""The tables of an evaluation: `scores.json` with everything, `scores.csv` with a row for each day."""

from __future__ import annotations

import csv
import io
import json
import math
import tempfile
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from model_core.atomic_file import atomic_file
from model_core.errors import OutputError
from model_core.file_lock import only_one
from model_core.json_values import finite
from model_core.scores import SCORES

JSON, CSV, DAILY_PNG, PERIODS_PNG = "scores.json", "scores.csv", "daily_scores.png", "period_means.png"
CLASSES_CSV = "scores_by_class.csv"
NAMES = (JSON, CSV, CLASSES_CSV, DAILY_PNG, PERIODS_PNG)
CSV_COLUMNS = ("date", "stations", "n", *SCORES, "mean_true", "mean_reproduced")
CLASS_COLUMNS = ("by", "class", "days", "n", *SCORES, "mean_true", "mean_reproduced", *(f"daily_{score}" for score in SCORES))


@contextmanager
def evaluation_folder(folder: Path, shared: bool = False) -> Iterator[None]:
    """The folder is made where it is missing, so that a wrong one is told before the work and not after it; it is
    removed again if the work fails and left nothing in it.

    Parameters
    ----------
    shared : whether several runs may have it at once, as they have a cache

    Raises
    ------
    OutputError
        If it is a file, its parent is missing, nothing can be written there, or another run writes there.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"'{folder}' is a file; name a folder for the evaluation")
    if not folder.absolute().parent.is_dir():
        raise OutputError(f"folder '{folder.absolute().parent}' does not exist; create it, or choose another folder")
    is_new = not folder.exists()
    with nullcontext() if shared else only_one(folder):
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):  # which has no name that a killed run could leave
                pass
        except OSError as error:
            raise OutputError(f"can't write to the folder '{folder}': {error.strerror or error}; choose another") from error
        try:
            yield
        except BaseException:
            if is_new:
                with suppress(OSError):  # something is in it
                    folder.rmdir()
            raise


def write_files(folder: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Write files whole, each under its name only when it is complete; returns name -> path."""
    for name, content in contents.items():
        with atomic_file(folder / name) as partial:
            partial.write_bytes(content)
    return {name: str(folder / name) for name in contents}


def as_json(report: Mapping[str, Any]) -> bytes:
    """JSON for people and programs; a score that is not defined is null."""
    return (json.dumps(finite(dict(report)), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_csv(entries: Sequence[Mapping[str, Any]], columns: Sequence[str] = CSV_COLUMNS) -> bytes:
    """One row a day, or other entries; a score that is not defined is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({key: _cell(entry[key]) for key in columns})
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return f"{value:.7g}" if math.isfinite(value) else ""
