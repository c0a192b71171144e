"""What a cross-validation leaves in its folder: scores.json, scores_by_class.csv and .png, predictions.csv, points.gpkg, scatter.png."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import numpy as np
import pandas as pd

from model_core.errors import OutputError
from model_core.evaluation.report import as_json, write_files
from model_core.output.geopackage import write_geopackage
from model_core.provenance.record import Record
from model_core.temporary_folder import TemporaryFolder
from model_core.validation.class_figure import class_figure, drawn_methods
from model_core.validation.class_scores import COLUMNS
from model_core.validation.cross_validation import MODEL, CrossValidation
from model_core.validation.scatter import scatter_figure
from model_core.variables import get_variable

SCORES, PREDICTIONS, POINTS, FIGURE = "scores.json", "predictions.csv", "points.gpkg", "scatter.png"
CLASSES_CSV, CLASSES_PNG = "scores_by_class.csv", "scores_by_class.png"
LAYER = "residuals"
_KEYS, _LAST = ("id", "group", "fold", "x", "y", "time", "observed"), ("near_km", "given")


def write(
    folder: Path, result: CrossValidation, report: dict[str, Any], by_class: Sequence[dict[str, Any]], title: str, record: Record
) -> dict[str, str]:
    """Write the six files, each under its name only when it is complete; name -> path.

    Parameters
    ----------
    by_class : rows of `class_scores`
    record : how it was made; the report holds it too

    Raises
    ------
    OutputError
        If one can't be written.
    """
    return write_files(folder, contents(result, report, by_class, title, record))


def contents(
    result: CrossValidation, report: dict[str, Any], by_class: Sequence[dict[str, Any]], title: str, record: Record
) -> dict[str, bytes]:
    """What `write` writes, by name."""
    unit = get_variable(result.species).unit
    return {
        SCORES: as_json(report),
        CLASSES_CSV: classes_as_csv(by_class),
        PREDICTIONS: as_csv(result),
        POINTS: as_points(result, record),
        FIGURE: scatter_figure(result, title),
        CLASSES_PNG: class_figure(by_class, drawn_methods(result.methods), unit, title),
    }


def classes_as_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """A row for each grouping, class and method; a score that is not defined is an empty cell."""
    return pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, float_format="%.7g", lineterminator="\n").encode()


def as_csv(result: CrossValidation) -> bytes:
    """A row for each station and day: what was observed, and what each method said that was not given it.

    The model's mean is `predicted`, with `sd` and quantiles where it tells them; a baseline's mean has its name, a kriging's
    standard deviation `_sd` behind it. Then come `near_km`, the distance to the nearest station that was given, of a thinned
    network `given`, the number of its groups, and what the maps say at the station. Fold 0 is the first; an unknown value is an
    empty cell.
    """
    table = result.table.drop(columns=["lon", "lat"])
    last = [*(name for name in _LAST if name in table), *result.maps]
    first = [name for name in _KEYS if name in table]
    columns = [*first, *(name for name in table if name not in _KEYS and name not in last), *last]
    return table[columns].to_csv(index=False, float_format="%.7g", lineterminator="\n").encode()


def as_points(result: CrossValidation, record: Record) -> bytes:
    """A GeoPackage with a point for each station and day, in the CRS of the readings.

    `residual` is predicted minus observed (of the model; of the first baseline where there is no model), `idw_residual` and so on
    those of the others; `standardised` is the residual over the model's standard deviation, where it tells one.
    """
    import geopandas

    table, observed = result.table, result.table["observed"].to_numpy()
    columns = {name: table[name] for name in ("id", "group", "fold", "observed", *_LAST, *result.maps) if name in table}
    if table["time"].notna().any():
        columns["time"] = pd.to_datetime(table["time"])
    first, *others = result.methods
    columns |= {"predicted": result.prediction(first), "residual": result.prediction(first) - observed}
    if first == MODEL and "sd" in table:
        columns |= {name: table[name] for name in ("sd", "q05", "q50", "q95") if name in table}
        columns["standardised"] = np.divide(columns["residual"], table["sd"].to_numpy())
    columns |= {f"{name}_residual": result.prediction(name) - observed for name in others}
    points = geopandas.GeoDataFrame(columns, geometry=geopandas.points_from_xy(table["x"], table["y"]), crs=result.crs)
    try:
        with TemporaryFolder() as folder:  # GDAL keeps a journal beside a GeoPackage
            path = folder / POINTS
            write_geopackage(path, points, LAYER, record=record)
            return path.read_bytes()
    except (OSError, OutputError) as error:
        raise OutputError(f"can't write the residual points: {error}; make room in the folder for temporary files") from error
