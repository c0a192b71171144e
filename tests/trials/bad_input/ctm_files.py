"""CTM files: bytes changed, cut, lengths wrong; attributes, values and times changed; sizes that no memory holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np

from trials.case import Case
from trials.mutate import damaged

NONSENSE = (
    np.nan,
    np.inf,
    -np.inf,
    0,
    -1,
    1e300,
    -1e300,
    1e20,
    2**31 - 1,
    -(2**31),
    "",
    "x" * 3000,
    "km",
    "degrees",
    "hours since yesterday",
    "µ",
    "%s",
    "latitude",
    "projection_x_coordinate",
    "grid_latitude",
    "Z",
    "up",
    "rotated_latitude_longitude",
    "months since 2000-01-01",
    "hours since 0000-00-00",
    "seconds since 1e9",
    "days since 9999-12-31",
    "days since 2019-01-05 25:00",
    "noleap",
    "360_day",
    "ug m-3 kg",
    "ppb",
    "K",
    "lambert_conformal_conic",
    "polar_stereographic",
    "..",
    "crs",
    "nowhere",
    "PM25",
    "kg m-3",
    "1e99 m",
    "+proj=lcc +R=1",
)
ARRAYS = ([1.0, np.nan], [], [0, 0], [1e300, -1e300], [90, 90], [-25, 25], list(range(200)))
NAMES = (
    "units",
    "standard_name",
    "grid_mapping",
    "positive",
    "axis",
    "coordinates",
    "bounds",
    "calendar",
    "formula_terms",
    "scale_factor",
    "add_offset",
    "valid_range",
    "valid_min",
    "missing_value",
    "GDTYP",
    "NCOLS",
    "XCELL",
    "XORIG",
    "MAP_PROJ",
    "DX",
    "TRUELAT1",
    "STAND_LON",
    "crs_wkt",
    "spatial_ref",
    "grid_mapping_name",
    "standard_parallel",
    "earth_radius",
    "SDATE",
    "TSTEP",
    "STIME",
    "proj4",
)


def bytes_changed(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """Bytes anywhere, more often in the header."""
    source = _one_of(number, world)
    content, way = damaged(source.read_bytes(), random, int(random.choice([64, 1500, 4000])) if random.random() < 0.75 else None)
    (folder / "file.nc").write_bytes(content)
    return Case("ctm", {"file": "{case}/file.nc"}, f"{source.name}: {way}")


def contents_changed(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """Attributes, values and times."""
    source, target = _one_of(number, world), folder / "file.nc"
    shutil.copyfile(source, target)
    done = []
    with netCDF4.Dataset(target, "a") as file:
        file.set_auto_maskandscale(False)
        for _ in range(int(random.integers(1, 5))):
            what = _attribute if random.random() < 0.6 else _values
            done.append(what(file, random))
    return Case("ctm", {"file": "{case}/file.nc"}, f"{source.name}: {'; '.join(done)}")


def sizes_claimed(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """Dimensions that claim up to terabytes, thousands of variables, none at all; arrays without cells."""
    target = folder / "file.nc"
    if number % 25 == 24:
        return Case("ctm", {"file": "{world}/ctm/many.nc"}, "thousands of variables")
    if random.random() < 0.4:  # the number of a dimension in a classic header
        source = world / "ctm" / f"{random.choice(['ioapi', 'wrf', 'cf', 'lambert'])}_{random.choice(['classic', 'offset', 'data'])}.nc"
        data = bytearray(source.read_bytes())
        wide = 8 if data[3] == 5 else 4
        at = 4 if random.random() < 0.3 else int(random.integers(4, 200)) // 4 * 4
        size = int(random.choice([0, 1, 13, 2**16, 2**20, 2**31 - 1, 2**32 - 1, 2**40, 2**62]))
        data[at : at + wide] = (size % 2 ** (8 * wide)).to_bytes(wide, "big")
        target.write_bytes(bytes(data))
        return Case("ctm", {"file": "{case}/file.nc"}, f"{source.name}: {size} at byte {at}")
    sizes = [int(random.choice([0, 1, 2, 50, 1000, 10**5, 10**6, 10**7, 10**9])) for _ in range(3)]
    with netCDF4.Dataset(target, "w") as file:
        for name, size in zip(("time", "lat", "lon"), sizes):
            file.createDimension(name, size or None)
        for name, unit in (("lat", "degrees_north"), ("lon", "degrees_east"), ("time", "hours since 2019-01-05")):
            if random.random() < 0.8:
                axis = file.createVariable(
                    name, "f8", (name,), chunksizes=(min(max(sizes["time lat lon".split().index(name)], 1), 1000),), fill_value=False
                )
                axis.units = unit
                if 1 < len(axis) <= 10**5:
                    axis[:] = np.linspace(0, 60, len(axis))
        chunk = tuple(min(max(size, 1), 50) for size in sizes)
        for name in ("PM25", "RH")[: int(random.integers(0, 3))]:
            file.createVariable(name, "f4", ("time", "lat", "lon"), chunksizes=chunk).units = "ug m-3"
        if random.random() < 0.2:
            file.createVariable("PM25_text", str, ("time",))
    return Case("ctm", {"file": "{case}/file.nc"}, f"dimensions of {sizes}")


def _one_of(number: int, world: Path) -> Path:
    files = [path for path in sorted((world / "ctm").glob("*.nc")) if path.stem != "many"]
    return files[number % len(files)]


def _attribute(file: netCDF4.Dataset, random: np.random.Generator) -> str:
    places = [file, *file.variables.values()]
    place = places[0] if random.random() < 0.3 else places[int(random.integers(len(places)))]
    there = [name for name in place.ncattrs() if name != "_FillValue"]
    name = str(random.choice(there)) if there and random.random() < 0.7 else str(random.choice(NAMES))
    value = ARRAYS[int(random.integers(len(ARRAYS)))] if random.random() < 0.15 else NONSENSE[int(random.integers(len(NONSENSE)))]
    where = f"{getattr(place, 'name', 'file')}:{name}"
    try:
        if name in there and random.random() < 0.25:
            place.delncattr(name)
            return f"{where} taken away"
        place.setncattr(name, np.array(value, float) if isinstance(value, list) else value)
        return f"{where} = {str(value)[:40]!r}"
    except (TypeError, ValueError, RuntimeError, AttributeError, OSError) as error:
        return f"{where}: {type(error).__name__}"  # the format can't hold it


def _values(file: netCDF4.Dataset, random: np.random.Generator) -> str:
    name = str(random.choice(sorted(file.variables)))
    variable = file[name]
    if not variable.size or not variable.ndim:
        return f"{name} is empty"
    values = np.ma.getdata(variable[:]).copy()
    flat = values.reshape(-1)
    some = random.integers(0, flat.size, int(random.integers(1, 20)))
    way = str(random.choice(["absurd", "constant", "shuffled", "backwards", "random", "all absurd"]))
    if flat.dtype.kind in "SU":
        flat[some] = b"?" if flat.dtype.kind == "S" else "?"
    elif way in ("absurd", "all absurd"):
        absurd = random.choice([np.nan, np.inf, -np.inf, 1e30, -1e30, 1e10, -1, 0, 9.96921e36, 1e38, 32767])
        with np.errstate(all="ignore"):
            flat[some if way == "absurd" else slice(None)] = np.array(absurd).astype(flat.dtype)
    elif way == "constant":
        flat[:] = flat[0]
    elif way == "shuffled":
        random.shuffle(flat)
    elif way == "backwards":
        flat[:] = flat[::-1].copy()
    else:
        flat[:] = np.frombuffer(random.bytes(flat.nbytes), flat.dtype)
    try:
        variable[:] = values
    except (RuntimeError, ValueError, OSError, OverflowError) as error:
        return f"{name}: {type(error).__name__}"
    return f"values of {name}: {way}"
