"""Exposures as a table, and that table as GeoPackage, CSV or GeoParquet."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Sequence

import pandas as pd

from model_core.atomic_file import atomic_file
from model_core.exposure.measures import Exposure
from model_core.polygons import Polygons
from model_core.provenance.record import Record
from model_core.provenance.writing import table_with
from model_core.temporary_folder import TemporaryFolder

SUFFIXES = (".gpkg", ".csv", ".parquet")
LAYER, STEPS = "exposure", "steps"
MEAN, ALL = "mean", "all"  # the step that is the mean over time, and the name of the row that is the whole


def column(prefix: str, number: float) -> str:
    """Such as ``above_35`` or ``p97_5``; a point in a name would have to be quoted everywhere."""
    return f"{prefix}{number:g}".replace(".", "_").replace("-", "minus")


def rows_of(
    found: Sequence[Exposure], names: Sequence[str], step: str, unit: str, limits: Sequence[float], percentages: Sequence[float]
) -> list[dict[str, Any]]:
    """One row for the whole, with id 0, and one for each polygon; people as numbers, shares from 0 to 1."""
    return [
        {
            "id": number,
            "name": name,
            "step": step,
            "people": exposure.people,
            "counted": exposure.counted,
            "outside": exposure.outside,
            "no_value": exposure.no_value,
            "unit": unit,
            "mean": exposure.mean,
            **{column("p", percentage): value for percentage, value in zip(percentages, exposure.percentiles)},
            **{column("above_", limit): value for limit, value in zip(limits, exposure.above)},
            **{column("share_above_", limit): value for limit, value in zip(limits, exposure.shares_above)},
        }
        for number, (name, exposure) in enumerate(zip((ALL, *names), found))
    ]


def write_table(out: Path, rows: list[dict[str, Any]], steps: list[dict[str, Any]], polygons: Polygons | None, record: Record) -> None:
    """Write under the final name when complete.

    A GeoPackage has the layer `exposure` with the polygons and, of several steps, the table `steps`. CSV and Parquet hold both, one
    after the other; Parquet has the polygon in the first rows only, and CSV nowhere.

    Parameters
    ----------
    rows : of the mean over time, or of the only field
    steps : of each step; empty where there is one
    record : how it was made; in the metadata of a GeoPackage or Parquet, CSV has no place for it
    """
    suffix, table = out.suffix.lower(), pd.DataFrame(rows)
    with atomic_file(out) as partial:
        if suffix == ".csv":
            pd.DataFrame(rows + steps).to_csv(partial, index=False, float_format="%.8g", lineterminator="\n")
        elif suffix == ".parquet":
            every = pd.DataFrame(rows + steps)
            table_with(every if polygons is None else _with_shapes(every, polygons), record).to_parquet(partial)
        else:
            layer = table if polygons is None else _with_shapes(table, polygons)
            with TemporaryFolder() as folder:  # GDAL keeps a journal beside a GeoPackage
                _write_layers(folder / "exposure.gpkg", layer, pd.DataFrame(steps), record)
                shutil.copyfile(folder / "exposure.gpkg", partial)


def _with_shapes(table: pd.DataFrame, polygons: Polygons) -> Any:
    import geopandas

    shapes = [None, *polygons.shapes]
    shapes += [None] * (len(table) - len(shapes))
    return geopandas.GeoDataFrame(table, geometry=geopandas.GeoSeries(shapes, crs=polygons.crs.to_wkt()))


def _write_layers(path: Path, layer: Any, steps: pd.DataFrame, record: Record) -> None:
    import geopandas
    import pyogrio

    more = {"geometry_type": "MultiPolygon", "promote_to_multi": True} if isinstance(layer, geopandas.GeoDataFrame) else {}
    pyogrio.write_dataframe(layer, path, layer=LAYER, driver="GPKG", layer_metadata=record.stated(), **more)
    if len(steps):
        pyogrio.write_dataframe(steps, path, layer=STEPS, driver="GPKG")
