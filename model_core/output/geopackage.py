"""Points, written as a GeoPackage."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.errors import OutputError
from model_core.provenance.record import Record

if TYPE_CHECKING:
    import geopandas

# A file under way has another ending until it is complete.
warnings.filterwarnings("ignore", message="The filename extension should be 'gpkg'", category=RuntimeWarning)


def write_geopackage(
    path: Path, points: "geopandas.GeoDataFrame", layer: str, name: Path | None = None, record: Record | None = None
) -> None:
    """Write one layer into a new file; what a killed process left there, the journal of SQLite too, goes first.

    Parameters
    ----------
    name : how the file is called in messages; default: its path
    record : how it was made, for the metadata of the layer

    Raises
    ------
    OutputError
        If it can't be written; GDAL reports a full disk as whatever failed because of it.
    """
    import pyogrio

    errors = pyogrio.errors
    journal = path.with_name(f"{path.name}-journal")
    try:
        for old in (path, journal):  # SQLite makes its own file, and takes an empty one for a damaged one
            old.unlink(missing_ok=True)
        points.to_file(path, driver="GPKG", layer=layer, engine="pyogrio", metadata=record.stated() if record else None)
    except (OSError, errors.DataSourceError, errors.DataLayerError, errors.FeatureError, errors.FieldError, errors.GeometryError) as error:
        raise OutputError(f"can't write '{name or path}': {error}; is there room on the disk?") from error
    finally:
        with suppress(OSError):  # the first error says more
            journal.unlink(missing_ok=True)
