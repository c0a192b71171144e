"""What a file of fields holds: GeoTIFF, NetCDF, Zarr or GRIB, as this software writes them or as CF has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np
import rasterio

from model_core.ctm.ctm_file import CTMFile, OpenFiles
from model_core.ctm.formats.dates import time_of_file
from model_core.ctm.formats.opening import holds_fields
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.grid_from_file import read_grid
from model_core.units import convert
from model_core.variable_table import VariableTable
from model_core.variables import Variable, get_variable

RASTER_SUFFIXES = (".tif", ".tiff")
_SD_IN_WORDS = "standard deviation of a station's reading"
# Gases' mixing ratios need the state of the air, which a raster does not hold.
_REMEDY = "give NetCDF with the temperature and pressure of the air, or fields in ug m-3"


@dataclass(frozen=True)
class FieldFile:
    """One file, as its header describes it.

    Attributes
    ----------
    path : of the file or Zarr store
    grid : of its fields
    species : key of the variable
    unit : as the file states it
    times : datetime64[s] of each field; of daily fields the start of the day, of others as the file counts them
    daily : whether each field is of a whole day; None where a single time can't tell
    zone : time zone of the times, "" where the file does not say; times of hours are UTC then
    model : hash of the model that made the fields, "" where the file names none
    sd : what holds the standard deviation, a variable's name or a band; None where there is none
    quantiles : whether it holds quantiles beside the field
    notes : how the file was understood, for the log
    doubts : what was assumed of it, which the user should check
    """

    path: Path
    grid: Grid
    species: str
    unit: str
    times: np.ndarray
    daily: bool | None
    zone: str
    model: str
    sd: str | int | None
    quantiles: bool
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


class FieldReader:
    """Describes files and reads fields from them; a few files are kept open. A context manager.

    Parameters
    ----------
    table : of the known variables
    """

    def __init__(self, table: VariableTable):
        self._files = OpenFiles(table)

    def __enter__(self) -> "FieldReader":
        return self

    def __exit__(self, *error: object) -> None:
        self._files.__exit__(*error)

    def describe(self, path: Path, species: str | None) -> FieldFile:
        """What the header says.

        Parameters
        ----------
        species : key of the variable that is wanted; None where the file tells it

        Raises
        ------
        InputError
            If the file can't be read, is of another kind, or does not hold the species, its unit or its times.
        """
        if is_raster(path):
            return _describe_raster(path, species)
        if not holds_fields(path):
            raise InputError(f"'{path}' is neither NetCDF, Zarr, GRIB nor GeoTIFF; give files of fields")
        return _describe_netcdf(self._files.get(path), species)

    def read(self, file: FieldFile, steps: Sequence[int], with_sd: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
        """(fields, their standard deviations or None) of some times, float32 (times, rows, columns) in the canonical unit, row 0 north.

        Raises
        ------
        InputError
            If the file is damaged there.
        """
        if is_raster(file.path):
            return _read_raster(file, with_sd)
        ctm = self._files.get(file.path)
        way = ctm.yields()[file.species]
        fields = ctm.fields(way, steps)
        if not with_sd:
            return fields, None
        variable = ctm.dataset[file.sd]
        where = f"variable '{file.sd}' of '{file.path}'"
        sd = ctm.layout.surface_fields(variable, steps)
        return fields, convert(sd, str(variable.attrs.get("units", "")), get_variable(file.species).unit, where)


def is_raster(path: Path) -> bool:
    """Whether the file is a GeoTIFF by its name."""
    return path.suffix.lower() in RASTER_SUFFIXES


def find_field_files(paths: Sequence[str | Path]) -> list[Path]:
    """The named files; a folder stands for the fields in it, a name with * or ? for the files that fit.

    Raises
    ------
    InputError
        If there is no such file, or none in the folder, or the folder holds GeoTIFF beside NetCDF.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists() and any(sign in path.name for sign in "*?["):
            inside = sorted(file for file in path.parent.glob(path.name) if not file.name.startswith("."))
            if not inside:
                raise InputError(f"no file fits '{path}'")
            found += inside
        elif not path.exists():
            raise InputError(f"file '{path}' does not exist")
        elif path.is_dir() and not holds_fields(path):
            found += _inside(path)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _inside(folder: Path) -> list[Path]:
    files = [file for file in sorted(folder.iterdir()) if not file.name.startswith(".")]
    rasters, others = [file for file in files if is_raster(file)], [file for file in files if not is_raster(file) and holds_fields(file)]
    if rasters and others:
        raise InputError(
            f"folder '{folder}' holds GeoTIFF ('{rasters[0].name}') and others ('{others[0].name}'); name those that are meant, such as "
            "'*.tif'"
        )
    if not rasters and not others:
        raise InputError(f"folder '{folder}' holds no GeoTIFF, NetCDF or GRIB file and no Zarr store")
    return rasters or others


def _describe_netcdf(file: CTMFile, species: str | None) -> FieldFile:
    attributes, layout = file.dataset.attrs, file.layout
    given = {key: way for key, way in file.yields().items() if not way.variable.static}
    concentrations = [key for key, way in given.items() if way.variable.unit == "ug m-3"]
    species = _chosen(species, str(attributes.get("species", "")), concentrations if len(concentrations) == 1 else list(given), file.path)
    if species not in given:
        found = ", ".join(given) or "no known field"
        raise InputError(f"'{file.path}' holds no {get_variable(species).long_name} ({species}); it holds {found}")
    way = given[species]
    file.check(way)
    if layout.times is None or not len(layout.times):
        raise InputError(f"'{file.path}' has no time axis and no date in its attributes or name, so its day is not known; add one")
    named = str(layout.time_dims[0]) if layout.time_dims else ""
    stated = file.dataset[named].attrs.get("time_zone", "") if named in file.dataset.variables else ""
    daily = True if layout.days is not None else None if layout.step_hours is None else False
    times = layout.times if layout.days is None else layout.days
    names = [str(name) for name in file.dataset.data_vars]
    beside = [name for name in names if name.startswith(f"{way.names[0]}_")]
    return FieldFile(
        file.path,
        layout.grid,
        species,
        str(file.dataset[way.names[0]].attrs.get("units", "")),
        times.astype("datetime64[s]"),
        daily,
        str(stated),
        str(attributes.get("model_sha256", "")),
        next((name for name in beside if name.endswith("_sd")), None),
        any(name[-3:-2] == "q" and name[-2:].isdigit() for name in beside),
        (*layout.notes, *file.surface_notes()),
        (*file.level_doubts(), *([way.remark] if way.remark else [])),
    )


def _describe_raster(path: Path, species: str | None) -> FieldFile:
    grid = read_grid(path)
    with rasterio.open(path) as raster:
        tags, descriptions, unit = raster.tags(), [text or "" for text in raster.descriptions], raster.units[0] or ""
    species = _chosen(species, tags.get("species", ""), None, path)
    if not unit:
        raise InputError(f"'{path}' states no unit; write it into the band, for example with gdal_edit -units 'ug m-3'")
    convert([1.0], unit, get_variable(species).unit, f"band 1 of '{path}'", remedy=_REMEDY)
    found = time_of_file(tags, path)
    if found is None:
        raise InputError(f"neither the tags nor the name of '{path}' say its day; name it such as pm25_2019-01-05.tif")
    sd = next((number for number, text in enumerate(descriptions, start=1) if text.startswith(_SD_IN_WORDS)), None)
    return FieldFile(
        path,
        grid,
        species,
        unit,
        np.array([found.time], "datetime64[s]"),
        found.daily,
        tags.get("time_zone", ""),
        tags.get("model_sha256", ""),
        sd,
        any("quantile of a station's reading" in text for text in descriptions),
    )


def _read_raster(file: FieldFile, with_sd: bool) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with rasterio.open(file.path) as raster:
            bands = raster.read([1, file.sd] if with_sd else [1], masked=True).astype(np.float32).filled(np.nan)
    except rasterio.errors.RasterioIOError as error:
        raise InputError(f"'{file.path}' is damaged ({error}); copy or make it again") from error
    variable: Variable = get_variable(file.species)
    bands = convert(bands, file.unit, variable.unit, f"band 1 of '{file.path}'", remedy=_REMEDY)
    return bands[:1], bands[1:2] if with_sd else None


def _chosen(asked: str | None, stated: str, there: list[str] | None, path: Path) -> str:
    """The species that was asked for, or that the file names, or the only one of those that it holds (None: a raster does not say)."""
    if asked:
        if stated and stated != asked:
            raise InputError(f"'{path}' is of {stated}, not of {asked}; leave it out, or ask for {stated}")
        return get_variable(asked).key
    if stated:
        return get_variable(stated).key
    if there == []:
        raise InputError(
            f"'{path}' holds no field of a known species with a time; leave it out, or describe it in a table of variables (--variables)"
        )
    if there and len(there) == 1:
        return there[0]
    what = f"holds {', '.join(there)}" if there else "does not say which species it is of"
    raise InputError(f"'{path}' {what}; name the one to aggregate (--species)")
