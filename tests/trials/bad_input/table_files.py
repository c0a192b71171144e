"""The readings of the small world as tables of every kind."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any, Sequence

import pandas as pd

KINDS = ("csv", "tsv", "xlsx", "ods", "parquet", "geo.parquet", "gpkg", "geojson", "fgb", "shp", "csv.gz", "csv.zip", "shp.zip")
_DRIVERS = {"gpkg": "GPKG", "geojson": "GeoJSON", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}


def write_all(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write ``table.KIND`` of every kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        write(folder / f"table.{kind}", pd.DataFrame(list(rows)))


def kind_of(path: Path) -> str:
    """The kind of a table by its name."""
    return path.name.partition(".")[2]


def write(path: Path, table: pd.DataFrame) -> None:
    """Write a table of the kind that its name says."""
    import geopandas

    kind = kind_of(path)
    if kind in ("csv", "tsv"):
        path.write_bytes(text(table, kind))
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(text(table, "csv"), mtime=0))
    elif kind == "csv.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("table.csv", text(table, "csv"))
    elif kind == "parquet":
        table.to_parquet(path)
    elif kind in ("xlsx", "ods"):
        import pyogrio

        pyogrio.write_dataframe(table, path, driver=kind.upper(), layer="readings")
    elif kind == "shp.zip":
        inner = path.with_name("inner.shp")
        write(inner, table)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(path.parent.glob("inner.*")):
                archive.write(part, part.name)
                part.unlink()
    else:
        lon, lat = (pd.to_numeric(table.get(name), errors="coerce") for name in ("lon", "lat"))
        points = geopandas.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=geopandas.points_from_xy(lon, lat), crs="EPSG:4326")
        if kind == "geo.parquet":
            points.to_parquet(path)
        else:
            points.to_file(path, driver=_DRIVERS[kind], engine="pyogrio")


def text(table: pd.DataFrame, kind: str) -> bytes:
    """As CSV or TSV."""
    return table.to_csv(index=False, sep="\t" if kind == "tsv" else ",").encode()
