"""What a result file says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from osgeo import gdal

from ..translate import tr

# Names in results and in the NetCDF of CTMs, by the plugin's name of the variable.
_NAMES = {
    "pm25": ("pm25", "pm25_tot", "pm25_frm", "pm2_5_dry", "pm2p5"),
    "rh": ("rh", "rh2"),
    "wind": ("wind", "wspd10"),
    "pm10": ("pm10",),
    "o3": ("o3",),
    "no2": ("no2",),
    "so2": ("so2",),
    "co": ("co",),
    "elevation": ("elevation", "ht"),
    "urban": ("urban", "purb", "urbfrac"),
}
LABELS = {
    "pm25": "PM2.5",
    "pm10": "PM10",
    "o3": "O₃",
    "no2": "NO₂",
    "so2": "SO₂",
    "co": "CO",
    "rh": tr("RH"),
    "wind": tr("Wind speed"),
    "elevation": tr("Elevation"),
    "urban": tr("Urban fraction"),
}

# A field of uncertainty is named after its variable and what it is, or said in words.
_STATISTIC = re.compile(r"_(sd|q\d\d)$")
_IN_WORDS = re.compile(r"(standard deviation|(\d+) % quantile) of a station's reading")


class UnreadableFile(Exception):
    """GDAL can't read the file; the message is GDAL's."""


@dataclass(frozen=True)
class FieldDescription:
    """A field in a file.

    Attributes
    ----------
    source : str
        What QGIS opens: the file, or the variable inside it.
    kind : str
        "reanalysis", "readings", or "" for anything else.
    variable : str
        "pm25", "rh", "wind", another that the engine knows, or the name in the file.
    label : str
        For people; of a variable that the plugin does not know, as the file calls it.
    unit : str
    days : tuple of date, or of datetime where the steps are hours
        Start of each band; empty where no day is known.
    statistic : str
        "sd", or a quantile such as "q05"; "" for the field itself.
    """

    source: str
    kind: str
    variable: str
    label: str
    unit: str
    days: tuple[date, ...]
    statistic: str = ""


def describe(path: str) -> FieldDescription:
    """Describe a GeoTIFF or NetCDF file, or one variable in a NetCDF (``NETCDF:"file":name``).

    Raises
    ------
    UnreadableFile
        If GDAL can't read it.
    """
    dataset = _open(path)
    inside = [name for name, _ in dataset.GetSubDatasets()]
    if inside and dataset.RasterCount == 0:
        path = min(inside, key=_rank)
        dataset = _open(path)
    tags, band = dataset.GetMetadata(), dataset.GetRasterBand(1)
    name = band.GetMetadataItem("NETCDF_VARNAME") or band.GetDescription()
    unit = band.GetUnitType() or band.GetMetadataItem("units") or ""
    kind = _kind(dataset, tags)
    statistic = _statistic(name) if kind == "reanalysis" else ""
    variable = _variable(_STATISTIC.sub("", name) if statistic else name, tags)
    label = LABELS.get(variable) or _long_name(dataset, band, variable) if kind else LABELS.get(variable, variable)
    return FieldDescription(path, kind, variable, label, unit, _days(dataset, tags), statistic)


def _long_name(dataset: gdal.Dataset, band: gdal.Band, variable: str) -> str:
    """What a result calls its variable: the attribute in a NetCDF, the description of the band in a GeoTIFF."""
    said = band.GetMetadataItem("long_name") or band.GetDescription() or variable
    said = _IN_WORDS.sub("", said) or variable
    return said[:1].upper() + said[1:]


def uncertainties(path: str) -> list[str]:
    """What QGIS opens for each field of uncertainty that a reanalysis file holds beside the field itself; [] where it holds none."""
    dataset = _open(path)
    inside = [name for name, _ in dataset.GetSubDatasets()]
    if inside:
        return [name for name in inside if _statistic(_name_inside(name))]
    bands = range(2, dataset.RasterCount + 1) if "model_sha256" in dataset.GetMetadata() else ()
    return [f"vrt://{path}?bands={band}" for band in bands if _statistic(dataset.GetRasterBand(band).GetDescription())]


def _statistic(name: str) -> str:
    """ "sd" or a quantile such as "q05" from the name of a band or variable; "" where it is no field of uncertainty."""
    named, in_words = _STATISTIC.search(name), _IN_WORDS.match(name)
    if named:
        return named.group(1)
    if in_words:
        return f"q{int(in_words.group(2)):02d}" if in_words.group(2) else "sd"
    return ""


def _open(path: str) -> gdal.Dataset:
    """Open, whichever way of reporting errors someone in this QGIS has chosen for GDAL."""
    try:
        dataset = gdal.Open(path)
    except RuntimeError as error:
        raise UnreadableFile(str(error)) from error
    if dataset is None:
        raise UnreadableFile(gdal.GetLastErrorMsg() or path)
    return dataset


def _rank(subdataset: str) -> int:
    """Known variables first, PM2.5 before all."""
    name = _name_inside(subdataset)
    known = [variable for variable in _NAMES if _variable(name, {}) == variable]
    return list(_NAMES).index(known[0]) if known else len(_NAMES)


def _name_inside(subdataset: str) -> str:
    return subdataset.rsplit(":", 1)[-1].strip('"')


def _variable(name: str, tags: dict) -> str:
    for candidate in (tags.get("species", ""), name):
        for variable, names in _NAMES.items():
            if candidate.lower() in names:
                return variable
    return tags.get("species") or name


def _kind(dataset: gdal.Dataset, tags: dict) -> str:
    """A model makes a reanalysis, and names itself; gridded readings carry their number in the second band."""
    if "model_sha256" in tags or "NC_GLOBAL#model_sha256" in tags:
        return "reanalysis"
    counted = dataset.RasterCount == 2 and dataset.GetRasterBand(2).GetDescription() == "readings"
    return "readings" if counted else ""


def _days(dataset: gdal.Dataset, tags: dict) -> tuple[date, ...]:
    since = re.match(r"(days|hours) since (\d{4})-(\d{2})-(\d{2})", tags.get("time#units", ""))
    steps = [dataset.GetRasterBand(i + 1).GetMetadataItem("NETCDF_DIM_time") for i in range(dataset.RasterCount)]
    if since and all(steps):
        unit, first = since.group(1), datetime.combine(date(*map(int, since.groups()[1:])), time())
        moments = [first + timedelta(**{unit: float(step)}) for step in steps]
        hourly = len(moments) > 1 and min(b - a for a, b in zip(moments, moments[1:])) < timedelta(days=1)
        return tuple(moments if hourly else (moment.date() for moment in moments))
    if "time" in tags:
        return (datetime.fromisoformat(tags["time"]),)
    text = tags.get("date") or tags.get("NC_GLOBAL#date") or ""
    return (date.fromisoformat(text),) if text else ()
