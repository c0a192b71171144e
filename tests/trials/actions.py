"""What is asked of the engine in a case of bad input, and whether its answer is sane."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np


class WrongAnswer(Exception):
    """An answer that is wrong, without a word."""


def read_stations(request: Any, expected: dict[str, Any]) -> None:
    """The job of that name; every row is accounted for, every reading is possible, and what was not damaged is as it was."""
    import pandas as pd

    from model_core.jobs import JOBS
    from model_core.progress import Progress
    from model_core.variables import get_variable

    result = JOBS["read-stations"](request, Progress())
    account = result["readings"]
    _require(account["rows"] == account["used"] + sum(account["dropped"].values()), f"the account does not add up: {account}")
    table = pd.read_csv(request["out"], dtype={"station": str, "day": str}, keep_default_na=False)
    low, high = get_variable("pm25").limits
    _require(len(table) == result["rows"] > 0, "rows are missing")
    _require(bool(np.isfinite(table[["x", "y", "value"]].to_numpy(float)).all()), "a number is not finite")
    _require(bool(table["value"].between(low, high).all()), f"a reading is out of {low} to {high}")
    _require(bool((table["x"].abs() <= 540).all() and (table["y"].abs() <= 90).all()), "a place is not on the Earth")
    if expected.get("rows"):
        known = {(row[0], row[1]): row[2:] for row in expected["rows"]}
        for station, day, x, y, value in table[["station", "day", "x", "y", "value"]].itertuples(index=False):
            should = known.get((station, day))
            if should is not None and not np.allclose(should, (x, y, value), atol=2e-4):
                raise WrongAnswer(f"{station} on {day} was {should} and became {(x, y, value)}")


def ctm(request: Any, expected: dict[str, Any]) -> None:
    """A CTM file is described, gives its grid, and its fields; values are possible ones."""
    from model_core.ctm.fields import read_ctm
    from model_core.ctm.inspection import inspect
    from model_core.errors import ReanalysisError
    from model_core.grid_from_file import read_grid
    from model_core.progress import Progress

    path, error, progress = Path(request["file"]), None, Progress()
    for read in (inspect, read_grid, read_ctm):
        try:
            answer = read_ctm(path, progress=progress) if read is read_ctm else read(path)
        except ReanalysisError as refused:
            error = error or refused
            continue
        if read is read_ctm:
            _possible(answer, " ".join(progress.warnings))
    if error is not None:
        raise error


def _possible(answer: Any, warned: str) -> None:
    from model_core.variables import get_variable

    for key, values in {**answer.fields, **answer.static}.items():
        low, high = get_variable(key).limits
        known = values[np.isfinite(values)]
        _require(not np.isinf(values).any(), f"{key} is infinite somewhere")
        inside = not len(known) or low <= known.min() and known.max() <= high
        _require(inside or "beyond the plausible" in warned, f"{key} is out of {low} to {high}, without a warning")
        _require(values.shape[-2:] == answer.grid.shape, f"{key} is not of the grid")
    _require(all(1900 <= day.year <= 2200 for day in answer.times), f"days of {answer.times[:1]}")


def job(request: Any, expected: dict[str, Any]) -> None:
    """Any job by its name; numbers of its result are finite."""
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    result = JOBS[request["command"]](request["request"], Progress())
    for name, value in (result.get("statistics") or {}).items():
        _require(np.isfinite(value), f"{name} of the field is {value}")


def configuration(request: Any, expected: dict[str, Any]) -> None:
    """A configuration is read, and its network made."""
    from model_core.configuration import read_configuration
    from model_core.network.reanalysis_network import ReanalysisNetwork

    network, _ = read_configuration(request["config"])
    ReanalysisNetwork(network)


def grid(request: Any, expected: dict[str, Any]) -> None:
    """A grid is parsed, described, and points of the Earth are found on it."""
    from model_core.grid import parse_grid

    found = parse_grid(request["grid"])
    described = found.describe()
    rows, columns = found.locate(np.array([110.0, -60.0]), np.array([30.0, 5.0]), "EPSG:4326")
    _require(np.isfinite(found.cell_size_km) and found.cell_size_km > 0, f"cells of {found.cell_size_km} km")
    _require(np.isfinite(described["bounds"]).all(), f"bounds {described['bounds']}")
    _require(len(str(found)) < 2000 and rows.shape == columns.shape == (2,), "not two points")


ACTIONS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "read-stations": read_stations,
    "ctm": ctm,
    "job": job,
    "configuration": configuration,
    "grid": grid,
}


def _require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise WrongAnswer(otherwise)
